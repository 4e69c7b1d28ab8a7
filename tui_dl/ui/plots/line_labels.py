"""The words and numbers of a line plot: border, title, axes, names at the lines' ends, marks."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import final

import numpy as np
from rich.cells import cell_len

from tui_dl.ui.plots.canvas import Canvas
from tui_dl.ui.plots.glyph import Glyphs
from tui_dl.ui.plots.plot_data import PlotData
from tui_dl.ui.plots.roles import Role, line_style
from tui_dl.ui.plots.scales import Tick, format_value, linear_ticks, log_ticks
from tui_dl.ui.wrapping import wrapped

_LABEL_CELLS = 12
_SHORT_NAME = 5
_TICK_CELLS = (7, 9, 12, 16)
_TICK_GAP = 5
# Left to the ticks of x beside their label.
_LEAST_X_CELLS = 12


@final
@dataclass(frozen=True, slots=True)
class Area:
    """Where the curves are: cells from (x, y), and the dots and values these stand for."""

    x: int
    y: int
    columns: int
    rows: int
    x_range: tuple[float, float]
    limits: tuple[float, float]

    def cell_of(self, x_value: float) -> int:
        """The cell column of a value on the x axis, which may lie outside."""
        low, high = self.x_range
        return self.x + int(np.floor((x_value - low) / (high - low) * self.columns))

    def row_of(self, position: float) -> int:
        """The cell row of a position on the y axis, cut off at the limits."""
        low, high = self.limits
        share = (high - position) / (high - low)
        return self.y + int(np.clip(share, 0, 1) * self.rows - 1e-9)


@final
@dataclass(frozen=True, slots=True)
class LineEnd:
    """Where a line ends: its name, the cell column within the area, the position on the y axis."""

    label: str
    cell: int
    position: float
    style: int


def label_room(columns: int) -> int:
    """Cells kept free at the right for the labels at the lines' ends, out of so many."""
    return _LABEL_CELLS if columns >= 4 * _LABEL_CELLS else 0


def draw_frame(canvas: Canvas, glyphs: Glyphs) -> None:
    """Draw the border around all."""
    horizontal, vertical, top_left, top_right, bottom_left, bottom_right = tuple(glyphs.frame)
    last_column, last_row = canvas.width - 1, canvas.height - 1
    for row, left, right in ((0, top_left, top_right), (last_row, bottom_left, bottom_right)):
        canvas.fill_row(1, last_column, row, horizontal, Role.FRAME)
        canvas.write(0, row, left, Role.FRAME)
        canvas.write(last_column, row, right, Role.FRAME)
    for column in (0, last_column):
        canvas.codes[1:last_row, column] = ord(vertical)
        canvas.styles[1:last_row, column] = Role.FRAME


def draw_title(canvas: Canvas, data: PlotData, scale_name: str, glyphs: Glyphs) -> None:
    """Write the title, the present numbers, and what is not as usual about the drawing, into the border."""
    end = canvas.width - 2
    unit = f" ({data.unit})" if data.unit else ""
    present = f"{glyphs.pointer} " if data.is_present else ""
    x = canvas.write(2, 0, f" {present}{data.title}{unit} ", Role.TITLE, room=end - 2)
    for words in ("" if scale_name == "linear" else scale_name, data.remark):
        if words and x + len(words) + 4 < end:
            end = canvas.write_right(end, 0, f" {words} ", Role.AXIS) - 1
    draw_numbers(canvas, x + 1, end, 0, data)


def draw_numbers(canvas: Canvas, x: int, end: int, row: int, data: PlotData) -> int:
    """Write the present number of each series with its name, in its colour; returns the column after it."""
    shown = [
        (series, format_value(series.current))
        for series in data.series
        if not series.is_ghost and series.current is not None
    ]
    names = [f" {series.label}" if len(shown) > 1 else "" for series, _ in shown]
    # Names in full, else shortened, else none: they are at the lines' ends too, the numbers nowhere else.
    for room in (end, _SHORT_NAME + 1, 0):
        names = [name[:room] for name in names]
        if (
            x + sum(cell_len(name) + len(number) + 3 for name, (_, number) in zip(names, shown, strict=True))
            <= end + 1
        ):
            break
    for name, (series, number) in zip(names, shown, strict=True):
        if x + cell_len(name) + len(number) + 2 > end:
            break
        x = canvas.write(x, row, name, line_style(series.colour, "line"))
        x = canvas.write(x, row, f" {number} ", line_style(series.colour, "value")) + 1
    return x


