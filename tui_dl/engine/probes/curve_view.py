"""The view of a regression over one input: data and fitted curve in the data's own units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

import torch

from tui_dl.engine.probes.view import View, evenly_chosen
from tui_dl.wire.snapshots import CurveView

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from tui_dl.components.data import DataSplits, Split

GRID_POINTS: Final = 161
POINTS: Final = 400
"""Points of a split that are sent at most, evenly chosen."""


@final
class CurveOfFit(View):
    """Inputs (N, 1) or of any shape with one number, targets (N, 1)."""

    def __init__(self, splits: DataSplits, device: torch.device) -> None:
        self._train = _points(splits, splits.train)
        self._validation = _points(splits, splits.validation)
        ends = x_range(splits)
        raw = torch.linspace(*ends, GRID_POINTS, dtype=torch.float64).float()
        self._grid_x = tuple(raw.tolist())
        self._grid = splits.scaling.apply(raw.reshape(-1, *splits.input_shape)).to(device)
        self._outputs: Tensor | None = None

    def look(self, answer: Callable[[Tensor], Tensor]) -> None:
        """Ask for the fit over the grid."""
        self._outputs = answer(self._grid)

    def reading(self) -> CurveView:
        """Points and curve."""
        assert self._outputs is not None, "look first"
        grid_y = tuple(self._outputs.reshape(-1).tolist())
        return CurveView(*self._train, *self._validation, self._grid_x, grid_y)


def x_range(splits: DataSplits) -> tuple[float, float]:
    """Smallest and largest input of both splits in the data's own units."""
    raw = [splits.scaling.invert(split.inputs) for split in (splits.train, splits.validation)]
    every = torch.cat([inputs.reshape(-1) for inputs in raw]).double()
    low, high = torch.stack([every.min(), every.max()]).tolist()
    return low, high


def _points(splits: DataSplits, split: Split) -> tuple[tuple[float, ...], tuple[float, ...]]:
    chosen = evenly_chosen(len(split), POINTS)
    x = splits.scaling.invert(split.inputs)[chosen]
    return tuple(x.reshape(-1).tolist()), tuple(split.targets[chosen].reshape(-1).tolist())
