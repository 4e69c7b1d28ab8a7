"""The receipts of all changes so far, to be looked at again."""

from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical

from tui_dl.ui.hangul import with_jamo
from tui_dl.ui.ink import Line
from tui_dl.ui.overlay import Overlay
from tui_dl.ui.plan_lines import receipt_lines
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.screens.dialog import DIALOG_CSS, DialogLines

_OFFERS: Final = {
    "optimizer": "swaps the optimizer",
    "activation": "swaps the activation",
    "loss": "swaps the loss",
    "control": "goes to all that can be changed",
}


class ReceiptsScreen(Overlay[None]):
    """The newest first; left and right go to those before and after, Escape closes."""

    DEFAULT_CSS = f"ReceiptsScreen {{ {DIALOG_CSS} & > .box {{ width: 84; }} }}"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape,enter,ctrl+c", "cancel", show=False),
        Binding(with_jamo("q,H"), "cancel", show=False),
        Binding("left,pageup", "move(-1)", show=False),
        Binding("right,pagedown", "move(1)", show=False),
        Binding("home", "move(-100000)", show=False),
        Binding("end", "move(100000)", show=False),
        Binding(with_jamo("up,k"), "scroll(-1)", show=False),
        Binding(with_jamo("down,j"), "scroll(1)", show=False),
    ]

    def __init__(self, model: RunModel) -> None:
        super().__init__()
        # A snapshot: a change that comes meanwhile does not move what is being read.
        self._receipts = tuple(model.receipts)
        self._keymap = model.keymap
        self._place = len(self._receipts) - 1

    def compose(self) -> ComposeResult:
        """One box of lines."""
        box = Vertical(DialogLines(self._lines(), id="dialog-lines"), classes="box")
        box.border_title = self._title()
        box.border_subtitle = "← → other changes   ↑ ↓ scroll   Esc closes"
        yield box

    def action_move(self, by: int) -> None:
        self._place = max(min(self._place + by, len(self._receipts) - 1), 0)
        self._show()

    def action_scroll(self, by: int) -> None:
        for lines in self.query(DialogLines):
            lines.move_lines(by)

    def on_resize(self) -> None:
        self._show()

    def _title(self) -> str:
        count = len(self._receipts)
        return f"Change {self._place + 1} of {count}" if count else "Changes"

    def _lines(self) -> list[Line]:
        if not self._receipts:
            keys = self._keymap.shown
            nothing: list[Line] = [["Nothing was changed yet."]]
            return nothing + [[(keys(name), "key"), f" {words}"] for name, words in _OFFERS.items()]
        width = max(min(84, self.app.size.width * 96 // 100) - 4, 20)
        return receipt_lines(self._receipts[self._place], width)

    def _show(self) -> None:
        self.query_one(".box", Vertical).border_title = self._title()
        self.query_one(DialogLines).show(self._lines())
