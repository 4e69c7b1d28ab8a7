"""How cells are written with few bytes: colour by colour, so that each is said once and not at every change.

Most of what a view or a dialog takes on a slow line is not its text but going from one colour to the next
and back: half of 15 KB. Written colour by colour a move of the cursor takes the place of a change of style,
at half its length. Moves are absolute: a character that a terminal draws wider than it should spoils the
piece it is in and nothing behind it.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, final

SECOND_HALF: Final = "\x00"
"""The right cell of a character that takes two."""
LINK: Final = "\x02"
"""Stands between a style's codes and its hyperlink."""
_BLANKS: Final = " " * 12  # more are erased with fewer bytes
_LONG_BLANKS: Final = re.compile(f"({_BLANKS}+)")
_SEEN_ON_BLANKS: Final = frozenset(("4", "5", "6", "7", "9", "21", "51", "52", "53"))
_LONGEST_GAP: Final = 4  # a move costs about as much as so many characters of one byte

_Run = tuple[int, int, str]


@final
class CellWriter:
    """Collects what is to be written to a terminal of this many columns; knows where the cursor will be."""

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._runs: dict[str, list[_Run]] = {}
        self._parts: list[str] = []
        self._cursor = (-1, -1)
        self._style = ""

    def put(self, x: int, y: int, text: str, styles: Sequence[str], changed: Iterable[int]) -> None:
        """Have the changed cells of a piece of a line written; the others are what the terminal shows.

        Args:
            x: column of the first cell, from 0.
            y: its line, from 0.
            text: a character a cell.
            styles: the codes of each cell.
            changed: places in the text, ascending.
        """
        own = ""
        start = end = -1
        is_blank = False
        count = len(text)
        has_wide = SECOND_HALF in text
        for at in changed:
            style, character = styles[at], text[at]
            if at == end and style == own and not has_wide:
                # Nearly every cell: the next one of a run.
                end = at + 1
                if is_blank and character != " ":
                    is_blank = False
                continue
            if at < end:
                continue
            first = at - 1 if character == SECOND_HALF and at > 0 else at
            last = at + 2 if has_wide and at + 1 < count and text[at + 1] == SECOND_HALF else at + 1
            joins = start >= 0 and (first == end or _fills(text[end:first], styles[end:first], own))
            if joins and (style == own or (character == " " and _alike_on_blanks(own, style))):
                end = last
                is_blank = is_blank and character == " "
            elif joins and is_blank and _alike_on_blanks(own, style):
                # Blanks look the same in any colour: they take that of what follows.
                own, end = style, last
                is_blank = character == " "
            else:
                if start >= 0:
                    self._runs.setdefault(own, []).append((y, x + start, text[start:end]))
                own, start, end = style, first, last
                is_blank = character == " "
        if start >= 0:
            self._runs.setdefault(own, []).append((y, x + start, text[start:end]))

    def put_whole(self, x: int, y: int, text: str, styles: Sequence[str]) -> None:
        """Have a piece of a line written in one go: where its characters come to lie the terminal knows."""
        start, count = 0, len(styles)
        self._move_to(x, y)
        while start < count:
            own, end = styles[start], start + 1
            while end < count and styles[end] == own:
                end += 1
            self._turn_to(own)
            self._parts.append(text[start:end])
            start = end
        self._cursor = (-1, -1)

    def finished(self) -> str:
        """All that is to be written; empty if nothing is. The style is reset at its end."""
        for style in sorted(self._runs, key=_look):
            self._turn_to(style)
            for y, x, text in self._runs[style]:
                self._write(x, y, text)
        self._runs.clear()
        self._turn_to("")
        return "".join(self._parts).replace(SECOND_HALF, "")

    def _write(self, x: int, y: int, text: str) -> None:
        """Text of the present style; long blanks in it are erased instead of written."""
        if _BLANKS not in text or seen_of_blanks(self._style):
            self._write_text(x, y, text)
            return
        for words in _LONG_BLANKS.split(text):
            if words.startswith(_BLANKS):
                self._move_to(x, y)
                self._parts.append(f"\x1b[{len(words)}X")
            elif words:
                self._write_text(x, y, words)
            x += len(words)

    def _write_text(self, x: int, y: int, text: str) -> None:
        self._move_to(x, y)
        self._parts.append(text)
        end = x + len(text)
        # Behind the last column terminals differ in where the cursor is.
        self._cursor = (end, y) if end < self._columns else (-1, -1)

    def _move_to(self, x: int, y: int) -> None:
        if (x, y) != self._cursor:
            self._parts.append(f"\x1b[{x + 1}G" if y == self._cursor[1] else f"\x1b[{y + 1};{x + 1}H")
            self._cursor = x, y

    def _turn_to(self, style: str) -> None:
        if style != self._style:
            self._parts.append(_transition(self._style, style))
            self._style = style


def _fills(text: str, styles: Sequence[str], own: str) -> bool:
    """Whether cells between two runs of a style are fewer bytes than a move, and of that style too."""
    return (
        len(text) <= _LONGEST_GAP
        and text.isascii()
        and SECOND_HALF not in text
        and all(
            style == own or (character == " " and _alike_on_blanks(own, style))
            for character, style in zip(text, styles, strict=True)
        )
    )


def _alike_on_blanks(one: str, other: str) -> bool:
    return seen_of_blanks(one) == seen_of_blanks(other)


@lru_cache(maxsize=1024)
def seen_of_blanks(style: str) -> str:
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
    ansi, _, link = style.partition(LINK)
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
