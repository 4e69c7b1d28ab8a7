"""The source of what is chosen: torch's class, what builds it here, the Struct that declares it."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical

from tui_dl.ui.hangul import latin_of, with_jamo
from tui_dl.ui.ink import Line, Part, strip_of, wrapped
from tui_dl.ui.overlay import Overlay
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.screens.dialog import DIALOG_CSS
from tui_dl.ui.sources.highlight import highlighted
from tui_dl.ui.sources.locate import Passage, SourceNotFoundError
from tui_dl.ui.sources.parts import SourcePart, part_of_class, passages_of

__all__ = ["SourceScreen", "part_of_class"]

_HEAD_LINES: Final = 4
_MAIN: Final = re.compile(r"def (?:forward|step)\b")
_SIDEWAYS: Final = 8


class SourceLines(LinePanel):
    """A head of four lines that stays, and the text below it, which scrolls both ways."""

    def __init__(self, parts: Sequence[SourcePart], chosen: int) -> None:
        super().__init__(RunModel(), id="source")
        self.parts = parts
        self.part = chosen
        self.passage = self._first_passage()
        self.search = ""
        self.is_searching = False
        self.found: int | None = None
        self._first = 0
        self._left = 0

    @property
    def passages(self) -> tuple[Passage | SourceNotFoundError, ...]:
        """All that is to be seen of the present part."""
        return passages_of(self.parts[self.part].component)

    @property
    def code(self) -> tuple[str, ...]:
        """The lines of the present passage."""
        passage = self.passages[self.passage]
        return tuple(passage.text.split("\n")) if isinstance(passage, Passage) else ()

    def build(self, width: int, height: int) -> Sequence[Line]:
        """The head, then as much of the text as there is room for."""
        passage = self.passages[self.passage]
        head: list[Line] = [self._parts_line(width), self._passages_line()]
        if isinstance(passage, SourceNotFoundError):
            text = f"There is no source to show: {passage}."
            return [*head, (), (), *([(line, "warn")] for line in wrapped(text, width))]
        where = f"{passage.path}:{passage.first_line}"
        # The end of a path tells more than its beginning.
        head.append([(where if len(where) <= width else "…" + where[-width + 1 :], "dim")])
        head.append(self._search_line(width))
        rows = max(height - _HEAD_LINES, 1)
        lines = highlighted(passage.text)
        self._first = max(min(self._first, len(lines) - rows), 0)
        digits = len(str(passage.first_line + len(lines)))
        return [
            *head,
            *(
                self._numbered(passage.first_line + place, digits, lines[place], place == self.found, width)
                for place in range(self._first, min(self._first + rows, len(lines)))
            ),
        ]

    def move_lines(self, lines: int) -> None:
        self._first = max(min(self._first + lines, len(self.code) - 1), 0)
        self.repaint()

    def move_left(self, cells: int) -> None:
        """Move the text sideways."""
        longest = max((len(line) for line in self.code), default=0)
        self._left = max(min(self._left + cells, longest - 20), 0)
        self.repaint()

    def show_part(self, part: int, passage: int | None = None) -> None:
        """Another part, or another passage of it, from its beginning."""
        self.part = part % len(self.parts)
        self.passage = self._first_passage() if passage is None else passage % len(self.passages)
        self._first = self._left = 0
        self.found = None
        self.repaint()

    def look_for(self, pattern: re.Pattern[str], by: int = 1) -> bool:
        """Go to the next line that has it, around the end. Returns whether there is one."""
        code = self.code
        start = self.found if self.found is not None else self._first - by
        for distance in range(1, len(code) + 1):
            place = (start + by * distance) % len(code)
            if pattern.search(code[place]):
                self.found = place
                self._first = max(place - 3, 0)
                self.repaint()
                return True
        self.found = None
        self.repaint()
        return False

    def _first_passage(self) -> int:
        """The library's where it has one, else how it is made here."""
        return next((place for place, one in enumerate(self.passages) if isinstance(one, Passage)), 0)

    def _parts_line(self, width: int) -> Line:
        line: list[Part] = []
        # From the first part with which the chosen one still fits.
        sizes = [len(part.label) + 3 for part in self.parts]
        first = next(start for start in range(self.part + 1)
                     if sum(sizes[start : self.part + 1]) <= width or start == self.part)  # fmt: skip
        for place, part in enumerate(self.parts):
            if place < first:
                continue
            style = "chosen" if place == self.part else "bold"
            line += [(f" {part.label} ", style, f"screen.part({place})"), " "]
        return line

    def _passages_line(self) -> Line:
        line: list[Part] = []
        for place, passage in enumerate(self.passages):
            title = passage.title if isinstance(passage, Passage) else "library"
            style = "title" if place == self.passage else "dim"
            mark = "▸" if place == self.passage else " "
            line += [(mark, "key"), (f"{place + 1} {title}", style, f"screen.passage({place})"), "  "]
        return line

    def _search_line(self, width: int) -> Line:
        if not self.search and not self.is_searching:
            return []
        missing = "" if self.found is not None or not self.search else "  not in this text"
        return [
            ("/ ", "key"),
            (self.search, "bold"),
            ("▌" if self.is_searching else "", "key"),
            (missing, "warn"),
        ]

    def _numbered(self, number: int, digits: int, line: Line, is_found: bool, width: int) -> Line:
        head: list[Part] = [
            (f"{number:>{digits}} ", "key" if is_found else "dim"),
            ("▸" if is_found else " ", "key"),
        ]
        if not self._left:
            return [*head, *line]
        # A strip knows how to leave out cells on its left.
        strip = strip_of(self.ink, line, self._left + width).crop(self._left, self._left + width)
        return [*head, *strip]


