"""The view of a regression over one input: data, fitted curve and residuals in the data's own units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

import numpy as np
import torch

from tui_dl.components.heads import means, variances
from tui_dl.engine.probes.view import View, Wish, evenly_chosen
from tui_dl.spec.heads import VALUE
from tui_dl.wire.snapshots import CurveView

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

    from tui_dl.components.data import DataSplits
    from tui_dl.spec.heads import Head

GRID_POINTS: Final = 161
POINTS: Final = 400
"""Points of a split that are sent at most, evenly chosen."""
FAR: Final = 3.5
"""Robust standard deviations from the median residual beyond which a point is an outlier."""
TO_DEVIATION: Final = 1.4826
"""Median absolute deviation to standard deviation, for normal noise (Hampel, 1974)."""


@final
class CurveOfFit(View):
    """Inputs (N, 1) or of any shape with one number, targets (N, 1)."""

    def __init__(self, splits: DataSplits, device: torch.device) -> None:
        chosen = [evenly_chosen(len(split), POINTS) for split in (splits.train, splits.validation)]
        inputs = [
            split.inputs[each] for split, each in zip((splits.train, splits.validation), chosen, strict=True)
        ]
        targets = [
            split.targets[each].reshape(-1).double().cpu().numpy()
            for split, each in zip((splits.train, splits.validation), chosen, strict=True)
        ]
        raw = [splits.scaling.invert(each).reshape(-1).double().cpu().numpy() for each in inputs]
        self._train_x, self._validation_x = raw
        self._train_y, self._validation_y = targets
        grid = torch.linspace(*x_range(splits), GRID_POINTS, dtype=torch.float64).float()
        self._grid_x = tuple(grid.tolist())
        cells = splits.scaling.apply(grid.reshape(-1, *splits.input_shape))
        self._asked = torch.cat([cells.to(device), *(each.to(device) for each in inputs)])
        self._outputs: Tensor | None = None
        self._head = VALUE

    def look(self, answer: Callable[[Tensor], Tensor], wish: Wish, head: Head | None = None) -> None:
        """Ask for the fit over the grid and at every point."""
        self._head, self._outputs = head or VALUE, answer(self._asked)

    def reading(self) -> CurveView:
        """Points, curve and residuals."""
        assert self._outputs is not None, "look first"
        outputs = self._outputs.reshape(len(self._asked), -1).double().cpu()
        grid_y, of_train, of_validation = self._parts(means(self._head, outputs))
        variance = variances(self._head, outputs)
        sigmas = None if variance is None else self._parts(variance.sqrt())
        train = self._train_y - of_train
        validation = self._validation_y - of_validation
        return CurveView(
            train_x=_plain(self._train_x),
            train_y=_plain(self._train_y),
            validation_x=_plain(self._validation_x),
            validation_y=_plain(self._validation_y),
            grid_x=self._grid_x,
            grid_y=_plain(grid_y),
            train_residuals=_plain(train),
            validation_residuals=_plain(validation),
            outliers=outliers(train if sigmas is None else train / sigmas[1]),
            train_rms=_rms(train),
            validation_rms=_rms(validation),
            grid_sigma=() if sigmas is None else _plain(sigmas[0]),
            train_coverage=None if sigmas is None else _covered(train, sigmas[1]),
            validation_coverage=None if sigmas is None else _covered(validation, sigmas[2]),
        )

    def _parts(self, values: Tensor) -> list[NDArray[np.float64]]:
        """Values (N, 1) of all that was asked: over the grid, of train, of validation."""
        flat: NDArray[np.float64] = values.reshape(-1).numpy()
        return np.split(flat, [GRID_POINTS, GRID_POINTS + len(self._train_x)])


def outliers(residuals: NDArray[np.float64]) -> tuple[int, ...]:
    """Which residuals lie far from their median, measured by the median distance from it.

    Of a model that predicts a σ they are to be given in units of it.

    Robust on purpose: by mean and standard deviation a few far points hide themselves. None among fewer than
    four points, nor where half of them agree exactly.
    """
    finite = np.isfinite(residuals)
    if finite.sum() < 4:
        return ()
    distances = np.abs(residuals - np.median(residuals[finite]))
    spread = TO_DEVIATION * float(np.median(distances[finite]))
    if spread <= 0:
        return ()
    return tuple(np.flatnonzero(finite & (distances > FAR * spread)).tolist())


def x_range(splits: DataSplits) -> tuple[float, float]:
    """Smallest and largest input of both splits in the data's own units."""
    raw = [splits.scaling.invert(split.inputs) for split in (splits.train, splits.validation)]
    every = torch.cat([inputs.reshape(-1) for inputs in raw]).double()
    low, high = torch.stack([every.min(), every.max()]).tolist()
    return low, high


def _rms(residuals: NDArray[np.float64]) -> float | None:
    if not residuals.size:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sqrt(np.mean(np.square(residuals))))


def _covered(residuals: NDArray[np.float64], sigma: NDArray[np.float64]) -> float | None:
    """Share of the points no farther than one σ from the mean; what is no number is not covered."""
    return float(np.mean(np.abs(residuals) <= sigma)) if residuals.size else None


def _plain(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(values.tolist())
