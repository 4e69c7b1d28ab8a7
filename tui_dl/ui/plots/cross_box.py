"""The box beside the crosshair: what every series is at that place, in numbers."""

from rich.cells import cell_len

from tui_dl.ui.plots.canvas import Canvas
from tui_dl.ui.plots.line_labels import Area
from tui_dl.ui.plots.plot_data import CrossLine, PlotCross
from tui_dl.ui.plots.roles import Role, line_style

_GAP_CELLS = 2
_LEAST_ROWS = 2


def draw_cross_box(canvas: Canvas, area: Area, cross: PlotCross) -> None:
    """Write the lines on the side of the crosshair where they fit, away from the newest data if both do."""
    if area.rows < _LEAST_ROWS or not cross.lines:
        return
    room = area.columns - 2
    size = min(max(cell_len(line.text) for line in cross.lines), room) + 2
    cell = area.cell_of(cross.x)
    left, right = cell - _GAP_CELLS - size + 1, cell + _GAP_CELLS
    x = left if left >= area.x else right
    x = max(min(x, area.x + area.columns - size), area.x)
    for row, line in enumerate(cross.lines[: area.rows]):
        style = _style(line)
        canvas.write(x, area.y + row, " " * size, style)
        canvas.write(x + 1, area.y + row, line.text, style, room=size - 2)


def _style(line: CrossLine) -> int:
    if line.is_mark:
        return Role.MARK_LABEL
    return Role.TITLE if line.colour is None else line_style(line.colour, "value")
