"""A layer's weights as a picture: the matrix with a row for each unit, beside it what each unit looks for."""

import math
from collections.abc import Sequence
from typing import ClassVar, Final

from rich.segment import Segment

from tui_dl.ui.ink import Line, Part, cells
from tui_dl.ui.numerals import count, number, share
from tui_dl.ui.panels.layer_choice import chosen_layer
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.plots.signed_cells import (
    enlarged_to,
    legend,
    levels_of,
    mean_of,
    picture_rows,
    shrunk_to,
    sign_rows,
)
from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.ui.theme import Palette, palette_of
from tui_dl.wire.pictures import MatrixRead

_HEAD_ROWS: Final = 2
_GAP: Final = 2
_FEW_PICTURES: Final = 4
"""Pictures are made smaller until so many are seen."""
_SMALLEST: Final = 4


class MatrixPanel(LinePanel):
    """The newest matrix of the chosen layer."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("matrix", "experiment"))

    def build(self, width: int, height: int) -> Sequence[Line]:
        """Shapes and scale, then the picture."""
        read = self.model.reading(MatrixRead)
        layer = chosen_layer(self.model)
        if read is None or read.layer != layer:
            return [(), [(f"  {_why_empty(self.model)}", "dim")]]
        return matrix_lines(read, width, height, palette_of(self.app), is_plain=self.is_plain)


def matrix_lines(
    read: MatrixRead, width: int, height: int, palette: Palette, *, is_plain: bool = False
) -> list[Line]:
    """The panel at this size; every cell is a weight or the largest of a block of them."""
    room = max(height - _HEAD_ROWS, 1)
    right = _pictures(read, width, room, palette, is_plain=is_plain)
    taken = max((_width(row) for row in right), default=0)
    columns = width - 1 - (taken + _GAP if taken else 0)
    levels = shrunk_to(levels_of(read.levels, read.rows, read.columns), room, max(columns, 1))
    left = sign_rows(enlarged_to(levels, room, columns), palette)
    block = (-(-_rows(read) // max(len(levels), 1)), -(-_columns(read) // max(levels.shape[1], 1)))
    lines: list[Line] = [_shape_line(read, block, width), _scale_line(read, palette, width)]
    for place in range(min(max(len(left), len(right)), room)):
        row: list[Part] = [" "]
        row += left[place] if place < len(left) else []
        if place < len(right):
            row.append(" " * (width - taken - cells_of(row)))
            row += right[place]
        lines.append(row)
    return lines


def cells_of(row: Sequence[Part]) -> int:
    """How wide a row of texts and segments is."""
    return sum(part.cell_length if isinstance(part, Segment) else cells([part]) for part in row)


def _shape_line(read: MatrixRead, block: tuple[int, int], width: int) -> Line:
    shape = "×".join(map(str, read.shape))
    parts: list[Part] = [(f" W {shape}", "bold")]
    parts.append((f"   {_columns(read)} → {_rows(read)}: a row for each unit", "dim"))
    more = [f"   a cell is the largest of {block[0]}×{block[1]}"] if block != (1, 1) else []
    more.append(f"   {count(_rows(read) * _columns(read))} weights")
    if read.units:
        more.append(f"   right: what each unit looks for, {read.height}×{read.width}")
    return _fitting(parts, more, width)


def _scale_line(read: MatrixRead, palette: Palette, width: int) -> Line:
    weights = _rows(read) * _columns(read)
    parts: list[Part] = [(f" {number(-read.scale, 3)} ", "dim"), *legend(palette)]
    parts.append((f" {number(read.scale, 3)}", "dim"))
    more = [f"   {share(read.negative / max(weights, 1), 0)} below 0"]
    if read.zeros:
        more.append(f"   {count(read.zeros)} zero")
    if read.nonfinite:
        more.append(f"   ! {count(read.nonfinite)} not finite")
    if read.units:
        more.append("   right: dark -, bright +")
    more.append(f"   from {number(read.lowest, 3)} to {number(read.highest, 3)}")
    return _fitting(parts, more, width)


def _fitting(parts: list[Part], more: list[str], width: int) -> Line:
    for text in more:
        if cells_of(parts) + len(text) <= width:
            parts.append((text, "dim"))
    return parts


def _pictures(
    read: MatrixRead, width: int, room: int, palette: Palette, *, is_plain: bool
) -> list[list[Segment]]:
    """Rows of unit after unit, in what is left beside a matrix; none where there is no room for one."""
    # A matrix that leaves a third of the room is shown whole across.
    of_matrix = read.columns if read.columns <= 2 * width // 3 else width // 2
    available = width - 1 - _GAP - of_matrix
    if not read.units or available < 2 or min(read.height, read.width) < 1:
        return []
    factor = 1
    while _fit(read, factor, available, room)[2] < min(_FEW_PICTURES, read.units):
        if min(read.height, read.width) // (factor + 1) < _SMALLEST:
            break
        factor += 1
    across, down, shown = _fit(read, factor, available, room)
    if not shown:
        return []
    levels = levels_of(read.pictures, read.units, read.height, read.width)
    made = [
        picture_rows(mean_of(each, factor), palette, is_plain=is_plain) for each in levels[: across * down]
    ]
    rows: list[list[Segment]] = []
    for first in range(0, len(made), across):
        beside = made[first : first + across]
        for row in range(len(beside[0])):
            line: list[Segment] = []
            for picture in beside:
                line += [*picture[row], Segment(" ")]
            rows.append(line)
        rows.append([])
    return rows[:room]


def _fit(read: MatrixRead, factor: int, width: int, rows: int) -> tuple[int, int, int]:
    """How many pictures fit across, down, and in all, each with a gap."""
    wide = -(-read.width // factor) + 1
    high = (math.ceil(read.height / factor) + 1) // 2 + 1
    across, down = width // wide, (rows + 1) // high
    return across, down, min(across * down, read.units)


def _width(row: list[Segment]) -> int:
    return sum(segment.cell_length for segment in row)


def _rows(read: MatrixRead) -> int:
    return read.shape[0] if read.shape else 0


def _columns(read: MatrixRead) -> int:
    size = 1
    for each in read.shape[1:]:
        size *= each
    return size


def _why_empty(model: RunModel) -> str:
    if model.described is None:
        return "nothing is known yet: the engine is loading"
    step = model.keymap.shown("step")
    return f"this layer has no matrix, or it comes with the next batch: {step} makes one"
