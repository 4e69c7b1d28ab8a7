"""A list to choose from: builds only the rows in sight, so that thousands cost as much as ten."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, ClassVar, final

from textual import events
from textual.binding import Binding
from textual.message import Message

from tui_dl.ui.hangul import with_jamo
from tui_dl.ui.ink import Line
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.run_model import RunModel

Draw = Callable[[int, bool], Sequence[Line]]


@final
@dataclass(frozen=True, slots=True)
class ListRow:
    """One row: `draw` makes its `height` lines, for a width and whether the cursor is there."""

    id: str
    draw: Draw
    height: int = 1
    is_heading: bool = False
    """A heading can't be chosen."""


class ListPanel(LinePanel, can_focus=True):
    """Arrows, pages, Home, End and the wheel move; Enter or a click on the chosen row opens it."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding(with_jamo("up,k"), "move(-1)", show=False),
        Binding(with_jamo("down,j"), "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "move(-1000000)", show=False),
        Binding("end", "move(1000000)", show=False),
        Binding("enter", "open", show=False),
    ]

    class Moved(Message):
        """Another row is the chosen one; no id says that there is none."""

        def __init__(self, panel: "ListPanel", row_id: str) -> None:
            super().__init__()
            self.panel = panel
            self.row_id = row_id

        @property
        def control(self) -> "ListPanel":
            """The list."""
            return self.panel

    class Opened(Message):
        """A row was opened."""

        def __init__(self, panel: "ListPanel", row_id: str) -> None:
            super().__init__()
            self.panel = panel
            self.row_id = row_id

        @property
        def control(self) -> "ListPanel":
            """The list."""
            return self.panel

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
        empty: Sequence[Line] = (),
        opens_at_once: bool = False,
    ) -> None:
        super().__init__(RunModel(), id=id)
        self._rows: Sequence[ListRow] = ()
        self._ends: list[int] = []
        self._choosable: list[int] = []
        self._cursor = 0
        self._first = 0
        self._empty = empty
        self._opens_at_once = opens_at_once
        self._shows_cursor = True

    def show(self, rows: Sequence[ListRow], *, keep: bool = True) -> None:
        """Take other rows; the chosen one stays chosen if it is still there and `keep`."""
        before = self.chosen
        self._rows = rows
        self._ends = list(accumulate(row.height for row in rows))
        self._choosable = [index for index, row in enumerate(rows) if not row.is_heading]
        ids = {rows[index].id: place for place, index in enumerate(self._choosable)}
        if keep and before in ids:
            self._cursor = ids[before]
        else:
            self._cursor = 0 if not keep else max(min(self._cursor, len(self._choosable) - 1), 0)
        self.repaint()
        if self.chosen != before:
            self.post_message(self.Moved(self, self.chosen))

    def show_cursor(self, *, shows: bool) -> None:
        """Mark the chosen row or not: where two lists stand side by side, one is chosen from."""
        self._shows_cursor = shows
        self.repaint()

    def choose(self, row_id: str) -> None:
        """Put the cursor on a row, if it is there."""
        for place, index in enumerate(self._choosable):
            if self._rows[index].id == row_id:
                self._go_to(place)

    @property
    def chosen(self) -> str:
        """The id of the row under the cursor; empty if there is none."""
        return self._rows[self._choosable[self._cursor]].id if self._choosable else ""

    @property
    def ids(self) -> list[str]:
        """The ids of all rows that can be chosen, in order."""
        return [self._rows[index].id for index in self._choosable]

    def build(self, width: int, height: int) -> Sequence[Line]:
        """The rows in sight."""
        if not self._rows:
            return self._empty
        chosen = self._choosable[self._cursor] if self._choosable else -1
        self._keep_in_sight(chosen, height)
        lines: list[Line] = []
        index = bisect_right(self._ends, self._first)
        skip = self._first - (self._ends[index - 1] if index else 0)
        while index < len(self._rows) and len(lines) < height + skip:
            lines += self._rows[index].draw(width, index == chosen and self._shows_cursor)
            index += 1
        return lines[skip : skip + height]

    def _keep_in_sight(self, chosen: int, height: int) -> None:
        if chosen >= 0:
            top, end = self._ends[chosen] - self._rows[chosen].height, self._ends[chosen]
            if chosen > 0 and self._rows[chosen - 1].is_heading:
                top -= self._rows[chosen - 1].height
            self._first = max(min(self._first, top), end - height)
        self._first = max(min(self._first, self._ends[-1] - height), 0)

    def move_lines(self, lines: int) -> None:
        """The wheel moves the cursor: it stays in sight."""
        self.action_move(1 if lines > 0 else -1)

    def action_move(self, by: int) -> None:
        self._go_to(self._cursor + by)

    def action_page(self, by: int) -> None:
        tallest = max((row.height for row in self._rows), default=1)
        self._go_to(self._cursor + by * max(self.content_size.height // tallest - 1, 1))

    def action_open(self) -> None:
        if self.chosen:
            self.post_message(self.Opened(self, self.chosen))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        index = -1 if offset is None else bisect_right(self._ends, self._first + offset.y)
        if index not in self._choosable:
            return
        event.stop()
        place = self._choosable.index(index)
        was_chosen = place == self._cursor and (self.has_focus or self._opens_at_once)
        self._go_to(place)
        if self._opens_at_once or was_chosen:
            self.action_open()

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()

    def _go_to(self, place: int) -> None:
        before = self._cursor
        self._cursor = max(min(place, len(self._choosable) - 1), 0)
        if self._cursor == before:
            return
        self.repaint()
        self.post_message(self.Moved(self, self.chosen))
