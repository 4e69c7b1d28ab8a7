"""Histograms: a widget with bars, counts, zeros and non-finite values, and a tiny one for a table's cell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt
from rich.cells import cell_len

from tui_dl.history.arrays import FloatArray
from tui_dl.ui.plots.canvas import Canvas
from tui_dl.ui.plots.data_canvas import DataCanvas
from tui_dl.ui.plots.glyph import FULL, Glyphs, bar_codes, sparkline
from tui_dl.ui.plots.line_labels import draw_centred, draw_frame
from tui_dl.ui.plots.roles import Role, line_style
from tui_dl.ui.plots.scales import format_value, linear_ticks
from tui_dl.wire.snapshots import Histogram

LEAST_WIDTH = 16
LEAST_HEIGHT = 4
_GUTTER_FROM_WIDTH = 34
_GUTTER_CELLS = 6


@final
@dataclass(frozen=True, slots=True)
class HistogramData:
    """Counts over equal bins of [low, high]; `total` counts all values, the others some.

    `below` and `above` of the values lie outside of the range, as far as `lowest` and `highest`; they are in
    the counts of the end bins too.
    """

    title: str
    counts: tuple[int, ...] = ()
    low: float = 0.0
    high: float = 0.0
    total: int = 0
    zeros: int = 0
    nonfinite: int = 0
    mean: float | None = None
    std: float | None = None
    colour: int = 0
    empty_text: str = "no data yet"
    below: int = 0
    above: int = 0
    lowest: float | None = None
    highest: float | None = None
    note: str = ""


def tiny_histogram(counts: Sequence[int] | npt.NDArray[np.int64], width: int, glyphs: Glyphs = FULL) -> str:
    """A histogram in one row; heights go with the square root of the counts, so that tails can be seen."""
    share = rebinned(np.asarray(counts, dtype=np.float64), width)
    return sparkline(np.sqrt(share), width, glyphs, from_zero=True) if share.any() else " " * width


def tiny_cell(found: Histogram, style: str, width: int) -> tuple[str, str]:
    """A histogram in a table's cell, with the name of its style: a word where something is not finite."""
    if found.nonfinite:
        words = "all NaN" if found.nonfinite >= found.total else f"NaN {found.nonfinite}"
        return (words if len(words) <= width else "NaN").ljust(width), "bad"
    return tiny_histogram(found.counts, width), style


def rebinned(counts: FloatArray, columns: int) -> FloatArray:
    """Counts over `columns` equal bins of the same range; their sum stays."""
    if not counts.size or columns < 1:
        return np.zeros(max(columns, 0))
    climbing = np.concatenate([[0.0], np.cumsum(counts)])
    edges = np.linspace(0, counts.size, columns + 1)
    return np.diff(np.interp(edges, np.arange(counts.size + 1), climbing))


class HistogramPlot(DataCanvas[HistogramData]):
    """One histogram with its range, how many values it is made of, how many are zero and not finite."""

    NOTHING = HistogramData("")

    def draw(self, width: int, height: int) -> Canvas:
        canvas = Canvas(width, height)
        data = self._data
        if width < LEAST_WIDTH or height < LEAST_HEIGHT:
            tiny = tiny_histogram(data.counts, width, self.glyphs)
            canvas.write(0, 0, data.title if height > 1 else tiny, Role.TITLE if height > 1 else Role.AXIS)
            canvas.write(0, 1, tiny, line_style(data.colour, "line"))
            return canvas
        draw_frame(canvas, self.glyphs)
        end = canvas.write(2, 0, f" {data.title} ", Role.TITLE, room=width - 4)
        if not any(data.counts):
            draw_centred(canvas, _what_is_odd(data) or data.empty_text, Role.AXIS)
            return canvas
        _draw_spread(canvas, end + 1, data)
        _draw_bars(canvas, data, self.glyphs)
        _draw_words(canvas, data)
        return canvas


def _draw_words(canvas: Canvas, data: HistogramData) -> None:
    """Right-aligned in the first rows: what is odd, and what lies outside of the axis."""
    width = canvas.width
    odd = _what_is_odd(data)
    if odd:
        canvas.write_right(width - 2, 1, odd[: width - 4], Role.ALERT if data.nonfinite else Role.AXIS)
    outside = _what_is_outside(data)
    if outside and canvas.height > LEAST_HEIGHT + 1:
        canvas.write_right(width - 2, 2, outside[: width - 4], Role.MARK_LABEL)
    if data.note and canvas.height > LEAST_HEIGHT + 2:
        canvas.write_right(width - 2, 3 if outside else 2, data.note[: width - 4], Role.AXIS)


