"""The view of a classification in the plane: which class the model sees where, and how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

import torch

from tui_dl.engine.probes.view import View, evenly_chosen
from tui_dl.wire.snapshots import RegionsView

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from tui_dl.components.data import DataSplits

COLUMNS: Final = 60
ROWS: Final = 40
MARGIN: Final = 0.05
"""Free space around the data, as a share of its extent."""
POINTS: Final = 400


@final
class RegionsOfClasses(View):
    """Inputs (N, 2); the grid is asked at the centres of its cells."""

    def __init__(self, splits: DataSplits, device: torch.device) -> None:
        raw = splits.scaling.invert(torch.cat([splits.train.inputs, splits.validation.inputs])).double().cpu()
        self._x_range, self._y_range = (_widened(raw[:, axis]) for axis in (0, 1))
        x, y = _centres(self._x_range, COLUMNS), _centres(self._y_range, ROWS).flip(0)
        cells = torch.stack([x.repeat(ROWS), y.repeat_interleave(COLUMNS)], 1).float().to(device)
        self._cells = splits.scaling.apply(cells)
        chosen = evenly_chosen(len(splits.train), POINTS)
        points = raw[: len(splits.train)][chosen]
        self._points_x, self._points_y = tuple(points[:, 0].tolist()), tuple(points[:, 1].tolist())
        self._points_class = tuple(splits.train.targets[chosen].tolist())
        self._seen: Tensor | None = None

    def look(self, answer: Callable[[Tensor], Tensor]) -> None:
        """Ask for class and probability of every cell."""
        confidence, classes = answer(self._cells).softmax(1).max(1)
        # A model that has diverged is sure of nothing.
        levels = confidence.nan_to_num(0.0).mul(255.0).round()
        self._seen = torch.stack([classes.to(torch.uint8), levels.to(torch.uint8)])

    def reading(self) -> RegionsView:
        """Cells and training points."""
        assert self._seen is not None, "look first"
        classes, confidence = self._seen.cpu().numpy()
        return RegionsView(
            x_range=self._x_range,
            y_range=self._y_range,
            columns=COLUMNS,
            rows=ROWS,
            classes=classes.tobytes(),
            confidence=confidence.tobytes(),
            points_x=self._points_x,
            points_y=self._points_y,
            points_class=self._points_class,
        )


def _widened(values: Tensor) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = (high - low) * MARGIN or 0.5
    return low - margin, high + margin


def _centres(ends: tuple[float, float], cells: int) -> Tensor:
    low, high = ends
    half = (high - low) / cells / 2
    return torch.linspace(low + half, high - half, cells, dtype=torch.float64)
