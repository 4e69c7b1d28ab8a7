"""The preset's notes and scenes, large: for reading before the run and in between."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical

from tui_dl.ui.keys.keymap import DEFAULT_KEYMAP
from tui_dl.ui.panels.notes import NotesPanel
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.screens.dialog import Dialog


class NotesScreen(Dialog):
    """Scrolls with the arrows; Escape, i or q closes it."""

    BINDINGS = [("q,enter", "cancel"), ("k,up", "scroll(-1)"), ("j,down", "scroll(1)")]  # noqa: RUF012 - Textual's form
    DEFAULT_CSS = """
    NotesScreen > .box { width: 90; height: 90%; }
    """

    def __init__(self, model: RunModel) -> None:
        super().__init__("Notes", [], [])
        self._model = model

    def compose(self) -> ComposeResult:
        """The notes in a box."""
        box = Vertical(NotesPanel(self._model, id="large-notes"), classes="box")
        box.border_title = "Notes"
        box.border_subtitle = "↑ ↓ scroll   Esc closes"
        yield box

    def on_key(self, event: events.Key) -> None:
        """The key that opened it closes it."""
        if getattr(self.app, "keymap", DEFAULT_KEYMAP).is_key_of("notes", event.key):
            event.stop()
            self.action_cancel()

    def action_scroll(self, by: int) -> None:
        self.query_one(NotesPanel).move_lines(by)

    def _show(self) -> None:
        self.query_one(NotesPanel).renew()
