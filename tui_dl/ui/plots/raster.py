"""Numbers to dots: extremes per dot column, smoothing, lines, dashes. Pure numpy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, final

import numpy as np

from tui_dl.history.arrays import BoolArray, FloatArray, IntArray

Dash = Literal["solid", "dashed", "dotted", "points", "marked"]

_DASHES: dict[str, tuple[int, int]] = {"dashed": (6, 4), "dotted": (3, 1)}
# More known columns than this share of all and marks at the points would merge into a band.
_MARKED_UP_TO = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class DotColumns:
    """A series reduced to dot columns; all arrays (columns,). NaN where a column has no finite value.

    `broken` is true where only values that are not finite lie: no line crosses it.
    """

    low: FloatArray
    high: FloatArray
    mean: FloatArray
    broken: BoolArray

    def without_first(self, columns: int) -> "DotColumns":
        """The columns after the first so many."""
        if not columns:
            return self
        here = slice(columns, None)
        return DotColumns(self.low[here], self.high[here], self.mean[here], self.broken[here])

    @property
    def known(self) -> BoolArray:
        """Columns with a finite value."""
        return np.isfinite(self.mean)


@final
@dataclass(frozen=True, slots=True, eq=False)
class LineShape:
    """A line over dot columns in the scale's coordinates: arrays (columns,), as of `DotColumns`."""

    low: FloatArray
    high: FloatArray
    mean: FloatArray
    broken: BoolArray
    dash: Dash = "solid"


def dot_columns(
    xs: FloatArray,
    low: FloatArray,
    high: FloatArray,
    mean: FloatArray,
    broken: BoolArray,
    x_range: tuple[float, float],
    columns: int,
) -> DotColumns:
    """Points, or parts with extremes, ascending in x, reduced to the columns of [x_min, x_max].

    NaN values are skipped, infinite ones taken as missing. xs has shape (n,), so have the others.
    """
    nothing = np.full(columns, np.nan)
    result = DotColumns(nothing, nothing.copy(), nothing.copy(), np.zeros(columns, dtype=np.bool_))
    x_min, x_max = x_range
    if columns == 0 or xs.size == 0 or not x_max > x_min:
        return result
    starts = np.searchsorted(xs, even_edges(x_min, x_max, columns))
    occupied = np.flatnonzero(starts[1:] > starts[:-1])
    if occupied.size == 0:
        return result
    first, end = starts[occupied], int(starts[-1])
    if occupied.size == end - int(starts[0]):
        # Mostly the history was read for these very columns: each part is one.
        part = slice(int(starts[0]), end)
        finite = np.isfinite(mean[part])
        for target, values in ((result.low, low), (result.high, high), (result.mean, mean)):
            target[occupied] = np.where(finite, values[part], np.nan)
        result.broken[occupied] = broken[part] & ~finite
        return result
    finite = np.isfinite(mean[:end])
    with np.errstate(invalid="ignore", over="ignore"):
        count = np.add.reduceat(finite, first, dtype=np.int64)
        total = np.add.reduceat(np.where(finite, mean[:end], 0.0), first)
        result.low[occupied] = np.fmin.reduceat(np.where(finite, low[:end], np.nan), first)
        result.high[occupied] = np.fmax.reduceat(np.where(finite, high[:end], np.nan), first)
        middle = total / np.maximum(count, 1)
        # A sum of huge values overflows although each is finite.
        middle = np.where(np.isfinite(middle), middle, result.low[occupied] / 2 + result.high[occupied] / 2)
        middle = np.clip(middle, result.low[occupied], result.high[occupied])
        result.mean[occupied] = np.where(count > 0, middle, np.nan)
    result.broken[occupied] = np.logical_or.reduceat(broken[:end], first) & (count == 0)
    return result


@lru_cache(maxsize=64)
def even_edges(x_min: float, x_max: float, columns: int) -> FloatArray:
    """Edges (columns + 1,) of even columns, x_max itself in the last one; the same array each time."""
    edges = np.linspace(x_min, x_max, columns + 1)
    edges[-1] = np.nextafter(x_max, np.inf)
    edges.setflags(write=False)
    return edges


