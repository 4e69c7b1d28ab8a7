"""What a plot asks of the history: minimum, maximum and mean of a series per column of the drawing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tui_dl.history.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A series reduced to columns; column i covers steps in [edges[i], edges[i + 1]).

    `low` and `high` are NaN and `total` is 0 where no finite value lies. `count` counts the finite values,
    `gaps` those that are not finite. Shapes: edges (columns + 1,), all others (columns,).
    """

    edges: FloatArray
    low: FloatArray
    high: FloatArray
    total: FloatArray
    count: IntArray
    gaps: IntArray

    @property
    def columns(self) -> int:
        """The number of columns."""
        return int(self.count.size)

    @property
    def centres(self) -> FloatArray:
        """The middle of each column, in steps."""
        return (self.edges[:-1] + self.edges[1:]) / 2

    @property
    def mean(self) -> FloatArray:
        """The mean of the finite values of each column, NaN where there are none; within [low, high]."""
        with np.errstate(all="ignore"):
            mean = self.total / self.count
            # A sum of huge values overflows although every value is finite: the middle stands in for it.
            mean = np.where(np.isfinite(mean), mean, self.low / 2 + self.high / 2)
        return np.clip(mean, self.low, self.high)

    @classmethod
    def empty(cls, edges: FloatArray) -> "Window":
        """A window in which nothing lies."""
        columns = edges.size - 1
        nothing = np.full(columns, np.nan)
        zero = np.zeros(columns, dtype=np.int64)
        return cls(edges, nothing, nothing.copy(), np.zeros(columns), zero, zero.copy())


def column_edges(x_min: float, x_max: float, columns: int) -> FloatArray:
    """Edges of `columns` equal columns such that the steps x_min and x_max both lie inside.

    Steps are whole numbers, so the last edge is half a step beyond x_max.
    """
    if columns < 1:
        raise ValueError(f"a window needs at least 1 column, got {columns}")
    return np.linspace(x_min, max(x_max, x_min) + 0.5, columns + 1)


def reduce_points(steps: IntArray, values: FloatArray, edges: FloatArray) -> "Window":
    """Reduce points, sorted by step, to the columns between `edges`."""
    finite = np.isfinite(values)
    return reduce_parts(
        steps,
        np.where(finite, values, np.inf),
        np.where(finite, values, -np.inf),
        np.where(finite, values, 0.0),
        finite.astype(np.int64),
        (~finite).astype(np.int64),
        edges,
    )


def reduce_parts(
    positions: FloatArray | IntArray,
    low: FloatArray,
    high: FloatArray,
    total: FloatArray,
    count: IntArray,
    gaps: IntArray,
    edges: FloatArray,
) -> "Window":
    """Reduce parts (points or buckets), each at one position and sorted by it, to the columns."""
    window = Window.empty(edges)
    starts = np.searchsorted(positions, edges, side="left")
    occupied = np.flatnonzero(starts[1:] > starts[:-1])
    if occupied.size == 0:
        return window
    first, end = starts[occupied], int(starts[-1])
    with np.errstate(over="ignore"):
        window.total[occupied] = np.add.reduceat(total[:end], first)
    window.count[occupied] = np.add.reduceat(count[:end], first)
    window.gaps[occupied] = np.add.reduceat(gaps[:end], first)
    window.low[occupied] = np.minimum.reduceat(low[:end], first)
    window.high[occupied] = np.maximum.reduceat(high[:end], first)
    _blank_unfilled(window)
    return window


def spread_parts(
    first: IntArray,
    end: IntArray,
    parts: tuple[FloatArray, FloatArray, FloatArray, IntArray, IntArray],
    edges: FloatArray,
) -> "Window":
    """Reduce parts wider than a column: column i takes the parts first[i] up to end[i], which may overlap."""
    window = Window.empty(edges)
    occupied = np.flatnonzero(end > first)
    if occupied.size == 0:
        return window
    low, high, total, count, gaps = parts
    pairs = np.empty(2 * occupied.size, dtype=np.int64)
    pairs[0::2], pairs[1::2] = first[occupied], end[occupied]
    # reduceat reads [pair, pair): one element beyond the last part keeps the final end a valid index.
    window.low[occupied] = np.minimum.reduceat(np.append(low, np.inf), pairs)[0::2]
    window.high[occupied] = np.maximum.reduceat(np.append(high, -np.inf), pairs)[0::2]
    with np.errstate(over="ignore"):
        window.total[occupied] = np.add.reduceat(np.append(total, 0.0), pairs)[0::2]
    window.count[occupied] = np.add.reduceat(np.append(count, 0), pairs)[0::2]
    window.gaps[occupied] = np.add.reduceat(np.append(gaps, 0), pairs)[0::2]
    _blank_unfilled(window)
    return window


def merge_windows(windows: Sequence[Window], edges: FloatArray) -> "Window":
    """Join windows over the same columns into one that covers what any of them does."""
    if len(windows) == 1:
        return windows[0]
    merged = Window.empty(edges)
    for window in windows:
        np.fmin(merged.low, window.low, out=merged.low)
        np.fmax(merged.high, window.high, out=merged.high)
        with np.errstate(over="ignore", invalid="ignore"):
            np.add(merged.total, window.total, out=merged.total)
        np.add(merged.count, window.count, out=merged.count)
        np.add(merged.gaps, window.gaps, out=merged.gaps)
    return merged


def replace_columns(base: Window, other: Window, first_column: int) -> "Window":
    """`base` with the columns from `first_column` on taken from `other`."""
    parts = [
        np.concatenate([ours[:first_column], theirs[first_column:]])
        for ours, theirs in (
            (base.low, other.low),
            (base.high, other.high),
            (base.total, other.total),
        )
    ]
    count = np.concatenate([base.count[:first_column], other.count[first_column:]])
    gaps = np.concatenate([base.gaps[:first_column], other.gaps[first_column:]])
    return Window(base.edges, parts[0], parts[1], parts[2], count, gaps)


def _blank_unfilled(window: Window) -> None:
    nothing = window.count == 0
    window.low[nothing] = np.nan
    window.high[nothing] = np.nan
    window.total[nothing] = 0.0
