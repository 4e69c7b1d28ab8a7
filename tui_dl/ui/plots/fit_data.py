"""What a fit is drawn of: the points of both splits, the curve through them, and their residuals."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, final

import numpy as np

from tui_dl.history.arrays import BoolArray, FloatArray

_EMPTY: Final = np.zeros(0)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """A split's points: x, y and residuals, all (n,); not finite where nothing can be drawn.

    `coverage` is the share of them within one predicted σ; None where the model predicts none.
    """

    x: FloatArray = field(default_factory=lambda: _EMPTY)
    y: FloatArray = field(default_factory=lambda: _EMPTY)
    residuals: FloatArray = field(default_factory=lambda: _EMPTY)
    rms: float | None = None
    coverage: float | None = None


@final
@dataclass(frozen=True, slots=True, eq=False)
class FitData:
    """All that the plot shows; `outliers` (n,) says which training points lie far from the fit.

    `grid_sigma` is the σ predicted at each of the grid's points, or empty.
    """

    grid_x: FloatArray = field(default_factory=lambda: _EMPTY)
    grid_y: FloatArray = field(default_factory=lambda: _EMPTY)
    train: Points = field(default_factory=Points)
    validation: Points = field(default_factory=Points)
    outliers: BoolArray = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    empty_text: str = "no data yet"
    grid_sigma: FloatArray = field(default_factory=lambda: _EMPTY)
    is_against_true: bool = False
    """x is the true value, y the predicted one, and the grid the line on which they agree."""

    @property
    def x_range(self) -> tuple[float, float]:
        """Where the data lie."""
        xs = np.concatenate([self.grid_x, self.train.x, self.validation.x])
        xs = xs[np.isfinite(xs)]
        if not xs.size:
            return 0.0, 1.0
        low, high = float(xs.min()), float(xs.max())
        margin = max(abs(low) * 1e-3, 0.5)
        return (low, high) if high - low > 1e-9 * max(abs(low), abs(high)) else (low - margin, high + margin)


def with_outliers(data: FitData, indices: Sequence[int]) -> FitData:
    """The same data with these training points marked as outliers."""
    marked = np.zeros(data.train.x.size, dtype=np.bool_)
    places = [index for index in indices if 0 <= index < marked.size]
    marked[places] = True
    return replace(data, outliers=marked)
