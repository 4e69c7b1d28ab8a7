"""Histograms over time as numbers: the value axis that shows them all, and each cell's shade. Pure numpy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from tui_dl.history.arrays import BoolArray, FloatArray, IntArray
from tui_dl.ui.lenses.histogram_history import Frame, counts_between
from tui_dl.ui.plots.axes import ValueAxis
from tui_dl.ui.plots.scales import Scale, backward, forward, symlog_threshold

# Ranges that differ by more than this are too unlike for one linear axis: the small ones would be a line.
_UNLIKE = 12.0
# How far a symlog axis reaches, both ways, from the reach of the median reading.
_LEAST, _MOST = 1e-6, 1e6


@final
@dataclass(frozen=True, slots=True)
class BinAxis:
    """The axis of values: its limits in the coordinates of its scale, and symlog's threshold."""

    limits: ValueAxis = ValueAxis()  # noqa: RUF009 - frozen
    scale: Scale = "linear"
    threshold: float = 1.0

    def showing(self, frames: Sequence[Frame]) -> "BinAxis":
        """The axis that shows these readings; itself while it does so well enough."""
        ranges = np.array(
            [(one.histogram.low, one.histogram.high) for one in frames if any(one.histogram.counts)]
        ).reshape(-1, 2)
        if not ranges.size:
            return self
        low, high = float(ranges[:, 0].min()), float(ranges[:, 1].max())
        reach = np.abs(ranges).max(axis=1)
        small, middle, large = (float(one) for one in np.quantile(reach, (0.1, 0.5, 1.0)))
        if small <= 0 or large / small <= _UNLIKE:
            scale: Scale = "linear"
            threshold = 1.0
        else:
            scale = "symlog"
            # A few rows for the inside of the narrowest readings, the rest by decades; what lies further from
            # the usual reading than any axis could show stands in its last row, or is a line at zero.
            threshold = max(symlog_threshold(small) * 100, middle * _LEAST)
            low, high = max(low, -middle * _MOST), min(high, middle * _MOST)
        before = self.limits if (scale, threshold) == (self.scale, self.threshold) else ValueAxis()
        ends = forward(np.array([low, high]), scale, threshold)
        return BinAxis(before.fitting(float(ends[0]), float(ends[1]), scale), scale, threshold)

    def edges(self, rows: int) -> FloatArray:
        """The values between rows of equal height, ascending, (rows + 1,)."""
        positions = np.linspace(self.limits.low, self.limits.high, rows + 1)
        if self.scale == "linear":
            return positions
        return np.array([backward(float(one), self.scale, self.threshold) for one in positions])


@final
@dataclass(frozen=True, slots=True, eq=False)
class TimeMap:
    """Shades (rows, columns) from 0 to 1, row 0 at the top; NaN where no value lies.

    `nonfinite` (columns,) tells where a reading held something that is not finite.
    """

    shades: FloatArray
    nonfinite: BoolArray


def shown_frames(frames: Sequence[Frame], x_range: tuple[float, float], columns: int) -> IntArray:
    """Which reading each column shows: the last up to its right edge; -1 before the first, after the last."""
    edges = np.linspace(*x_range, columns + 1)
    steps = np.array([frame.step for frame in frames], dtype=np.float64)
    if not steps.size:
        return np.full(columns, -1)
    found = np.searchsorted(steps, edges[1:], side="right") - 1
    # The step at the very left has its column too.
    found[0] = max(found[0], int(np.searchsorted(steps, edges[0], side="right")) - 1)
    return np.where(edges[:-1] <= steps[-1], found, -1)


def time_map(
    frames: Sequence[Frame], x_range: tuple[float, float], axis: BinAxis, columns: int, rows: int
) -> TimeMap:
    """Readings as columns over steps.

    Each column is as bright as its own fullest bin allows, by the square root of the share, so that tails
    show and a reading of few values is as legible as one of many.
    """
    shades = np.full((rows, columns), np.nan)
    nonfinite = np.zeros(columns, dtype=np.bool_)
    which = shown_frames(frames, x_range, columns)
    edges = axis.edges(rows)
    for place in np.unique(which[which >= 0]).tolist():
        frame = frames[place]
        shares = counts_between(frame.histogram, edges)[::-1]
        here = which == place
        nonfinite[here] = frame.was_nonfinite
        if shares.any():
            shade = np.where(shares > 0, np.sqrt(shares / shares.max()), np.nan)
            shades[:, here] = shade[:, None]
    return TimeMap(shades, nonfinite)
