"""The line plot: curves over steps in a Textual widget, redrawn when its data change and only where."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from rich.style import Style
from textual.reactive import reactive

from tui_dl.ui.plots.axes import ValueAxis
from tui_dl.ui.plots.canvas import Canvas
from tui_dl.ui.plots.canvas_widget import CanvasWidget
from tui_dl.ui.plots.glyph import Glyphs, sparkline
from tui_dl.ui.plots.line_drawing import (
    LEAST_HEIGHT,
    LEAST_WIDTH,
    PlotView,
    draw_plot,
    plot_cells,
    reached_axis,
)
from tui_dl.ui.plots.line_labels import draw_numbers
from tui_dl.ui.plots.plot_data import PlotData
from tui_dl.ui.plots.roles import Role, line_style, style_table
from tui_dl.ui.plots.scales import Scale, format_value
from tui_dl.ui.theme import Palette


class LinePlot(CanvasWidget):
    """Curves with axes, numbers, marks and ghosts.

    Feed it with `set_data`; ask `view_range` and `data_columns` first, so that the history is read once for
    each column of dots. Too small for axes it becomes a number with a sparkline, then a number.
    """

    scale: reactive[Scale] = reactive("linear", repaint=False)
    is_thick: reactive[bool] = reactive(False, repaint=False)

    def __init__(
        self,
        data: PlotData | None = None,
        *,
        scale: Scale = "linear",
        is_thick: bool = False,
        glyphs: Glyphs | None = None,
        palette: Palette | None = None,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(glyphs=glyphs, palette=palette, name=name, id=id, classes=classes)
        self._data = data or PlotData("")
        self._view = PlotView(scale=scale, is_thick=is_thick)
        self.set_reactive(LinePlot.scale, scale)
        self.set_reactive(LinePlot.is_thick, is_thick)

    @property
    def data(self) -> PlotData:
        """What is shown."""
        return self._data

    def set_data(self, data: PlotData) -> int:
        """Show other data; returns the number of rows that changed on the screen, 0 if it looks the same."""
        if data.title != self._data.title:
            # Another quantity: the limits of the one before would squeeze it.
            self._view = replace(self._view, y_axis=ValueAxis())
        elif _is_resized(data.x_range, self._data.x_range):
            # Somebody looks closer, or at more: what is in sight now deserves all of the height.
            self._view = replace(self._view, y_axis=ValueAxis())
        self._data = data
        return self.repaint()

    @property
    def label_cells(self) -> int:
        """Cells left of the curves, for the labels of y."""
        return self._view.gutter

    def align(self, cells: int) -> None:
        """Leave at least so many cells for the labels of y: plots above each other then have one x axis."""
        if cells > self._view.gutter and self.content_size[0] - cells >= 2 * LEAST_WIDTH:
            self._view = replace(self._view, gutter=cells)

    @property
    def data_columns(self) -> int:
        """Columns of dots across the curves: how many columns of data to ask for."""
        width, height = self.content_size
        return plot_cells(width, height, self._view.gutter)[0] * self.glyphs.cell_dots[0]

    def view_range(self, last: float) -> tuple[float, float]:
        """The range of x that will be shown when the data end at `last`."""
        width, height = self.content_size
        columns, _ = plot_cells(width, height, self._view.gutter)
        return 0.0, reached_axis(self._view.x_axis, last, columns).x_max

    @property
    def curve_cells(self) -> int:
        """Columns of cells that the curves have."""
        return plot_cells(*self.content_size, self._view.gutter)[0]

    def x_at(self, cell: int) -> float | None:
        """The place on the x axis at the middle of a column of the widget; None beside the curves."""
        width, height = self.content_size
        shown = self._data.x_range
        column = cell - 1 - self._view.gutter
        if (
            shown is None
            or width < LEAST_WIDTH
            or height < LEAST_HEIGHT
            or not 0 <= column < self.curve_cells
        ):
            return None
        return shown[0] + (column + 0.5) / self.curve_cells * (shown[1] - shown[0])

    def draw(self, width: int, height: int) -> Canvas:
        if width < LEAST_WIDTH or height < LEAST_HEIGHT:
            return self._draw_small(width, height)
        canvas, self._view = draw_plot(self._data, self._view, width, height, self.glyphs)
        return canvas

    def style_table(self) -> Sequence[Style]:
        return style_table(self.component_style, self.palette)

    def rescale(self, scale: Scale) -> None:
        """Have what is drawn next in another scale."""
        if scale != self.scale:
            self.set_reactive(LinePlot.scale, scale)
            self._view = replace(self._view, scale=scale, y_axis=ValueAxis())

    def watch_scale(self, scale: Scale) -> None:
        self._view = replace(self._view, scale=scale, y_axis=ValueAxis())
        self.repaint()

    def watch_is_thick(self, is_thick: bool) -> None:
        self._view = replace(self._view, is_thick=is_thick)
        self.repaint()

    def _draw_small(self, width: int, height: int) -> Canvas:
        canvas = Canvas(width, height)
        shown = [series for series in self._data.series if not series.is_ghost and series.current is not None]
        if not shown:
            title = self._data.title if height > 1 else f"{self._data.title} {self._data.empty_text}"
            canvas.write(0, 0, title, Role.TITLE)
            canvas.write(0, 1, self._data.empty_text, Role.AXIS)
            return canvas
        first = shown[0]
        number = format_value(first.current or 0.0)
        if width < len(number) + 2:
            canvas.write(0, 0, number, line_style(first.colour, "value"))
            return canvas
        x = canvas.write(0, 0, self._data.title, Role.TITLE, room=width - len(number) - 1)
        x = canvas.write(x + 1, 0, number, line_style(first.colour, "value")) + 1
        if height == 1:
            self._spark(canvas, x, 0)
            return canvas
        for row, series in enumerate(shown[1 : height - 1], start=1):
            data = replace(self._data, series=(series,))
            end = canvas.write(0, row, series.label, line_style(series.colour, "line"), room=width - 10)
            draw_numbers(canvas, end, width + 1, row, data)
        self._spark(canvas, 0, height - 1)
        return canvas

    def _spark(self, canvas: Canvas, x: int, row: int) -> None:
        first = next(series for series in self._data.series if not series.is_ghost)
        values = np.where(first.broken, np.nan, first.mean)
        text = sparkline(values, canvas.width - x, self.glyphs)
        canvas.write(x, row, text, line_style(first.colour, "line"))


def _is_resized(present: tuple[float, float] | None, before: tuple[float, float] | None) -> bool:
    """Whether a range is of another width than the one before; a window that moves along is not."""
    if present is None or before is None:
        return False
    width, other = present[1] - present[0], before[1] - before[0]
    return abs(width - other) > 1e-6 * max(width, other)
