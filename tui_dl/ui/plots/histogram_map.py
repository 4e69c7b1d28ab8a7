"""Histograms over time: steps from left to right, values upwards, the brighter the more; axes and marks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from rich.cells import cell_len
from rich.style import Style

from tui_dl.ui.lenses.histogram_history import Frame
from tui_dl.ui.plots.axes import StepAxis
from tui_dl.ui.plots.canvas import Canvas
from tui_dl.ui.plots.data_canvas import DataCanvas
from tui_dl.ui.plots.line_labels import draw_centred, draw_frame
from tui_dl.ui.plots.plot_data import PlotMark
from tui_dl.ui.plots.roles import ROLE_CLASSES, Role
from tui_dl.ui.plots.scales import linear_ticks, value_ticks
from tui_dl.ui.plots.time_map import BinAxis, time_map

_LEVELS = {"truecolor": 16, "256": 8, "16": 5, "none": 8}
_LEAST_WIDTH, _LEAST_HEIGHT = 18, 5
_GUTTER = 7


@final
@dataclass(frozen=True, slots=True, eq=False)
class HistogramMapData:
    """Readings of one tensor, ascending by step, and the marks of changes on the same steps."""

    title: str
    frames: tuple[Frame, ...] = ()
    marks: tuple[PlotMark, ...] = ()
    empty_text: str = "no reading yet"


class HistogramMap(DataCanvas[HistogramMapData]):
    """A heat map of histograms over steps; ask for at most one frame a second of it, it is most to send."""

    NOTHING = HistogramMapData("")
    BLANKS_INHERIT: ClassVar[bool] = False

    _bins = BinAxis()
    _steps = StepAxis()

    def set_data(self, data: HistogramMapData) -> int:
        """Show other data; returns the number of rows that changed on the screen."""
        if data.title != self._data.title:
            self._bins, self._steps = BinAxis(), StepAxis()
        return super().set_data(data)

    def style_table(self) -> Sequence[Style]:
        """The roles, then a style for each pair of shades that can stand above each other in a cell."""
        levels = _LEVELS[self.palette.depth]
        colours = (None, *self.palette.magnitude(levels))
        pairs = [
            Style(color=None if above is below else above, bgcolor=below)
            for above in colours
            for below in colours
        ]
        return [*(self.component_style(ROLE_CLASSES[role]) for role in Role), *pairs]

    def draw(self, width: int, height: int) -> Canvas:
        canvas = Canvas(width, height)
        data = self._data
        if width < _LEAST_WIDTH or height < _LEAST_HEIGHT:
            canvas.write(0, 0, data.title, Role.TITLE)
            return canvas
        draw_frame(canvas, self.glyphs)
        end = canvas.write(2, 0, f" {data.title} ", Role.TITLE, room=width - 4)
        if not data.frames:
            draw_centred(canvas, data.empty_text, Role.AXIS)
            return canvas
        columns, rows = width - 2 - _GUTTER, height - 2
        first, last = data.frames[0].step, data.frames[-1].step
        self._steps = self._steps.reaching(max(last - first, 1))
        self._bins = self._bins.showing(data.frames)
        x_range = (float(first), first + self._steps.x_max)
        self._draw_shades(canvas, x_range, columns, rows)
        self._draw_values(canvas, rows)
        self._draw_steps(canvas, x_range, columns)
        self._draw_words(canvas, end)
        return canvas

    def _draw_shades(self, canvas: Canvas, x_range: tuple[float, float], columns: int, rows: int) -> None:
        x = 1 + _GUTTER
        halves = bool(self.glyphs.half_block) and self.palette.depth != "none"
        down = 2 if halves else 1
        shown = time_map(self._data.frames, x_range, self._bins, columns, rows * down)
        levels = _LEVELS[self.palette.depth]
        known = np.isfinite(shown.shades)
        shade = np.minimum((np.where(known, shown.shades, 0) * levels).astype(np.int64), levels - 1)
        pixels = np.where(known, shade + 1, 0)
        upper, lower = pixels[::down], pixels[down - 1 :: down]
        area = slice(1, 1 + rows), slice(x, x + columns)
        canvas.styles[area] = len(Role) + upper * (levels + 1) + lower
        if self.palette.depth == "none":
            shades = np.array([ord(one) for one in self.glyphs.shades], dtype=np.uint32)
            canvas.codes[area] = shades[np.minimum(upper * (shades.size - 1) // levels, shades.size - 1)]
            canvas.styles[area] = Role.AXIS
        elif halves:
            canvas.codes[area] = np.where(upper == lower, ord(" "), ord(self.glyphs.half_block))
        for mark in self._data.marks:
            cell = x + int((mark.x - x_range[0]) / (x_range[1] - x_range[0]) * columns)
            if x <= cell < x + columns and mark.x >= x_range[0]:
                canvas.write(cell, rows, "^" if not halves else "▴", Role.MARK_LABEL)
        for cell in np.flatnonzero(shown.nonfinite).tolist():
            canvas.write(x + cell, 1, "!", Role.ALERT)

    def _draw_values(self, canvas: Canvas, rows: int) -> None:
        low, high = self._bins.limits.low, self._bins.limits.high
        free_from = 0
        ticks = value_ticks(low, high, max(rows // 3, 2), self._bins.scale, self._bins.threshold)
        for tick in sorted(ticks, key=lambda one: -one.position):
            row = 1 + min(int((high - tick.position) / (high - low) * rows), rows - 1)
            if row >= free_from:
                canvas.write_right(_GUTTER, row, tick.label[: _GUTTER - 1], Role.AXIS)
                free_from = row + 2

    def _draw_steps(self, canvas: Canvas, x_range: tuple[float, float], columns: int) -> None:
        row, free_from = canvas.height - 1, 1
        low, high = x_range
        for tick in linear_ticks(low, high, max(columns // 12, 2), whole=True):
            text = f" {tick.label} "
            start = 1 + _GUTTER + round((tick.position - low) / (high - low) * columns) - len(text) // 2
            if start >= free_from and start + len(text) <= canvas.width - 7:
                free_from = canvas.write(start, row, text, Role.AXIS) + 1
        canvas.write_right(canvas.width - 1, row, " step ", Role.AXIS)

    def _draw_words(self, canvas: Canvas, start: int) -> None:
        frames = self._data.frames
        bad = sum(frame.was_nonfinite for frame in frames)
        right = canvas.width - 2
        if bad:
            for text in (f" ! not finite in {bad} of {len(frames)} ", " ! not finite ", " ! NaN "):
                if start + cell_len(text) <= right:
                    right = canvas.write_right(right, 0, text, Role.ALERT) - 1
                    break
        scale = self._bins.scale if self._bins.scale == "symlog" else ""
        words = f" {len(frames)} readings, brighter is more{f', {scale} axis' if scale else ''} "
        for text in (words, f" {scale} axis " if scale else "", f" {scale} " if scale else ""):
            if text and start + cell_len(text) <= right:
                canvas.write_right(right, 0, text, Role.AXIS)
                return
