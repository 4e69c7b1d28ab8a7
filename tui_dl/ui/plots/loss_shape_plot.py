"""A loss as a function with its derivative below it, and below both where the samples lie."""

from dataclasses import dataclass, field
from typing import Final, final

import numpy as np
from rich.cells import cell_len

from tui_dl.history.arrays import FloatArray
from tui_dl.ui.plots.canvas import Canvas
from tui_dl.ui.plots.data_canvas import DataCanvas
from tui_dl.ui.plots.function_area import (
    GUTTER,
    FunctionArea,
    draw_function,
    draw_level,
    draw_upright,
    draw_x_axis,
    draw_y_axis,
    limits,
)
from tui_dl.ui.plots.glyph import Glyphs, bar_codes
from tui_dl.ui.plots.line_labels import draw_centred, draw_frame
from tui_dl.ui.plots.roles import Role, line_style

LEAST_WIDTH: Final = 30
LEAST_HEIGHT: Final = 9
_STRIP_ROWS: Final = (1, 3)
_TALL_FROM: Final = 18
_PRESENT: Final = line_style(0, "line")
_FORMER: Final = line_style(1, "line")
_SAMPLES: Final = line_style(2, "line")
_DASH: Final = 3


@final
@dataclass(frozen=True, slots=True, eq=False)
class ShapeCurve:
    """A loss (n,) and its derivative (n,) over the variable."""

    name: str
    values: FloatArray
    slopes: FloatArray


@final
@dataclass(frozen=True, slots=True, eq=False)
class ShapeData:
    """What the plot shows: curves over xs (n,), the present loss first; samples (m,) on the same axis."""

    xs: FloatArray = field(default_factory=lambda: np.zeros(0))
    curves: tuple[ShapeCurve, ...] = ()
    samples: FloatArray = field(default_factory=lambda: np.zeros(0))
    variable: str = ""
    by: str = ""
    """What the derivative is taken by."""
    empty_text: str = "no reading yet"


class LossShapePlot(DataCanvas[ShapeData]):
    """ℓ, ℓ' and the samples; the loss before the last swap is dashed."""

    NOTHING = ShapeData()

    def draw(self, width: int, height: int) -> Canvas:
        canvas, data = Canvas(width, height), self._data
        if width < LEAST_WIDTH or height < LEAST_HEIGHT:
            canvas.write(0, 0, "loss and derivative", Role.TITLE)
            canvas.write(0, 1, "needs more room", Role.AXIS)
            return canvas
        draw_frame(canvas, self.glyphs)
        _draw_legend(canvas, data, self.glyphs)
        if not data.curves:
            draw_centred(canvas, data.empty_text, Role.AXIS)
            return canvas
        upper, lower, strip = _areas(data, width, height)
        for area in (upper, lower):
            draw_level(canvas, area, 0.0, self.glyphs)
            draw_upright(canvas, area, 0.0, self.glyphs)
            draw_y_axis(canvas, area)
        # The present one is drawn last, over the other.
        for curve in reversed(data.curves):
            is_present = curve is data.curves[0]
            style, dash = (_PRESENT, 0) if is_present else (_FORMER, _DASH)
            draw_function(canvas, upper, data.xs, curve.values, style, self.glyphs, dash)
            draw_function(canvas, lower, data.xs, curve.slopes, style, self.glyphs, dash)
        self._draw_divider(canvas, lower.y - 1, f" derivative by {data.by} ")
        self._draw_divider(canvas, strip.y - 1, f" {data.samples.size} samples lie here ")
        self._draw_samples(canvas, strip)
        draw_x_axis(canvas, strip, height - 1, data.variable)
        return canvas

    def _draw_divider(self, canvas: Canvas, row: int, title: str) -> None:
        canvas.fill_row(1, canvas.width - 1, row, self.glyphs.frame[0], Role.FRAME)
        canvas.write(2, row, title, Role.TITLE, room=canvas.width - 4)

    def _draw_samples(self, canvas: Canvas, strip: FunctionArea) -> None:
        """A bar for each column, the fullest as high as the strip."""
        counts = np.zeros(strip.columns)
        inside = self._data.samples[np.isfinite(self._data.samples)]
        np.add.at(counts, [strip.column_of(float(value)) - strip.x for value in inside], 1)
        most = int(counts.max(initial=0))
        codes = bar_codes(counts / max(most, 1) * strip.rows, strip.rows, self.glyphs)
        canvas.blit(strip.x, strip.y, codes, _SAMPLES)
        canvas.write_right(strip.x - 1, strip.y, str(most) if most else "", Role.AXIS)


def _areas(data: ShapeData, width: int, height: int) -> tuple[FunctionArea, FunctionArea, FunctionArea]:
    x_range = float(data.xs[0]), float(data.xs[-1])
    strip_rows = _STRIP_ROWS[height >= _TALL_FROM]
    room = height - 4 - strip_rows
    first = (room + 1) // 2
    x, columns = 1 + GUTTER, width - 2 - GUTTER
    values = limits(*(curve.values for curve in data.curves), np.zeros(1))
    slopes = limits(*(curve.slopes for curve in data.curves), np.zeros(1))
    upper = FunctionArea(x, 1, columns, first, x_range, values)
    lower = FunctionArea(x, first + 2, columns, room - first, x_range, slopes)
    return upper, lower, FunctionArea(x, height - 1 - strip_rows, columns, strip_rows, x_range, (0.0, 1.0))


def _draw_legend(canvas: Canvas, data: ShapeData, glyphs: Glyphs) -> None:
    end = canvas.width - 2
    line = glyphs.frame[0]
    marks = ((line * 2, _PRESENT), (f"{line} {line}", _FORMER))
    texts = [
        (f" {mark} {curve.name}{'' if curve is data.curves[0] else ' before'} ", style)
        for curve, (mark, style) in zip(data.curves, marks, strict=False)
    ]
    title = " loss of one sample "
    if 3 + len(title) + sum(cell_len(text) for text, _ in texts) > end:
        # Which losses they are matters more.
        title = " loss "
    x = canvas.write(2, 0, title, Role.TITLE, room=end - 2) + 1
    for text, style in texts:
        if x + cell_len(text) <= end:
            x = canvas.write(x, 0, text, style)
