"""All keys by group, from the one table."""

from textual.app import ComposeResult
from textual.containers import Vertical

from tui_dl.ui.ink import Line, wrapped
from tui_dl.ui.keys.table import KEYS
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.screens.dialog import Dialog, DialogLines

_KEY_CELLS = 11
_LABEL_CELLS = 15


class HelpScreen(Dialog):
    """Every key and what it does; what cannot be done now is dim. Any of Escape, ?, q closes it."""

    BINDINGS = [("question_mark,q,ㅂ,f1", "cancel"), ("k,up,ㅏ", "scroll(-1)"), ("j,down,ㅓ", "scroll(1)")]  # noqa: RUF012 - Textual's form
    DEFAULT_CSS = """
    HelpScreen > .box { width: 100; }
    """

    def __init__(self, model: RunModel) -> None:
        super().__init__("Keys", [], [])
        self._model = model

    def compose(self) -> ComposeResult:
        """The list in a box."""
        box = Vertical(DialogLines([], id="dialog-lines"), classes="box")
        box.border_title = "Keys"
        box.border_subtitle = "↑ ↓ scroll   Esc closes"
        yield box

    def _show(self) -> None:
        width = max(min(100, self.app.size.width * 96 // 100) - 4, 30)
        self.query_one(DialogLines).show(self._lines(width))

    def _lines(self, width: int) -> list[Line]:
        lines: list[Line] = []
        for group in dict.fromkeys(entry.group for entry in KEYS):
            lines.append([(group, "title")])
            for entry in (entry for entry in KEYS if entry.group == group):
                able = entry.when(self._model)
                room = width - _KEY_CELLS - _LABEL_CELLS - 2
                words = wrapped(entry.tooltip, max(room, 20))
                head = [(f"  {entry.shown:<{_KEY_CELLS - 2}}", "key" if able else "dim"),
                        (f"{entry.label:<{_LABEL_CELLS}} ", "bold" if able else "dim")]  # fmt: skip
                lines.append([*head, (words[0], "" if able else "dim")])
                lines += [[" " * (_KEY_CELLS + _LABEL_CELLS + 1), (text, "dim")] for text in words[1:]]
            lines.append(())
        return lines
