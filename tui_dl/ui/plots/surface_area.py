"""Around a surface: the part of a canvas that it fills, the numbers at its edges, room for names above it."""

from dataclasses import dataclass
from typing import Final, final

from rich.cells import cell_len

from tui_dl.ui.plots.canvas import Canvas
from tui_dl.ui.plots.roles import Role
from tui_dl.ui.plots.scales import linear_ticks

GUTTER: Final = 7
"""Cells to the left of it for the numbers that go up."""
_TICK_CELLS: Final = 10


@final
@dataclass(frozen=True, slots=True)
class SurfaceArea:
    """Cells to draw in."""

    x: int
    y: int
    columns: int
    rows: int


def draw_axes(
    canvas: Canvas,
    area: SurfaceArea,
    names: tuple[str, str],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
) -> None:
    """Numbers and names of both axes, left and in the lower border."""
    low, high = y_range
    canvas.write(1, area.y, names[1][: GUTTER - 1], Role.AXIS)
    for tick in linear_ticks(low, high, max(area.rows // 3, 3)):
        row = area.y + min(int((high - tick.position) / (high - low) * area.rows), area.rows - 1)
        if row > area.y:
            canvas.write_right(area.x - 1, row, tick.label[: GUTTER - 1], Role.AXIS)
    low, high = x_range
    end = canvas.write_right(canvas.width - 2, canvas.height - 1, f" {names[0]} ", Role.AXIS)
    free_from = area.x - 1
    for tick in linear_ticks(low, high, max(area.columns // _TICK_CELLS, 2)):
        text = f" {tick.label} "
        start = area.x + min(int((tick.position - low) / (high - low) * area.columns), area.columns - 1)
        start = max(start - len(text) // 2, area.x - 1)
        if start >= free_from and start + len(text) < end:
            free_from = canvas.write(start, canvas.height - 1, text, Role.AXIS) + 1


def longest_name(names: list[str], room: int) -> int:
    """To how many cells names are cut so that all of them fit, each with a number and blanks; at least 4."""
    longest = max((cell_len(name) for name in names), default=0)
    while longest > 4 and sum(min(cell_len(name), longest) + 4 for name in names) > room:
        longest -= 1
    return longest
