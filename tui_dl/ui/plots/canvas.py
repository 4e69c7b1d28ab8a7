"""A matrix of styled cells and its way to Textual's strips, with the difference to the frame before."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import numpy as np
import numpy.typing as npt
from rich.cells import cell_len, get_character_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui_dl.ui.ink import PLAIN
from tui_dl.ui.plots.glyph import CodeArray

StyleArray = npt.NDArray[np.int16]

_BLANK = ord(" ")
# The second cell of a wide character.
_CONTINUED = 0


@final
class Canvas:
    """Cells of code points and style numbers, drawn into by coordinates; what lies outside is cut off."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.codes: CodeArray = np.full((height, width), _BLANK, dtype=np.uint32)
        self.styles: StyleArray = np.zeros((height, width), dtype=np.int16)

    def copy(self) -> "Canvas":
        """One with the same cells, to be drawn into without changing this."""
        other = Canvas.__new__(Canvas)
        other.width, other.height = self.width, self.height
        other.codes, other.styles = self.codes.copy(), self.styles.copy()
        return other

    def write(self, x: int, y: int, text: str, style: int, room: int | None = None) -> int:
        """Write text from (x, y), at most `room` cells of it; returns the column after it."""
        end = self.width if room is None else min(self.width, x + room)
        if not 0 <= y < self.height:
            return x
        if x >= 0 and text.isascii() and text.isprintable():
            # Nearly every text: one cell a letter, with no need to look at each.
            shown = text[: max(end - x, 0)].encode()
            self.codes[y, x : x + len(shown)] = np.frombuffer(shown, dtype=np.uint8)
            self.styles[y, x : x + len(shown)] = style
            return x + len(shown)
        for character in text:
            size = get_character_cell_size(character)
            if size == 0 or not character.isprintable():
                continue
            if x + size > end:
                break
            if x >= 0:
                self.codes[y, x] = ord(character)
                self.codes[y, x + 1 : x + size] = _CONTINUED
                self.styles[y, x : x + size] = style
            x += size
        return x

    def write_right(self, end: int, y: int, text: str, style: int) -> int:
        """Write text so that it ends before column `end`; returns its first column."""
        start = max(end - cell_len(text), 0)
        self.write(start, y, text, style, room=end - start)
        return start

    def fill_row(self, x: int, end: int, y: int, character: str, style: int) -> None:
        """Repeat a character from column x up to `end`."""
        if 0 <= y < self.height:
            self.codes[y, max(x, 0) : max(end, 0)] = ord(character)
            self.styles[y, max(x, 0) : max(end, 0)] = style

    def make_plain(self) -> None:
        """Put ASCII in place of what was written beyond it, as far as there is any; braille stays."""
        beyond = (self.codes > 127) & ((self.codes < 0x2800) | (self.codes > 0x28FF))
        if beyond.any():
            self.codes[beyond] = [PLAIN.get(code, code) for code in self.codes[beyond].tolist()]

    def blit(self, x: int, y: int, codes: CodeArray, styles: StyleArray | int) -> None:
        """Copy a block of cells to (x, y), which must fit."""
        rows, columns = codes.shape
        self.codes[y : y + rows, x : x + columns] = codes
        self.styles[y : y + rows, x : x + columns] = styles


@final
@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """A finished frame: strips, and for each row that differs from the frame before the columns that do."""

    codes: CodeArray
    styles: StyleArray
    strips: list[Strip]
    table: Sequence[Style]
    changed: list[tuple[int, int]]


def paint(
    canvas: Canvas, table: Sequence[Style], before: Painted | None = None, *, blanks_inherit: bool = True
) -> Painted:
    """Make strips of a canvas, taking the unchanged rows of the frame before as they are.

    `changed` lists (row, columns up to and including the last difference). Style numbers index `table`. With
    `blanks_inherit` blanks take their neighbour's style: not where styles have backgrounds, which would show.
    """
    codes, styles = canvas.codes, canvas.styles
    if blanks_inherit:
        styles = _inherit_styles(codes, styles)
    comparable = before is not None and before.codes.shape == codes.shape and before.table is table
    if before is None or not comparable:
        strips = [_strip(codes[y], styles[y], table) for y in range(canvas.height)]
        return Painted(codes, styles, strips, table, [(y, canvas.width) for y in range(canvas.height)])
    differs = (codes != before.codes) | (styles != before.styles)
    strips = list(before.strips)
    changed = []
    for y in np.flatnonzero(differs.any(axis=1)).tolist():
        strips[y] = _strip(codes[y], styles[y], table)
        changed.append((y, canvas.width - int(np.argmax(differs[y, ::-1]))))
    return Painted(codes, styles, strips, table, changed)


def _inherit_styles(codes: CodeArray, styles: StyleArray) -> StyleArray:
    """Give blanks the style of their left neighbour: each change of style costs bytes on the way out."""
    source = np.where(codes != _BLANK, np.arange(codes.shape[1]), 0)
    np.maximum.accumulate(source, axis=1, out=source)
    return np.take_along_axis(styles, source, axis=1)


def _strip(codes: CodeArray, styles: StyleArray, table: Sequence[Style]) -> Strip:
    width = codes.size
    if width == 0:
        return Strip([], 0)
    starts = [0, *(np.flatnonzero(styles[1:] != styles[:-1]) + 1).tolist(), width]
    text = codes.astype("<u4").tobytes().decode("utf-32-le")
    segments = []
    for start, end in pairwise(starts):
        segments.append(Segment(text[start:end].replace("\0", ""), table[int(styles[start])]))
    return Strip(segments, width)