def lead_columns(time_constant: float, x_range: tuple[float, float], columns: int) -> int:
    """How many columns before a range an average needs, so that it does not depend on where a view begins."""
    x_min, x_max = x_range
    if time_constant <= 0 or x_min <= 0 or columns < 1 or not x_max > x_min:
        return 0
    spacing = (x_max - x_min) / columns
    return int(min(np.ceil(4 * time_constant / spacing), columns, np.floor(x_min / spacing)))


def smooth(values: FloatArray, spacing: float, time_constant: float) -> FloatArray:
    """Exponential moving average of evenly spaced values: weights exp(-age / time_constant), normalised.

    The normalisation makes the first value count in full instead of zero. A NaN stays NaN and lets the
    average fade meanwhile. `spacing` and `time_constant` are in the same unit.
    """
    if time_constant <= 0 or spacing <= 0 or values.size == 0:
        return values
    known = np.isfinite(values)
    fade = float(np.exp(-spacing / time_constant))
    total = np.where(known, values, 0.0)
    weight = known.astype(np.float64)
    # Doubling scan: after pass k each place holds the sum over 2^k places. No term grows, so none overflows,
    # which the textbook form (cumulative sum of x / fade^i) does.
    shift = 1
    while shift < values.size and fade > 0:
        total[shift:] = total[shift:] + fade * total[:-shift]
        weight[shift:] = weight[shift:] + fade * weight[:-shift]
        fade *= fade
        shift *= 2
    with np.errstate(invalid="ignore"):
        average = total / weight
    return np.where(known, average, np.nan)


def extent(parts: list[DotColumns]) -> tuple[float, float] | None:
    """The smallest and largest value of several series; None when nothing is finite."""
    # Unlike nanmin they give NaN, in silence, where there is nothing else.
    lows = [float(np.fmin.reduce(part.low, initial=np.nan)) for part in parts]
    highs = [float(np.fmax.reduce(part.high, initial=np.nan)) for part in parts]
    known = [(low, high) for low, high in zip(lows, highs, strict=True) if not math.isnan(low + high)]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None


def dot_rows(positions: FloatArray, low: float, high: float, rows: int) -> IntArray:
    """Dot rows, 0 at the top, of positions between the limits; -1 where there is none."""
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = (high - positions) / (high - low) * (rows - 1)
        # Half a dot of tolerance keeps a value on the limit visible in spite of rounding.
        inside = (scaled > -0.51) & (scaled < rows - 0.49)
    return np.where(inside, np.rint(np.where(inside, scaled, 0)), -1).astype(np.int64)


def draw_line(
    low: FloatArray,
    high: FloatArray,
    mean: FloatArray,
    broken: BoolArray,
    limits: tuple[float, float],
    rows: int,
    *,
    dash: Dash = "solid",
) -> BoolArray:
    """Dots (rows, columns) of a joined line through the columns, whose extremes it touches.

    Columns without data are bridged, unless a broken one lies between. Inputs are in the scale's coordinates.
    """
    dots: BoolArray = draw_lines([LineShape(low, high, mean, broken, dash)], limits, rows)[0]
    return dots


def draw_lines(lines: Sequence[LineShape], limits: tuple[float, float], rows: int) -> BoolArray:
    """Dots (lines, rows, columns) of several lines over the same columns, at little more than one's price."""
    bridged = [_bridged(line) for line in lines]
    lows, highs = np.stack([low for low, _ in bridged]), np.stack([high for _, high in bridged])
    top, bottom = _joined(*_spans(lows, highs, limits, rows))
    grid = np.arange(rows)[:, None]
    dots: BoolArray = (grid >= top[:, None, :]) & (grid <= bottom[:, None, :])
    for drawn, line in zip(dots, lines, strict=True):
        columns = line.mean.size
        if line.dash == "points":
            drawn[...] = _blobs(line.mean, limits, rows)
        elif line.dash in _DASHES:
            period, inked = _DASHES[line.dash]
            drawn &= np.arange(columns) % period < inked
        elif line.dash == "marked" and np.count_nonzero(np.isfinite(line.mean)) <= max(
            _MARKED_UP_TO * columns, 1
        ):
            drawn |= _blobs(line.mean, limits, rows)
    return dots