def _draw_spread(canvas: Canvas, x: int, data: HistogramData) -> None:
    if data.mean is None or data.std is None:
        return
    # Not the sign ±, which some terminals draw two cells wide: that would break the border.
    text = f" {format_value(data.mean, 3)} +- {format_value(data.std, 3)} "
    if x + cell_len(text) <= canvas.width - 2:
        canvas.write(x, 0, text, line_style(data.colour, "value"))


def _draw_bars(canvas: Canvas, data: HistogramData, glyphs: Glyphs) -> None:
    gutter = _GUTTER_CELLS if canvas.width >= _GUTTER_FROM_WIDTH else 1
    x, columns, rows = 1 + gutter, canvas.width - 2 - gutter, canvas.height - 2
    inside = np.array(data.counts, dtype=np.float64)
    # What lies outside has a bar of its own at the side, one cell away, on the same scale.
    inside[0] -= min(data.below, inside[0])
    inside[-1] -= min(data.above, inside[-1])
    sides = [data.below > 0, data.above > 0]
    if columns >= 12 and any(sides) and inside.any():
        largest_bin = float(inside.max()) * max(len(inside) / columns, 1.0)
        heights = np.array([data.below, data.above]) / max(largest_bin, data.below, data.above) * rows
        bars = bar_codes(heights, rows, glyphs)
        for side, at in ((0, x), (1, x + columns - 1)):
            if sides[side]:
                canvas.blit(at, 1, bars[:, side : side + 1], Role.MARK_LABEL)
        x, columns = x + 2 * sides[0], columns - 2 * sum(sides)
    counts = rebinned(inside if inside.any() else np.array(data.counts, dtype=np.float64), columns)
    # Each column stands for a share of a bin: the axis counts whole bins, as the data do.
    per_column = max(columns / len(data.counts), 1.0)
    largest = float(counts.max())
    codes = bar_codes(counts / largest * rows, rows, glyphs)
    canvas.blit(x, 1, codes, line_style(data.colour, "line"))
    if gutter == _GUTTER_CELLS:
        canvas.write_right(x - 1, 1, format_value(round(largest * per_column), 3), Role.AXIS)
        canvas.write_right(x - 1, rows, "0", Role.AXIS)
    _draw_range(canvas, data, x, columns)


def _draw_range(canvas: Canvas, data: HistogramData, x: int, columns: int) -> None:
    row, free_from = canvas.height - 1, x
    span = data.high - data.low
    if not (np.isfinite(span) and span > 0):
        canvas.write(x, row, f" {format_value(data.low, 3)} ", Role.AXIS)
        return
    for tick in linear_ticks(data.low, data.high, max(columns // 9, 2)):
        text = f" {tick.label} "
        start = x + round((tick.position - data.low) / span * columns) - len(text) // 2
        start = max(start, 1)
        if start >= free_from - 1 and start + len(text) <= canvas.width - 1:
            free_from = canvas.write(start, row, text, Role.AXIS) + 1


def _what_is_outside(data: HistogramData) -> str:
    """Which values the axis leaves out, in words: the range follows most of them."""
    parts = []
    if data.below:
        least = "" if data.lowest is None else f" down to {format_value(data.lowest, 2)}"
        parts.append(f"{data.below} below{least}")
    if data.above:
        most = "" if data.highest is None else f" up to {format_value(data.highest, 2)}"
        parts.append(f"{data.above} above{most}")
    return f"off the axis: {', '.join(parts)}" if parts else ""


def _what_is_odd(data: HistogramData) -> str:
    parts = []
    if data.nonfinite:
        parts.append(f"{data.nonfinite} not finite")
    if data.zeros and data.total:
        parts.append(f"{100 * data.zeros / data.total:.0f} % zeros")
    if data.total:
        parts.append(f"n {format_value(data.total, 3)}" if data.total >= 1000 else f"n {data.total}")
    return ", ".join(parts)
