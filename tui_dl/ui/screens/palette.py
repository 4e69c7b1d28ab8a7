"""The command palette: everything that can be done, found by a few letters of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast, final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from tui_dl.ui.fuzzy import Match, best, queries_for
from tui_dl.ui.ink import Line, Part, cells, fitted
from tui_dl.ui.overlay import Overlay
from tui_dl.ui.panels.list_panel import ListPanel, ListRow
from tui_dl.ui.screens.dialog import DialogLines

if TYPE_CHECKING:
    from tui_dl.ui.app import TuiDlApp

_MOST_FOUND: Final = 200
_KIND_CELLS: Final = 11
_NOT_NOW: Final = 30.0
_HELP_FROM: Final = 24


@final
@dataclass(frozen=True, slots=True)
class Command:
    """One thing that the palette can do.

    Attributes:
        kind: what sort of thing it is, in a word.
        label: what it is called, and found by.
        help: in a line; found by too, but less.
        run: does it, once the palette is closed.
        key: that does the same.
        is_possible: whether it would do something now; others are listed behind.
        at_once: whether it is offered before anything was typed.
    """

    kind: str
    label: str
    run: Callable[[], object]
    help: str = ""
    key: str = ""
    is_possible: bool = True
    at_once: bool = True


class Palette(Overlay[Command | None]):
    """Typing finds, arrows choose, Enter does it; Escape does nothing.

    Args:
        commands: what is known at once.
        more: what takes a while to look up (runs on disk), called in a thread.
    """

    DEFAULT_CSS = """
    Palette {
        align-horizontal: center;
        & > .box {
            width: 90; max-width: 100%; height: 70%; max-height: 30; min-height: 8; margin-top: 1;
            border: round $accent; border-title-color: $accent; border-title-style: bold;
            background: $surface; padding: 0 1;
        }
        & Input, & Input:focus { border: none; height: 1; padding: 0; background: transparent; }
        & #found { height: 1fr; }
        & #about { height: 1; }
    }
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape,ctrl+p", "cancel", show=False, priority=True),
        Binding("up,shift+tab", "move(-1)", show=False, priority=True),
        Binding("down,tab", "move(1)", show=False, priority=True),
        Binding("pageup", "page(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
        Binding("enter", "take", show=False, priority=True),
    ]
    AUTO_FOCUS = "Input"

    class Found(Message):
        """What took a while to look up."""

        def __init__(self, commands: list[Command]) -> None:
            super().__init__()
            self.commands = commands

    def __init__(
        self, commands: Sequence[Command], more: Callable[[], Iterable[Command]] | None = None
    ) -> None:
        super().__init__()
        self._commands = list(commands)
        self._more = more
        self._found: list[tuple[Command, Match]] = []

    def compose(self) -> ComposeResult:
        """The field, what it finds, and a line about what is chosen."""
        box = Vertical(classes="box")
        box.border_title = "Find"
        box.border_subtitle = "↑ ↓ choose   Enter does it   Esc closes"
        with box:
            yield Input(placeholder="an action, a component, a preset, a run, a setting…", compact=True)
            yield ListPanel(id="found", empty=[[("  Nothing is called that.", "dim")]], opens_at_once=True)
            yield DialogLines([()], id="about")

    def on_mount(self) -> None:
        self.query_one(ListPanel).can_focus = False
        # The first paint is the key's answer; what is found comes with it.
        self._find("")
        if self._more is not None:
            self.run_worker(self._look_up, thread=True, group="more")

    def on_resize(self) -> None:
        self._tell()

    @on(Input.Changed)
    def find(self, event: Input.Changed) -> None:
        """Look for what was typed."""
        event.stop()
        self._find(event.value)

    @on(ListPanel.Moved)
    def tell(self) -> None:
        """Say what is chosen."""
        self._tell()

    @on(ListPanel.Opened)
    def take(self, event: ListPanel.Opened) -> None:
        """Do what is chosen."""
        self.dismiss(self._found[int(event.row_id)][0])

    def action_cancel(self) -> None:
        self.dismiss(None)

    def action_move(self, by: int) -> None:
        self.query_one(ListPanel).action_move(by)

    def action_page(self, by: int) -> None:
        self.query_one(ListPanel).action_page(by)

    def action_take(self) -> None:
        self.query_one(ListPanel).action_open()

    # -- inside ----------------------------------------------------------------------------------------

    def _look_up(self) -> None:
        assert self._more is not None
        # Not call_from_thread: it waits for a loop that may have ended meanwhile.
        self.post_message(self.Found(list(self._more())))

    def on_palette_found(self, event: Found) -> None:
        self._commands += event.commands
        self._find(self.query_one(Input).value, keep=True)

    def _find(self, text: str, *, keep: bool = False) -> None:
        self._found = ranked(self._commands, text)[:_MOST_FOUND]
        rows = [ListRow(str(place), partial(_draw, *found)) for place, found in enumerate(self._found)]
        self.query_one(ListPanel).show(rows, keep=keep)
        self._tell()

    def _tell(self) -> None:
        chosen = self.query_one(ListPanel).chosen
        line: Line = [(self._found[int(chosen)][0].help, "dim")] if chosen else ()
        self.query_one("#about", DialogLines).show([line])


