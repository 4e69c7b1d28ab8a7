"""The loss along an update: the valley, the step that was taken, and what the slope had promised."""

import math
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
)
from tui_dl.ui.plots.glyph import Glyphs
from tui_dl.ui.plots.line_labels import draw_centred, draw_frame
from tui_dl.ui.plots.roles import Role, line_style

LEAST_WIDTH: Final = 30
LEAST_HEIGHT: Final = 7
_CURVE: Final = line_style(0, "line")
_PROMISE: Final = line_style(1, "line")
_DASH: Final = 2
_MARGIN: Final = 0.08


@final
@dataclass(frozen=True, slots=True, eq=False)
class SliceData:
    """Losses (n,) over multiples of the step (n,), and both ends of the step itself."""

    steps: FloatArray = field(default_factory=lambda: np.zeros(0))
    losses: FloatArray = field(default_factory=lambda: np.zeros(0))
    before: float = math.nan
    after: float = math.nan
    slope: float = math.nan
    title: str = "loss along the step"
    x_label: str = "steps"
    empty_text: str = "no reading yet"


class LossSlicePlot(DataCanvas[SliceData]):
    """The curve as a line, the promise dashed; `o` before the step, `x` after it, `+` what was promised."""

    NOTHING = SliceData()

    def draw(self, width: int, height: int) -> Canvas:
        canvas, data = Canvas(width, height), self._data
        if width < LEAST_WIDTH or height < LEAST_HEIGHT:
            canvas.write(0, 0, data.title, Role.TITLE)
            canvas.write(0, 1, "needs more room", Role.AXIS)
            return canvas
        draw_frame(canvas, self.glyphs)
        _draw_legend(canvas, data, self.glyphs)
        if data.steps.size < 2:
            draw_centred(canvas, data.empty_text, Role.AXIS)
            return canvas
        x_range = float(data.steps[0]), float(data.steps[-1])
        area = FunctionArea(1 + GUTTER, 1, width - 2 - GUTTER, height - 2, x_range, loss_limits(data))
        draw_level(canvas, area, data.before, self.glyphs)
        draw_upright(canvas, area, 0.0, self.glyphs)
        draw_upright(canvas, area, 1.0, self.glyphs)
        draw_y_axis(canvas, area)
        ends = np.array(x_range)
        with np.errstate(invalid="ignore", over="ignore"):
            # A loss that has diverged promises nothing.
            promised = data.before + ends * data.slope
        draw_function(canvas, area, ends, promised, _PROMISE, self.glyphs, _DASH)
        draw_function(canvas, area, data.steps, data.losses, _CURVE, self.glyphs)
        _mark(canvas, area, 1.0, data.before + data.slope, "+", _PROMISE)
        _mark(canvas, area, 0.0, data.before, "o", Role.TITLE)
        _mark(canvas, area, 1.0, data.after, "x", Role.ALERT)
        draw_x_axis(canvas, area, height - 1, data.x_label)
        return canvas


def loss_limits(data: SliceData) -> tuple[float, float]:
    """From the lowest loss to as high above the start as that lies below it; the step is always inside.

    Beyond its valley a loss may go to any height, which would press the valley flat.
    """
    finite = data.losses[np.isfinite(data.losses)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    if math.isfinite(data.before) and data.before > low:
        high = min(2 * data.before - low, high)
    if math.isfinite(data.after):
        high = max(high, data.after)
    # Where the loss is all but flat, noise of rounding is no landscape.
    room = max(_MARGIN * (high - low), 1e-4 * max(abs(high), abs(low)), 1e-12)
    return low - room, high + room


def _mark(canvas: Canvas, area: FunctionArea, x: float, y: float, mark: str, style: int) -> None:
    if not area.x_range[0] <= x <= area.x_range[1] or math.isnan(y):
        return
    row, column = area.row_of(min(max(y, area.y_range[0]), area.y_range[1])), area.column_of(x)
    # What lies outside is at the edge, pointing there.
    shown = mark if area.holds(x, y) else "^" if y > area.y_range[1] else "v"
    canvas.write(column, row, shown, style, room=1)


def _draw_legend(canvas: Canvas, data: SliceData, glyphs: Glyphs) -> None:
    end = canvas.width - 2
    x = canvas.write(2, 0, f" {data.title} ", Role.TITLE, room=end - 2) + 1
    line = glyphs.frame[0]
    entries = (
        ("o", "before", Role.TITLE),
        ("x", "after", Role.ALERT),
        (f"{line} {line}", "slope's promise", _PROMISE),
        (line * 2, "loss", _CURVE),
    )
    for mark, name, style in entries:
        text = f" {mark} {name} "
        if x + cell_len(text) <= end:
            x = canvas.write(x, 0, text, style)
