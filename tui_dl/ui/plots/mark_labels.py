"""The words at marks: beside their lines where it is free, or all of them, in rows that don't overlap."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from rich.cells import cell_len

from tui_dl.ui.plots.canvas import Canvas
from tui_dl.ui.plots.line_labels import Area, draw_note, has_room
from tui_dl.ui.plots.plot_data import PlotMark
from tui_dl.ui.plots.roles import Role
from tui_dl.ui.plots.x_view import LabelMode

_ROWS_IF_FREE = 3


@final
@dataclass(frozen=True, slots=True)
class Placed:
    """A label's place: its mark by index, the row, the first cell, how many cells."""

    mark: int
    row: int
    start: int
    size: int


def placed(cells: Sequence[int], sizes: Sequence[int], columns: int, rows: int) -> list[Placed]:
    """Where labels go that stand beside their marks' cells, ascending; none overlaps another.

    Each goes to the first row that is free right of its mark, else left of it; what fits nowhere is missing.
    """
    ends = [-1] * rows
    found = []
    for mark, (cell, wanted) in enumerate(zip(cells, sizes, strict=True)):
        # The longer side of the mark has room for all of a label that is not longer than the plot.
        size = min(wanted, max(columns - cell - 1, cell, 1))
        for row in range(rows):
            # A label left of its mark must also leave the marks before it in sight.
            starts = (cell + 1, cell - size)
            start = next(
                (start for start in starts if start > ends[row] and start >= 0 and start + size <= columns),
                None,
            )
            if start is not None:
                found.append(Placed(mark, row, start, size))
                ends[row] = max(start + size, cell)
                break
    return found


def draw_mark_labels(canvas: Canvas, area: Area, marks: Sequence[PlotMark], mode: LabelMode) -> None:
    """Write the labels of the marks in sight."""
    inside = [
        mark
        for mark in sorted(marks, key=lambda mark: mark.x)
        if mark.label and area.x <= area.cell_of(mark.x) < area.x + area.columns
    ]
    if mode == "auto":
        _draw_where_free(canvas, area, inside)
    elif mode == "all":
        _draw_all(canvas, area, inside)


def _draw_all(canvas: Canvas, area: Area, marks: Sequence[PlotMark]) -> None:
    cells = [area.cell_of(mark.x) - area.x for mark in marks]
    # The last row is left to say how many had no room.
    labels = placed(cells, [cell_len(mark.label) + 1 for mark in marks], area.columns, max(area.rows - 1, 1))
    for label in labels:
        x, y = area.x + label.start, area.y + label.row
        mark = marks[label.mark]
        canvas.write(x, y, " " * label.size, Role.MARK_LABEL)
        canvas.write(x, y, mark.label, _style(mark), room=label.size)
    if len(labels) < len(marks):
        draw_note(canvas, area, f"{len(marks) - len(labels)} more: zoom in")


def _draw_where_free(canvas: Canvas, area: Area, marks: Sequence[PlotMark]) -> None:
    full: set[int] = set()
    for mark in marks:
        cell = area.cell_of(mark.x)
        # Hundreds of changes at one step fall on one cell: once there is no room, there is none for the rest.
        if cell in full:
            continue
        whole = cell_len(mark.label)
        # What a change changed to stands at the end of its words: cut off only where they fit nowhere.
        for size in sorted({whole, min(whole, area.columns // 2)}, reverse=True):
            place = _free_place(canvas, area, cell, size)
            if place is not None:
                canvas.write(*place, mark.label, _style(mark), room=size)
                break
        else:
            full.add(cell)


def _free_place(canvas: Canvas, area: Area, cell: int, size: int) -> tuple[int, int] | None:
    return next(
        (
            (start, row)
            for row in range(area.y, area.y + min(area.rows, _ROWS_IF_FREE))
            for start in (cell + 1, cell - size)
            if area.x <= start
            and start + size <= area.x + area.columns
            and has_room(canvas, start, start + size, row)
        ),
        None,
    )


def _style(mark: PlotMark) -> int:
    return Role.ALERT if mark.is_fault else Role.MARK_LABEL