def draw_y_labels(canvas: Canvas, area: Area, ticks: Sequence[Tick]) -> None:
    """Write the ticks' labels left of the curves, one a row."""
    taken: set[int] = set()
    for tick in reversed(ticks):
        row = area.row_of(tick.position)
        if row not in taken:
            taken.add(row)
            canvas.write_right(area.x - 1, row, tick.label[: area.x - 2], Role.AXIS)


def draw_x_axis(canvas: Canvas, area: Area, data: PlotData, glyphs: Glyphs) -> None:
    """Write the ticks of x into the lower border, and a mark where a value was not finite."""
    row = canvas.height - 1
    end = canvas.width - 2
    for x in {area.cell_of(tick) for tick in data.ticks}:
        if area.x <= x < area.x + area.columns:
            canvas.write(x, row, glyphs.tick, Role.FRAME)
    label = _x_words(data, canvas.width, area.columns)
    if label:
        end = canvas.write_right(end, row, f" {label} ", Role.AXIS)
    low, high = area.x_range
    free_from = area.x
    ticks = _log_x_ticks(low, high, area.columns) if data.x_is_log else _x_ticks(low, high, area.columns)
    for tick in ticks:
        text = f" {tick.label} "
        start = area.cell_of(tick.position) - len(text) // 2
        start = max(start, area.x - 1)
        if start >= free_from - 1 and start + len(text) < end:
            free_from = canvas.write(start, row, text, Role.AXIS) + 1
    for series in data.series:
        if not series.is_ghost and series.broken.any():
            for x in np.unique([area.cell_of(float(x)) for x in series.xs[series.broken][:2000]]):
                if area.x <= x < area.x + area.columns:
                    canvas.write(int(x), row, "!", Role.ALERT)


def _x_words(data: PlotData, width: int, columns: int) -> str:
    """What stands at the end of the x axis."""
    details = [one for one in data.x_details if cell_len(one) + 6 <= width]
    if details:
        # What the crosshair says matters more than the ticks beside it.
        return details[0]
    return data.x_label if _LEAST_X_CELLS + cell_len(data.x_label) < columns else ""


@lru_cache(maxsize=64)
def _x_ticks(low: float, high: float, columns: int) -> tuple[Tick, ...]:
    """As many ticks as have room for their labels."""
    ticks: list[Tick] = []
    for cells in _TICK_CELLS:
        ticks = linear_ticks(low, high, max(columns // cells, 2), whole=high - low >= 4)
        widest = max((len(tick.label) for tick in ticks), default=0)
        apart = (
            columns / (high - low) * (ticks[1].position - ticks[0].position) if len(ticks) > 1 else columns
        )
        if apart >= widest + _TICK_GAP:
            break
    return tuple(ticks)


def _log_x_ticks(low: float, high: float, columns: int) -> list[Tick]:
    """Decades, as many as have room for their labels."""
    return log_ticks(low, high, max(columns // _TICK_CELLS[1], 2))


def draw_end_labels(canvas: Canvas, area: Area, ends: Sequence[LineEnd]) -> None:
    """Put each series' name beside the end of its line, where it is free."""
    for end in ends:
        text = end.label
        room = _LABEL_CELLS - 1
        text = text if cell_len(text) <= room else text[: room - 1] + "."
        size = cell_len(text)
        x = max(min(area.x + end.cell + 2, area.x + area.columns - size), area.x)
        row = area.row_of(end.position)
        for offset in (0, 1, -1, 2, -2, 3, -3):
            here = row + offset
            if area.y <= here < area.y + area.rows and has_room(canvas, x, x + size, here):
                canvas.write(x, here, text, end.style)
                break


def has_room(canvas: Canvas, start: int, end: int, row: int) -> bool:
    """Whether only what nobody has written, or the grid, is there; a box's blanks are its own."""
    cells = zip(canvas.codes[row, start:end].tolist(), canvas.styles[row, start:end].tolist(), strict=True)
    blank = ord(" ")
    return all(style == Role.GRID or (style == Role.FRAME and code == blank) for code, style in cells)


def draw_note(canvas: Canvas, area: Area, text: str) -> None:
    """Write a remark at the lower right of the curves."""
    row = area.y + area.rows - 1
    size = min(cell_len(text), area.columns)
    canvas.write(area.x + area.columns - size, row, text, Role.ALERT, room=size)


def draw_centred(canvas: Canvas, text: str, style: int) -> None:
    """Write a text in the middle, over several lines where it is longer than one."""
    lines = wrapped(text, max(canvas.width - 2, 1))[: max(canvas.height - 2, 1)]
    first = canvas.height // 2 - (len(lines) - 1) // 2
    for y, line in enumerate(lines, start=first):
        size = min(cell_len(line), canvas.width - 2)
        canvas.write((canvas.width - size) // 2, y, line, style, room=size)
