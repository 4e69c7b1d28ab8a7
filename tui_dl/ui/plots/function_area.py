"""A part of a canvas with axes of its own, in which functions are drawn as dots joined down each column."""

from dataclasses import dataclass
from typing import Final, final

import numpy as np

from tui_dl.history.arrays import BoolArray, FloatArray
from tui_dl.ui.plots.canvas import Canvas
from tui_dl.ui.plots.glyph import Glyphs, characters, encode_dots
from tui_dl.ui.plots.roles import Role
from tui_dl.ui.plots.scales import linear_ticks

GUTTER: Final = 8
"""Cells to the left of an area for the labels of its y axis."""
_X_TICK_CELLS: Final = 10


@final
@dataclass(frozen=True, slots=True)
class FunctionArea:
    """Cells to draw in, and the values at their edges; high must lie above low."""

    x: int
    y: int
    columns: int
    rows: int
    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def column_of(self, value: float) -> int:
        """The cell column of a value on the x axis, cut off at the edges."""
        low, high = self.x_range
        share = (value - low) / (high - low)
        return self.x + int(np.clip(np.rint(share * (self.columns - 1)), 0, self.columns - 1))

    def row_of(self, value: float) -> int:
        """The cell row of a value on the y axis, cut off at the edges."""
        low, high = self.y_range
        share = (high - value) / (high - low)
        return self.y + int(np.clip(share * self.rows, 0, self.rows - 1))

    def holds(self, x: float, y: float) -> bool:
        """Whether a point is inside, edges included; not if it is not finite."""
        inside = self.x_range[0] <= x <= self.x_range[1] and self.y_range[0] <= y <= self.y_range[1]
        return bool(inside)


def draw_function(
    canvas: Canvas,
    area: FunctionArea,
    xs: FloatArray,
    ys: FloatArray,
    style: int,
    glyphs: Glyphs,
    dash: int = 0,
) -> None:
    """Draw a function through points; what is not finite is a gap, what lies outside is cut off.

    Args:
        canvas: to draw on.
        area: where.
        xs: (n,), growing.
        ys: (n,).
        style: of the dots.
        glyphs: to make characters of dots.
        dash: 0 for a whole line; else so many dots along it are drawn and as many left out, in turn.
    """
    dots = function_dots(area, xs, ys, glyphs)
    if dash:
        # Along the longer way: by columns alone a steep line would be left whole, or out.
        is_steep = np.count_nonzero(dots.any(axis=1)) > np.count_nonzero(dots.any(axis=0))
        off = np.arange(dots.shape[0 if is_steep else 1]) // dash % 2 == 1
        dots &= ~(off[:, None] if is_steep else off[None, :])
    patterns = encode_dots(dots, glyphs.dots)
    here = patterns > 0
    block = slice(area.y, area.y + area.rows), slice(area.x, area.x + area.columns)
    canvas.codes[block] = np.where(here, characters(patterns, glyphs.dots), canvas.codes[block])
    canvas.styles[block] = np.where(here, style, canvas.styles[block])


def function_dots(area: FunctionArea, xs: FloatArray, ys: FloatArray, glyphs: Glyphs) -> BoolArray:
    """The dots (rows, columns) of a function; steep parts have no holes."""
    across, down = glyphs.cell_dots
    rows, columns = area.rows * down, area.columns * across
    dots = np.zeros((rows, columns), dtype=np.bool_)
    if xs.size < 2:
        return dots
    low, high = area.x_range
    # The middle of the first and of the last cell are the ends of the axis.
    at = low + ((np.arange(columns) + 0.5) / across - 0.5) / max(area.columns - 1, 1) * (high - low)
    with np.errstate(invalid="ignore", over="ignore"):
        values = np.interp(at, xs, ys)
        bottom, top = area.y_range
        places = np.floor((top - values) / (top - bottom) * rows)
    known = np.isfinite(values) & (at >= xs[0]) & (at <= xs[-1])
    # So far outside that a line to there still leaves the area.
    places = np.clip(np.where(known, places, 0), -rows, 2 * rows).astype(np.int64)
    # What lies on the lowest edge is inside.
    places[places == rows] = np.where(values[places == rows] >= area.y_range[0], rows - 1, rows)
    for column in np.flatnonzero(known).tolist():
        here = int(places[column])
        before = int(places[column - 1]) if column and known[column - 1] else here
        first, last = (before + 1, here) if before < here else (here, max(before - 1, here))
        if last >= 0 and first < rows:
            dots[max(first, 0) : min(last, rows - 1) + 1, column] = True
    return dots


def draw_y_axis(canvas: Canvas, area: FunctionArea) -> None:
    """Write the labels of y, and a line of grid at 0 where that is inside."""
    for tick in linear_ticks(*area.y_range, max(area.rows // 3, 1)):
        canvas.write_right(area.x - 1, area.row_of(tick.position), tick.label[: GUTTER - 1], Role.AXIS)


def draw_level(canvas: Canvas, area: FunctionArea, value: float, glyphs: Glyphs) -> None:
    """Draw a line of grid at a value, if it is inside."""
    if area.y_range[0] <= value <= area.y_range[1]:
        row = area.row_of(value)
        canvas.fill_row(area.x, area.x + area.columns, row, glyphs.frame[0], Role.GRID)


def draw_upright(canvas: Canvas, area: FunctionArea, value: float, glyphs: Glyphs) -> None:
    """Draw an upright line of grid at a value of x, if it is inside."""
    if area.x_range[0] <= value <= area.x_range[1]:
        rows, column = slice(area.y, area.y + area.rows), area.column_of(value)
        canvas.codes[rows, column] = ord(glyphs.frame[1])
        canvas.styles[rows, column] = Role.GRID


def draw_x_axis(canvas: Canvas, area: FunctionArea, row: int, name: str) -> None:
    """Write the labels of x into a row, and what it is at the right."""
    free_from = area.x - 1
    end = canvas.write_right(canvas.width - 2, row, f" {name} ", Role.AXIS)
    for tick in linear_ticks(*area.x_range, max(area.columns // _X_TICK_CELLS, 2)):
        text = f" {tick.label} "
        start = max(area.column_of(tick.position) - len(text) // 2, area.x - 1)
        if start >= free_from and start + len(text) < end:
            free_from = canvas.write(start, row, text, Role.AXIS) + 1


def limits(*parts: FloatArray, margin: float = 0.05) -> tuple[float, float]:
    """Limits that show all finite values with a margin; from 0 to 1 where there are none."""
    values = np.concatenate(parts) if parts else np.zeros(0)
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    room = margin * (high - low) or max(abs(high) * 0.1, 1e-12)
    return low - room, high + room
