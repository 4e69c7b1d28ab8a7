"""All keys by group, from the one table, what can be done now in front."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.geometry import Size
from textual.widgets import Input

from tui_dl.ui.fuzzy import best, queries_for
from tui_dl.ui.ink import Line, Part, cells, wrapped
from tui_dl.ui.keys.entry import KeyAction
from tui_dl.ui.keys.keymap import Keymap
from tui_dl.ui.keys.names import shown_key
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.screens.dialog import Dialog, DialogLines

_KEY_CELLS: Final = 13
_LABEL_CELLS: Final = 15
_TWO_COLUMNS_FROM: Final = 140
_WIDEST: Final = 150
_GAP: Final = 3


class HelpScreen(Dialog):
    """Every key and what it does; what cannot be done now is dim and comes last. `/` finds some."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "back", show=False, priority=True),
        Binding("q", "cancel", show=False),
        Binding("slash", "find", show=False),
        Binding("k,up", "scroll(-1)", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
        Binding("pagedown,space", "scroll(10)", show=False),
        Binding("home", "scroll(-1000)", show=False),
        Binding("end", "scroll(1000)", show=False),
    ]
    DEFAULT_CSS = f"""
    HelpScreen > .box {{ width: {_WIDEST}; height: auto; }}
    HelpScreen.-one-column > .box {{ width: 100; }}
    HelpScreen Input, HelpScreen Input:focus {{
        border: none; height: 1; padding: 0; background: transparent;
    }}
    """
    AUTO_FOCUS = ""

    def __init__(self, model: RunModel, keymap: Keymap, view: str = "") -> None:
        super().__init__("Keys", [], [])
        self._model = model
        self._keymap = keymap
        self._view = view
        self._shown_for = Size(0, 0), ""

    def compose(self) -> ComposeResult:
        """The list in a box."""
        box = Vertical(classes="box")
        box.border_title = "Keys"
        box.border_subtitle = "↑ ↓ scroll   / find   Esc closes"
        # Said before the first layout, not after it: that would lay out and paint twice.
        self._shown_for = self.app.size, ""
        self.set_class(self._is_narrow, "-one-column")
        with box:
            yield DialogLines(self._lines(""), id="dialog-lines")

    def on_key(self, event: events.Key) -> None:
        """The key that opened it closes it."""
        if not isinstance(self.focused, Input) and self._keymap.is_key_of("help", event.key):
            event.stop()
            self.action_cancel()

    async def action_find(self) -> None:
        """Ask for words to find keys by; the field is made only now, to open the help sooner."""
        if not self.query(Input):
            field = Input(placeholder="find a key by what it does", compact=True)
            await self.query_one(".box").mount(field, before=0)
            field.focus()

    async def action_back(self) -> None:
        """Leave the search, then the help."""
        fields = self.query(Input)
        if not fields:
            self.action_cancel()
            return
        self.set_focus(None)
        await fields.remove()
        self._show()

    @on(Input.Changed)
    def find(self) -> None:
        """Only what fits."""
        self._show()

    @property
    def _is_narrow(self) -> bool:
        return self.app.size.width < _TWO_COLUMNS_FROM

    def _show(self) -> None:
        wanted = self.app.size, next((field.value for field in self.query(Input)), "")
        if wanted != self._shown_for:
            self._shown_for = wanted
            self.set_class(self._is_narrow, "-one-column")
            self.query_one(DialogLines).show(self._lines(wanted[1]))

    def _lines(self, query: str) -> list[Line]:
        widest = 100 if self._is_narrow else _WIDEST
        width = max(min(widest, self.app.size.width * 96 // 100) - 4, 30)
        queries = queries_for(query)
        entries = [
            entry
            for entry in self._keymap.entries
            if best(queries, f"{entry.label} {entry.tooltip} {entry.shown}", scattered=False) is not None
        ]
        columns = 2 if width >= _TWO_COLUMNS_FROM * 96 // 100 - 4 else 1
        room = (width - _GAP * (columns - 1)) // columns
        blocks = [
            self._group_lines(group, [one for one in entries if one.group == group], room)
            for group in dict.fromkeys(entry.group for entry in entries)
        ]
        if not blocks:
            return [[("No key does that.", "dim")]]
        if columns == 1:
            return [line for block in blocks for line in (*block, ())]
        return _beside(blocks, room)

    def _group_lines(self, group: str, entries: Sequence[KeyAction], width: int) -> list[Line]:
        able = [entry for entry in entries if entry.can(self._model, self._view)]
        # Run and pause are one key: while one can be done the other is not worth a line.
        able_actions = {entry.action for entry in able}
        unable = [one for one in entries if one.action not in able_actions]
        lines: list[Line] = [[(group, "title")]]
        for entry in able:
            lines += _entry_lines(entry, width, can=True)
        for entry in unable:
            lines += _entry_lines(entry, width, can=False)
        return lines


def _entry_lines(entry: KeyAction, width: int, *, can: bool) -> list[Line]:
    room = max(width - _KEY_CELLS - _LABEL_CELLS - 2, 16)
    words = wrapped(entry.tooltip, room)
    shown = " ".join(dict.fromkeys((entry.shown, *map(shown_key, entry.keys.split(",")))))
    shown = shown if len(shown) <= _KEY_CELLS - 3 else entry.shown
    head: list[Part] = [
        (f"  {shown:<{_KEY_CELLS - 2}}", "key" if can else "dim"),
        (f"{entry.label:<{_LABEL_CELLS}} ", "bold" if can else "dim"),
    ]
    lines: list[Line] = [[*head, (words[0], "" if can else "dim")]]
    indent = " " * (_KEY_CELLS + _LABEL_CELLS + 1)
    return lines + [[indent, (text, "" if can else "dim")] for text in words[1:]]


def _beside(blocks: Sequence[list[Line]], width: int) -> list[Line]:
    """Two columns of about the same height, no group torn apart."""
    total = sum(len(block) + 1 for block in blocks)
    left: list[Line] = []
    right: list[Line] = []
    for block in blocks:
        column = left if not right and len(left) + len(block) / 2 <= total / 2 else right
        column += [*block, ()]
    rows: list[Line] = []
    for at in range(max(len(left), len(right))):
        one = left[at] if at < len(left) else ()
        other = right[at] if at < len(right) else ()
        rows.append([*one, " " * (width - cells(one) + _GAP), *other])
    return rows
