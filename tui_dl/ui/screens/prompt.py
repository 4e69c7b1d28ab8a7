"""Asks for one number or one line of text, and says below the field what is wrong with it."""

from collections.abc import Callable
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input

from tui_dl.ui.ink import wrapped
from tui_dl.ui.screens.dialog import DIALOG_CSS, DialogLines
from tui_dl.ui.screens.see_through import SeeThroughScreen


class NumberPrompt(SeeThroughScreen[int | None]):
    """Enter takes the number, Escape none."""

    DEFAULT_CSS = f"NumberPrompt {{ {DIALOG_CSS} }}"
    BINDINGS: ClassVar[list[Any]] = [Binding("escape", "cancel", show=False)]

    def __init__(self, title: str, question: str, *, default: int, largest: int) -> None:
        super().__init__()
        self._heading = title
        self._question = question
        self._default = default
        self._largest = largest

    def compose(self) -> ComposeResult:
        """The question, the field, and a line for what is wrong."""
        box = Vertical(classes="box")
        box.border_title = self._heading
        box.border_subtitle = "Enter takes it   Esc cancels"
        with box:
            yield DialogLines([[self._question]], id="question")
            yield Input(str(self._default), type="text", select_on_focus=True, compact=True, id="number")
            yield DialogLines([()], id="problem")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        problem = (
            "" if self._number(event.value) is not None else f"a whole number from 1 to {self._largest:,}"
        )
        self.query_one("#problem", DialogLines).show([[(problem, "bad")]])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        number = self._number(event.value)
        if number is not None:
            self.dismiss(number)

    def action_cancel(self) -> None:
        self.dismiss(None)

    def _number(self, text: str) -> int | None:
        try:
            number = int(text.strip().replace("_", "").replace(",", ""))
        except ValueError:
            return None
        return number if 1 <= number <= self._largest else None


class TextPrompt(SeeThroughScreen[str | None]):
    """Asks for a line of text; Enter takes it, Escape none.

    Args:
        title: of the box.
        question: above the field.
        default: what stands there at first.
        judge: says what is wrong with a text, nothing if it will do.
    """

    DEFAULT_CSS = f"TextPrompt {{ {DIALOG_CSS} }}"
    BINDINGS: ClassVar[list[Any]] = [Binding("escape", "cancel", show=False)]

    def __init__(self, title: str, question: str, *, default: str, judge: Callable[[str], str]) -> None:
        super().__init__()
        self._heading = title
        self._question = question
        self._default = default
        self._judge = judge

    def compose(self) -> ComposeResult:
        """The question, the field, and a line for what is wrong."""
        box = Vertical(classes="box")
        box.border_title = self._heading
        box.border_subtitle = "Enter takes it   Esc cancels"
        with box:
            yield DialogLines([[(line, "dim")] for line in wrapped(self._question, 66)], id="question")
            yield Input(self._default, select_on_focus=True, compact=True, id="text")
            yield DialogLines([()], id="problem")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self.query_one("#problem", DialogLines).show([[(self._judge(event.value), "bad")]])

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if not self._judge(event.value):
            self.dismiss(event.value)

    def action_cancel(self) -> None:
        self.dismiss(None)
