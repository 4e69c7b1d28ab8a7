"""What the terminal shows, cell by cell: of all that is rendered anew, only what differs is sent.

Textual sends every cell of a region that is to be painted again, whether it changed or not, and a style to
and fro for each piece of text: a view or a dialog is 15 to 40 KB of it, over half a second on a slow line.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import compress
from operator import ne, or_
from typing import Final, final

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

from tui_dl.ui.cell_writer import LINK, SECOND_HALF, CellWriter, seen_of_blanks

_UNKNOWN: Final = "\x01"  # differs from all that is ever painted
# Of one cell each in Textual's eyes: Latin, arrows, mathematics, boxes, blocks, shapes, braille.
_NARROW: Final = re.compile("[\x00-\u02ff\u2190-\u22ff\u2500-\u25fc\u2800-\u28ff]*")


@final
class ShownCells:
    """The cells as they were sent last."""

    def __init__(self) -> None:
        self._size = Size(0, 0)
        self._rows: list[_Row] = []

    def forget(self) -> None:
        """Somebody else may have written to the terminal: what comes next is sent whole."""
        self._size = Size(0, 0)

    def patch(self, update: LayoutUpdate | ChopsUpdate, size: Size, colours: ColorSystem) -> str:
        """What to write so that the terminal, of this size, shows the update; empty if it does already."""
        if size != self._size:
            self._size = size
            self._rows = [_Row.unknown(size.width) for _ in range(size.height)]
        written = CellWriter(size.width)
        for x, y, strips in _pieces(update):
            if 0 <= y < size.height:
                self._patch_row(self._rows[y], x, y, strips, colours, written)
        return written.finished()

    def _patch_row(
        self, row: "_Row", x: int, y: int, strips: Iterable[Strip], colours: ColorSystem, written: CellWriter
    ) -> None:
        text, styles, can_compare = _cells(strips, colours)
        room = len(row.text) - x
        if len(text) > room:
            text, styles = text[:room], styles[:room]
        end = x + len(text)
        shown_text, shown_styles = row.text[x:end], row.styles[x:end]
        if can_compare and text == shown_text and styles == shown_styles:
            return
        if can_compare:
            differs = map(or_, map(ne, text, shown_text), map(ne, styles, shown_styles))
            written.put(x, y, text, styles, compress(range(len(text)), differs))
        else:
            written.put_whole(x, y, text, styles)
        row.take(x, text if can_compare else _UNKNOWN * len(text), styles)


@final
class _Row:
    """A line's cells: their characters, and how each is written."""

    __slots__ = ("styles", "text")

    def __init__(self, text: str, styles: list[str]) -> None:
        self.text, self.styles = text, styles

    @classmethod
    def unknown(cls, width: int) -> "_Row":
        return cls(_UNKNOWN * width, [""] * width)

    def take(self, x: int, text: str, styles: list[str]) -> None:
        before, after = self.text[:x], self.text[x + len(text) :]
        # Half of a wide character that was written over: terminals blank the other half.
        if before and self.text[x : x + 1] == SECOND_HALF:
            before = before[:-1] + _UNKNOWN
        if after.startswith(SECOND_HALF):
            after = _UNKNOWN + after[1:]
        self.text = before + text + after
        self.styles[x : x + len(text)] = styles


def _pieces(update: CompositorUpdate) -> Iterator[tuple[int, int, Iterable[Strip]]]:
    """Column, line and what is there, of each stretch of an update."""
    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            # A dialog paints its box alone: beside it Textual has None, whatever its types say.
            found: Iterable[Strip | None] = line
            yield update.region.x, y, [strip for strip in found if strip is not None]
    elif isinstance(update, ChopsUpdate):
        for y, x1, x2 in update.spans:
            yield from _span(update, y, x1, x2)


def _span(update: ChopsUpdate, y: int, x1: int, x2: int) -> Iterator[tuple[int, int, list[Strip]]]:
    """Of a line the strips that reach into the span, as stretches without a hole."""
    found: list[Strip] = []
    start = at = 0
    for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
        if strip is None or x >= x2 or end <= x1:
            continue
        if end > x2:
            strip = strip.crop(0, x2 - x)
        if found and x != at:
            yield start, y, found
            found = []
        if not found:
            start = at = x
        found.append(strip)
        at += strip.cell_length
    if found:
        yield start, y, found


def _cells(strips: Iterable[Strip], colours: ColorSystem) -> tuple[str, list[str], bool]:
    """Characters and styles, one each a cell; and whether all is that simple."""
    texts: list[str] = []
    styles: list[str] = []
    can_compare = True
    for strip in strips:
        for text, style, control in strip:
            if control or not text:
                continue
            if not (text.isascii() or _NARROW.fullmatch(text)):
                text, simple = _spread(text)
                can_compare = can_compare and simple
            texts.append(text)
            codes = _codes(style, colours)
            styles += [seen_of_blanks(codes) if text.isspace() else codes] * len(text)
    return "".join(texts), styles, can_compare


@lru_cache(maxsize=512)
def _spread(text: str) -> tuple[str, bool]:
    """The text with a mark behind each wide character; False with one that has no cell of its own."""
    cells: list[str] = []
    simple = True
    for character in text:
        width = get_character_cell_size(character)
        cells.append(character + SECOND_HALF * (width - 1))
        simple = simple and width > 0
    return "".join(cells), simple


def _codes(style: Style | None, colours: ColorSystem) -> str:
    if style is None:
        return ""
    ansi = style._ansi
    if ansi is None:
        ansi = Strip.render_ansi(style, colours)
    return f"{ansi}{LINK}id={style._link_id};{style._link}" if style._link else ansi