class SourceScreen(Overlay[None]):
    """Tab goes to the next part, digits to its passages, / searches, f goes to forward or step."""

    DEFAULT_CSS = f"SourceScreen {{ {DIALOG_CSS} & > .box {{ width: 112; height: 96%; }} }}"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape,ctrl+c", "cancel", show=False),
        Binding(with_jamo("q,S") + ",f2", "leave", show=False),
        Binding(with_jamo("up,k"), "scroll(-1)", show=False),
        Binding(with_jamo("down,j"), "scroll(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown,space", "page(1)", show=False),
        Binding("home,g", "scroll(-1000000)", show=False),
        Binding("end,G", "scroll(1000000)", show=False),
        Binding("left", f"sideways(-{_SIDEWAYS})", show=False),
        Binding("right", f"sideways({_SIDEWAYS})", show=False),
        Binding("tab", "next_part(1)", show=False),
        Binding("shift+tab", "next_part(-1)", show=False),
        Binding(with_jamo("f"), "main", show=False),
        Binding("slash", "search", show=False),
        Binding(with_jamo("n"), "next(1)", show=False),
        Binding(with_jamo("N"), "next(-1)", show=False),
        Binding("enter", "found", show=False),
        Binding("backspace", "erase", show=False),
    ]

    def __init__(self, parts: Sequence[SourcePart], chosen: int = 0) -> None:
        super().__init__()
        self._lines = SourceLines(parts, chosen)

    def compose(self) -> ComposeResult:
        """One box of lines."""
        box = Vertical(self._lines, classes="box")
        box.border_title = "Source"
        keys = ["1-9 passage", "f forward/step", "/ search"]
        if len(self._lines.parts) > 1:
            keys.insert(0, "Tab part")
        if self.app.size.width < 80:
            keys = keys[-3:]
        box.border_subtitle = "  ".join([*keys, "Esc"])
        yield box

    @property
    def takes_text(self) -> bool:
        """Whether somebody writes what to search for."""
        return self._lines.is_searching

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # While somebody writes what to search for, letters are letters.
        return not self._lines.is_searching or action in ("cancel", "found", "erase")

    def on_key(self, event: events.Key) -> None:
        character = event.character or ""
        lines = self._lines
        if lines.is_searching and event.is_printable and character:
            event.stop()
            self._search(lines.search + character)
        elif character.isdigit() and 1 <= int(character) <= len(lines.passages):
            event.stop()
            lines.show_part(lines.part, int(character) - 1)

    def action_cancel(self) -> None:
        lines = self._lines
        if lines.is_searching or lines.search:
            lines.is_searching, lines.search, lines.found = False, "", None
            lines.repaint()
        else:
            self.dismiss(None)

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        self._lines.move_lines(by)

    def action_page(self, by: int) -> None:
        self._lines.move_lines(by * max(self._lines.content_size.height - _HEAD_LINES - 1, 1))

    def action_sideways(self, cells: int) -> None:
        self._lines.move_left(cells)

    def action_part(self, part: int) -> None:
        self._lines.show_part(part)

    def action_next_part(self, by: int) -> None:
        self._lines.show_part(self._lines.part + by)

    def action_passage(self, passage: int) -> None:
        self._lines.show_part(self._lines.part, passage)

    def action_main(self) -> None:
        """To the method that does the work."""
        self._lines.look_for(_MAIN)

    def action_search(self) -> None:
        self._lines.is_searching = True
        self._search("")

    def action_next(self, by: int) -> None:
        if self._lines.search:
            self._lines.look_for(self._pattern(self._lines.search), by)

    def action_found(self) -> None:
        self._lines.is_searching = False
        self._lines.repaint()

    def action_erase(self) -> None:
        self._search(self._lines.search[:-1])

    def _search(self, text: str) -> None:
        self._lines.search = text
        self._lines.found = None
        if text:
            self._lines.look_for(self._pattern(text))
        else:
            self._lines.repaint()

    def _pattern(self, text: str) -> re.Pattern[str]:
        # Source is written in Latin letters, whichever input method is on.
        return re.compile(re.escape(latin_of(text)), re.IGNORECASE)
