"""Histograms: a widget with bars, counts, zeros and non-finite values, and a tiny one for a table's cell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt
from rich.cells import cell_len
from rich.style import Style

from tui_dl.history.arrays import FloatArray
from tui_dl.ui.plots.canvas import Canvas
from tui_dl.ui.plots.canvas_widget import CanvasWidget
from tui_dl.ui.plots.glyph import FULL, Glyphs, bar_codes, sparkline
from tui_dl.ui.plots.line_labels import draw_centred, draw_frame
from tui_dl.ui.plots.roles import Role, line_style, style_table
from tui_dl.ui.plots.scales import format_value, linear_ticks
from tui_dl.ui.theme import Palette

LEAST_WIDTH = 16
LEAST_HEIGHT = 4
_GUTTER_FROM_WIDTH = 34
_GUTTER_CELLS = 6


@final
@dataclass(frozen=True, slots=True)
class HistogramData:
    """Counts over equal bins of [low, high]; `total` counts all values, the others some."""

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


def tiny_histogram(counts: Sequence[int] | npt.NDArray[np.int64], width: int, glyphs: Glyphs = FULL) -> str:
    """A histogram in one row; heights go with the square root of the counts, so that tails can be seen."""
    share = rebinned(np.asarray(counts, dtype=np.float64), width)
    return sparkline(np.sqrt(share), width, glyphs, from_zero=True) if share.any() else " " * width


def rebinned(counts: FloatArray, columns: int) -> FloatArray:
    """Counts over `columns` equal bins of the same range; their sum stays."""
    if not counts.size or columns < 1:
        return np.zeros(max(columns, 0))
    climbing = np.concatenate([[0.0], np.cumsum(counts)])
    edges = np.linspace(0, counts.size, columns + 1)
    return np.diff(np.interp(edges, np.arange(counts.size + 1), climbing))


class HistogramPlot(CanvasWidget):
    """One histogram with its range, how many values it is made of, how many are zero and not finite."""

    def __init__(
        self,
        data: HistogramData | None = None,
        *,
        glyphs: Glyphs | None = None,
        palette: Palette | None = None,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(glyphs=glyphs, palette=palette, name=name, id=id, classes=classes)
        self._data = data or HistogramData("")

    @property
    def data(self) -> HistogramData:
        """What is shown."""
        return self._data

    def set_data(self, data: HistogramData) -> int:
        """Show other data; returns the number of rows that changed on the screen."""
        self._data = data
        return self.repaint()

    def style_table(self) -> Sequence[Style]:
        return style_table(self.component_style, self.palette)

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
        odd = _what_is_odd(data)
        if odd:
            style = Role.ALERT if data.nonfinite else Role.AXIS
            canvas.write_right(width - 2, 1, odd[: width - 4], style)
        return canvas


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
    counts = rebinned(np.array(data.counts, dtype=np.float64), columns)
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


def _what_is_odd(data: HistogramData) -> str:
    parts = []
    if data.nonfinite:
        parts.append(f"{data.nonfinite} not finite")
    if data.zeros and data.total:
        parts.append(f"{100 * data.zeros / data.total:.0f} % zeros")
    if data.total and not parts:
        parts.append(f"n {format_value(data.total, 3)}" if data.total >= 1000 else f"n {data.total}")
    return ", ".join(parts)