def ranked(commands: Iterable[Command], text: str) -> list[tuple[Command, Match]]:
    """The commands that fit, the best first; what can't be done now comes behind what can."""
    queries = queries_for(text)
    found = []
    for place, command in enumerate(commands):
        if not text.strip() and not command.at_once:
            continue
        fit = _fit(command, queries)
        if fit is not None:
            found.append((-fit.score + (0.0 if command.is_possible else _NOT_NOW), place, command, fit))
    found.sort(key=lambda one: one[:2])
    return [(command, fit) for _, _, command, fit in found]


def _fit(command: Command, queries: tuple[str, ...]) -> Match | None:
    label = best(queries, command.label)
    if label is not None:
        return label
    around = best(queries, f"{command.label} {command.kind} {command.help}", scattered=False)
    if around is None:
        return None
    size = len(command.label)
    return Match(around.score / 3, frozenset(place for place in around.places if place < size))


def _draw(command: Command, fit: Match, width: int, chosen: bool) -> list[Line]:
    return [_line(command, fit, width, chosen)]


def _line(command: Command, fit: Match, width: int, chosen: bool) -> Line:
    kind_cells = _KIND_CELLS if width >= 40 else 0
    plain = "" if command.is_possible else "dim"
    parts: list[Part] = [("▸ " if chosen else "  ", "key")]
    if kind_cells:
        parts.append((fitted(command.kind, kind_cells), "dim"))
    room = width - cells(parts) - len(command.key) - 2
    label = command.label if len(command.label) <= room else command.label[: max(room - 1, 0)] + "…"
    for place, character in enumerate(label):
        style = "key" if place in fit.places else "bold" if chosen else plain
        if len(parts) > 2 and isinstance(parts[-1], tuple) and parts[-1][1] == style:
            parts[-1] = (str(parts[-1][0]) + character, style)
        else:
            parts.append((character, style))
    about = width - cells(parts) - len(command.key) - 4
    if about >= _HELP_FROM and command.help:
        parts.append((f"  {fitted(command.help, about).rstrip()}", "dim"))
    gap = width - cells(parts) - len(command.key) - 1
    return [*parts, " " * max(gap, 1), (command.key, "key" if command.is_possible else "dim")]


def open_palette(app: "TuiDlApp", commands: Sequence[Command], more: Any = None) -> None:
    """Show the palette; what is chosen there is done after it has closed."""

    def done(command: Command | None) -> None:
        if command is None:
            return
        if command.is_possible:
            app.call_later(command.run)
        else:
            app.notify(f"Not now: {command.label}. {command.help}", markup=False)

    app.push_screen(Palette(commands, more), cast("Any", done))
