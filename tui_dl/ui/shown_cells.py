"""What the terminal shows, cell by cell: of all that is rendered anew, only what differs is sent.

Textual sends every cell of a region that is to be painted again, whether it changed or not, and a style to
and fro for each piece of text: a view or a dialog is 15 to 40 KB of it, over half a second on a slow line.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, final

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

_SECOND_HALF: Final = "\x00"  # the right cell of a character that takes two
_UNKNOWN: Final = "\x01"  # differs from all that is ever painted
_BLANKS: Final = " " * 12  # more are erased with fewer bytes
_LONG_BLANKS: Final = re.compile(f"({_BLANKS}+)")
_FEWEST_LEFT_OUT: Final = 5  # a move costs about as much as so many cells
_SEEN_ON_BLANKS: Final = frozenset(("4", "5", "6", "7", "9", "21", "51", "52", "53"))
_LINK: Final = "\x02"  # between a style's codes and its hyperlink
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
        written = _Written()
        for x, y, strips in _pieces(update):
            if 0 <= y < size.height:
                self._patch_row(self._rows[y], x, y, strips, colours, written)
        return written.finished()

    def _patch_row(
        self, row: "_Row", x: int, y: int, strips: Iterable[Strip], colours: ColorSystem, written: "_Written"
    ) -> None:
        text, styles, can_compare = _cells(strips, colours)
        room = len(row.text) - x
        if len(text) > room:
            text, styles = text[:room], styles[:room]
        end = x + len(text)
        shown_text, shown_styles = row.text[x:end], row.styles[x:end]
        if can_compare and text == shown_text and styles == shown_styles:
            return
        changed = (
            [
                at
                for at, (new, old, style, old_style) in enumerate(
                    zip(text, shown_text, styles, shown_styles, strict=True)
                )
                if new != old or style != old_style
            ]
            if can_compare
            else range(len(text))
        )
        for first, last in _runs(changed):
            start = first - (text[first] == _SECOND_HALF and first > 0)
            written.move_to(x + start, y)
            written.write(text[start : last + 1], styles[start : last + 1])
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
        if before and self.text[x : x + 1] == _SECOND_HALF:
            before = before[:-1] + _UNKNOWN
        if after.startswith(_SECOND_HALF):
            after = _UNKNOWN + after[1:]
        self.text = before + text + after
        self.styles[x : x + len(text)] = styles


@final
class _Written:
    """Text and sequences; knows where the cursor is and how it writes."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._x = self._y = 0
        self._cursor = (-1, -1)
        self._style = ""

    def move_to(self, x: int, y: int) -> None:
        """Where the next text goes; the cursor follows when there is any."""
        self._x, self._y = x, y

    def write(self, text: str, styles: Sequence[str]) -> None:
        start, count = 0, len(styles)
        while start < count:
            own, end = styles[start], start + 1
            while end < count and styles[end] == own:
                end += 1
            run = text[start:end]
            # Blanks look the same in any colour: they need not be turned to their own and back.
            is_bare = run.isspace() and not _seen_of_blanks(own) and not _seen_of_blanks(self._style)
            if own != self._style and not is_bare:
                self._parts.append(_transition(self._style, own))
                self._style = own
            self._write_run(run, self._style)
            start = end

    def _write_run(self, text: str, style: str) -> None:
        """Text of one style; long blanks in it are erased instead of written."""
        if _BLANKS not in text or _seen_of_blanks(style):
            self._write_text(text)
            return
        for words in _LONG_BLANKS.split(text):
            if words.startswith(_BLANKS):
                self._bring_cursor()
                self._parts.append(f"\x1b[{len(words)}X")
                self._x += len(words)
            else:
                self._write_text(words)

    def _write_text(self, text: str) -> None:
        if text:
            self._bring_cursor()
            self._parts.append(text)
            self._x += len(text)
            self._cursor = self._x, self._y

    def _bring_cursor(self) -> None:
        wanted = self._x, self._y
        if wanted != self._cursor:
            same_line = self._y == self._cursor[1]
            self._parts.append(f"\x1b[{self._x + 1}G" if same_line else f"\x1b[{self._y + 1};{self._x + 1}H")
            self._cursor = wanted

    def finished(self) -> str:
        if not self._parts:
            return ""
        if self._style:
            self._parts.append(_transition(self._style, ""))
        return "".join(self._parts).replace(_SECOND_HALF, "")


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
            styles += [_seen_of_blanks(codes) if text.isspace() else codes] * len(text)
    return "".join(texts), styles, can_compare


@lru_cache(maxsize=512)
def _spread(text: str) -> tuple[str, bool]:
    """The text with a mark behind each wide character; False with one that has no cell of its own."""
    cells: list[str] = []
    simple = True
    for character in text:
        width = get_character_cell_size(character)
        cells.append(character + _SECOND_HALF * (width - 1))
        simple = simple and width > 0
    return "".join(cells), simple


def _codes(style: Style | None, colours: ColorSystem) -> str:
    if style is None:
        return ""
    ansi = style._ansi
    if ansi is None:
        ansi = Strip.render_ansi(style, colours)
    return f"{ansi}{_LINK}id={style._link_id};{style._link}" if style._link else ansi


@lru_cache(maxsize=1024)
def _seen_of_blanks(style: str) -> str:
    """Without what cannot be seen of a space, as its foreground: so it is left alone when that changes."""
    look = _look(style)
    attributes = [code for code in look.attributes.split(";") if code in _SEEN_ON_BLANKS]
    if attributes or look.link:
        return style
    return "" if look.background == "49" else look.background


class _Look(NamedTuple):
    attributes: str
    foreground: str
    background: str
    link: str


@lru_cache(maxsize=4096)
def _transition(before: str, after: str) -> str:
    """From one style to another, by what differs."""
    old, new = _look(before), _look(after)
    codes: list[str] = []
    if old.attributes != new.attributes:
        if old.attributes:
            codes.append("0")
            old = _Look("", "39", "49", old.link)
        if new.attributes:
            codes.append(new.attributes)
    if old.foreground != new.foreground:
        codes.append(new.foreground)
    if old.background != new.background:
        codes.append(new.background)
    plain = not new.attributes and new.foreground == "39" and new.background == "49"
    link = "" if old.link == new.link else f"\x1b]8;{new.link or ';'}\x1b\\"
    return link + ("\x1b[m" if plain and codes else f"\x1b[{';'.join(codes)}m" if codes else "")


@lru_cache(maxsize=1024)
def _look(style: str) -> _Look:
    """Taken apart as Rich puts it together: attributes, then foreground, then background."""
    ansi, _, link = style.partition(_LINK)
    attributes: list[str] = []
    foreground, background = "39", "49"
    codes = iter(ansi.split(";") if ansi else ())
    for code in codes:
        number = int(code)
        if number in (38, 48):
            kind = next(codes)
            code = ";".join((code, kind, *(next(codes) for _ in range(1 if kind == "5" else 3))))
        if 30 <= number <= 39 or 90 <= number <= 97:
            foreground = code
        elif 40 <= number <= 49 or 100 <= number <= 107:
            background = code
        else:
            attributes.append(code)
    return _Look(";".join(attributes), foreground, background, link)


def _runs(changed: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of changed cells; a small gap costs less than a move."""
    first = last = -1
    for at in changed:
        if first < 0:
            first = at
        elif at - last > _FEWEST_LEFT_OUT:
            yield first, last
            first = at
        last = at
    if first >= 0:
        yield first, last