def thicken(dots: BoolArray) -> BoolArray:
    """The same one dot wider and higher: thin lines vanish at the back of a room."""
    thick = dots.copy()
    thick[1:] |= dots[:-1]
    thick[:, 1:] |= thick[:, :-1].copy()
    return thick


def _blobs(mean: FloatArray, limits: tuple[float, float], rows: int) -> BoolArray:
    dots = np.zeros((rows, mean.size), dtype=np.bool_)
    row = dot_rows(mean, *limits, rows)
    columns = np.flatnonzero(row >= 0)
    dots[row[columns], columns] = True
    return thicken(thicken(dots)) if rows > 8 else dots


def _bridged(line: LineShape) -> tuple[FloatArray, FloatArray]:
    """Low and high of each column; where nothing is known between two columns, the straight way over it."""
    low, high, mean, broken = line.low, line.high, line.mean, line.broken
    known = np.isfinite(mean)
    places = np.flatnonzero(known)
    if places.size < 2 or places.size == places[-1] - places[0] + 1:
        return np.where(known, low, np.nan), np.where(known, high, np.nan)
    columns = np.arange(mean.size)
    bridged = np.interp(columns, places, mean[places], left=np.nan, right=np.nan)
    if broken.any():
        # A column is cut off when something broken lies between its two known neighbours.
        breaks = np.cumsum(broken)
        after = np.minimum(np.searchsorted(places, columns), places.size - 1)
        before = np.maximum(after - 1, 0)
        bridged[breaks[places[after]] != breaks[places[before]]] = np.nan
    return np.where(known, low, bridged), np.where(known, high, bridged)


def _spans(
    low: FloatArray, high: FloatArray, limits: tuple[float, float], rows: int
) -> tuple[IntArray, IntArray]:
    """Top and bottom dot row (lines, columns) of each column, (1, 0) where nothing is to be drawn."""
    axis_low, axis_high = limits
    with np.errstate(invalid="ignore"):
        drawn = np.isfinite(low) & np.isfinite(high) & (low <= axis_high) & (high >= axis_low)
    cut_low, cut_high = (
        np.where(drawn, np.maximum(low, axis_low), 0),
        np.where(drawn, np.minimum(high, axis_high), 0),
    )
    scale = (rows - 1) / (axis_high - axis_low)
    top = np.rint(np.clip((axis_high - cut_high) * scale, 0, rows - 1)).astype(np.int64)
    bottom = np.rint(np.clip((axis_high - cut_low) * scale, 0, rows - 1)).astype(np.int64)
    return np.where(drawn, top, 1), np.where(drawn, bottom, 0)


def _joined(top: IntArray, bottom: IntArray) -> tuple[IntArray, IntArray]:
    """Extend neighbouring spans, of each line (lines, columns) apart, until they meet half way."""
    if top.shape[1] < 2:
        return top, bottom
    left_top, right_top, left_bottom, right_bottom = top[:, :-1], top[:, 1:], bottom[:, :-1], bottom[:, 1:]
    drawn = top <= bottom
    both = drawn[:, :-1] & drawn[:, 1:]
    falls = both & (right_top > left_bottom + 1)
    rises = both & (right_bottom < left_top - 1)
    down = (left_bottom + right_top) // 2
    up = (left_top + right_bottom) // 2
    new_top, new_bottom = top.copy(), bottom.copy()
    new_bottom[:, :-1] = np.where(falls, down, new_bottom[:, :-1])
    new_top[:, 1:] = np.where(falls, np.minimum(new_top[:, 1:], down + 1), new_top[:, 1:])
    new_top[:, :-1] = np.where(rises, np.minimum(new_top[:, :-1], up + 1), new_top[:, :-1])
    new_bottom[:, 1:] = np.where(rises, np.maximum(new_bottom[:, 1:], up), new_bottom[:, 1:])
    return new_top, new_bottom
