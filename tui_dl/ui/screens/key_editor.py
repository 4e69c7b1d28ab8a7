"""Other keys for actions: choose one, press the new key."""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical

from tui_dl.ui.hangul import JAMO
from tui_dl.ui.ink import Line, Part, cells, fitted
from tui_dl.ui.keys.entry import KeyAction
from tui_dl.ui.keys.keymap import keymap_for, twins
from tui_dl.ui.keys.names import shown_key
from tui_dl.ui.keys.table import KEYS
from tui_dl.ui.panels.list_panel import ListPanel, ListRow
from tui_dl.ui.screens.dialog import DIALOG_CSS, DialogLines
from tui_dl.ui.screens.list_dialog import ListDialog
from tui_dl.ui.screens.see_through import SeeThroughScreen
from tui_dl.ui.settings import Settings

_KEYS_CELLS: Final = 20
_JAMO: Final = frozenset(JAMO.values())


class KeyCapture(SeeThroughScreen[str | None]):
    """Takes the next key, whichever it is; Escape takes none."""

    DEFAULT_CSS = f"KeyCapture {{ {DIALOG_CSS} & > .box {{ width: 50; }} }}"

    def __init__(self, label: str) -> None:
        super().__init__()
        self._label = label

    def compose(self) -> ComposeResult:
        """What to do, in two lines."""
        box = Vertical(classes="box")
        box.border_title = "A key"
        with box:
            lines: list[Line] = [
                [("Press the key for ", ""), (self._label, "key")],
                [("Esc leaves it as it is.", "dim")],
            ]
            yield DialogLines(lines)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        self.dismiss(None if event.key == "escape" else event.key)


class KeyEditor(ListDialog):
    """Enter takes another key instead, + one more; Del gives the table's keys back."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("plus", "add", show=False),
        Binding("delete,backspace", "reset", show=False),
    ]
    SUBTITLE = "Enter other key   + one more   Del default   Esc back"

    def __init__(self) -> None:
        super().__init__("Keys")
        self._unsubscribe: Any = None

    def on_mount(self) -> None:
        self._unsubscribe = self.program.settings_store.subscribe(self._changed)

    def on_unmount(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()

    def renew(self) -> None:
        """A row for each action, a heading for each group."""
        rows: list[ListRow] = []
        group = ""
        for entry, default in zip(self.program.keymap.entries, KEYS, strict=True):
            if entry.group != group:
                group = entry.group
                rows.append(ListRow(f"#{group}", partial(_heading, group), is_heading=True))
            rows.append(ListRow(entry.id, partial(_row, entry, entry.keys != default.keys)))
        self.rows.show(rows)
        self._tell()

    def about(self, row_id: str) -> Sequence[str | Line]:
        """What the action does, and what would be its keys."""
        entry = next(one for one in KEYS if one.id == row_id)
        return [entry.tooltip, f"{row_id} · by default {_shown_keys(entry)}"]

    @on(ListPanel.Opened)
    def replace_key(self, event: ListPanel.Opened) -> None:
        """Have another key pressed."""
        self._capture(event.row_id, adds=False)

    def action_add(self) -> None:
        if self.rows.chosen:
            self._capture(self.rows.chosen, adds=True)

    def action_reset(self) -> None:
        if not self.rows.chosen:
            return
        given_back = twins(self.rows.chosen)
        keys = {name: text for name, text in self.program.settings.keys.items() if name not in given_back}
        self.program.change_settings(keys=keys)

    # -- inside ----------------------------------------------------------------------------------------

    def _capture(self, entry_id: str, *, adds: bool) -> None:
        entry = self.program.keymap.entry(entry_id)
        self.app.push_screen(KeyCapture(entry.label), partial(self._take, entry_id, adds))

    def _take(self, entry_id: str, adds: bool, key: str | None) -> None:
        if key is None or key in _JAMO:
            return
        entry = self.program.keymap.entry(entry_id)
        text = f"{entry.keys},{key}" if adds else key
        keys = {**self.program.settings.keys, entry_id: text}
        # What can't be is refused here and now, instead of being kept in the file as a mistake.
        present, wanted = self.program.keymap, keymap_for(keys)
        new = [problem for problem in wanted.problems if problem not in present.problems]
        if new:
            self.notify(" ".join(new), severity="warning", markup=False)
            return
        self.program.change_settings(keys=keys)

    def _changed(self, _: Settings) -> None:
        self.renew()


def _heading(group: str, _width: int, _chosen: bool) -> list[Line]:
    return [[(group, "title")]]


def _shown_keys(entry: KeyAction) -> str:
    return "  ".join(shown_key(key) for key in entry.keys.split(","))


def _row(entry: KeyAction, differs: bool, width: int, chosen: bool) -> list[Line]:
    parts: list[Part] = [
        ("▸ " if chosen else "  ", "key"),
        (fitted(_shown_keys(entry), _KEYS_CELLS), "key"),
        (entry.label, "bold" if chosen else ""),
    ]
    note = "changed" if differs else ""
    return [[*parts, " " * max(width - cells(parts) - len(note), 1), (note, "dim")]]
