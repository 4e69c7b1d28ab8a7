"""A line through places as dots on a raster, cut off at its edges; pure numpy."""

from typing import Final

import numpy as np

from tui_dl.history.arrays import BoolArray, FloatArray, IntArray

FARTHEST: Final = 1e9
"""So many times the raster's size away a line's way through it can't be told exactly any more."""


def path_dots(xs: FloatArray, ys: FloatArray, rows: int, columns: int) -> BoolArray:
    """The dots (rows, columns) of a line through places, row 0 at the top; without holes.

    Args:
        xs: (n,) as shares from the left edge, 0 to 1 inside; what is not finite, or all too far, is a gap.
        ys: (n,) as shares from the top edge.
        rows: of the raster.
        columns: of it.
    """
    dots = np.zeros((rows, columns), dtype=np.bool_)
    if not xs.size:
        return dots
    places = np.stack([xs, ys])
    places = np.where(np.abs(places) <= FARTHEST, places, np.nan) * np.array([[columns], [rows]])
    # Beside the lines each place by itself: between two gaps it has no line.
    first = np.concatenate([places[:, :-1], places], axis=1)
    last = np.concatenate([places[:, 1:], places], axis=1)
    starts, ends = _inside(first, last, columns, rows)
    # Two to a dot: with one, rounding leaves out a dot now and then.
    counts = 2 * np.ceil(np.abs(ends - starts).max(axis=0)).astype(np.int64) + 1
    owner = np.repeat(np.arange(counts.size), counts)
    place = np.arange(owner.size) - np.repeat(np.cumsum(counts) - counts, counts)
    share = place / np.maximum(counts[owner] - 1, 1)
    at = starts[:, owner] + share * (ends - starts)[:, owner]
    dots[_cell(at[1], rows), _cell(at[0], columns)] = True
    return dots


def _inside(first: FloatArray, last: FloatArray, columns: int, rows: int) -> tuple[FloatArray, FloatArray]:
    """Both ends (2, m) of the parts of lines that lie inside; Liang and Barsky (1984)."""
    known = np.isfinite(first).all(axis=0) & np.isfinite(last).all(axis=0)
    first, last = first[:, known], last[:, known]
    size = np.array([[columns], [rows]], dtype=np.float64)
    way = last - first
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        low, high = -first / way, (size - first) / way
    enter, leave = np.minimum(low, high), np.maximum(low, high)
    # Along an edge it is inside for ever or never.
    level = way == 0
    within = (first >= 0) & (first <= size)
    enter = np.where(level, np.where(within, -np.inf, np.inf), enter)
    leave = np.where(level, np.where(within, np.inf, -np.inf), leave)
    begin, end = np.clip(enter.max(axis=0), 0, None), np.clip(leave.min(axis=0), None, 1)
    seen = (begin <= end) & np.isfinite(way).all(axis=0)
    first, way, begin, end = first[:, seen], way[:, seen], begin[seen], end[seen]
    return first + begin * way, first + end * way


def _cell(places: FloatArray, cells: int) -> IntArray:
    return np.clip(np.floor(places), 0, cells - 1).astype(np.int64)
