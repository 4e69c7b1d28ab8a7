"""The fields of a form: one row each with label, input, unit and, below, what is wrong."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.suggester import SuggestFromList
from textual.widgets import Input

from tui_dl.spec.catalogue import FieldInfo
from tui_dl.ui.ink import wrapped
from tui_dl.ui.proposal import to_text
from tui_dl.ui.screens.dialog import DialogLines


class FieldInput(Input):
    """An input in one line; where only some words are allowed, Ctrl+arrows go through them."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("ctrl+right,ctrl+down", "cycle(1)", show=False),
        Binding("ctrl+left,ctrl+up", "cycle(-1)", show=False),
    ]

    def __init__(self, field: FieldInfo, text: str) -> None:
        choices = ("yes", "no") if field.type == "bool" else field.choices
        suggester = SuggestFromList(choices) if choices else None
        super().__init__(
            text, compact=True, suggester=suggester, select_on_focus=True, id=f"input-{field.name}"
        )
        self.field = field
        self.choices = choices

    def action_cycle(self, by: int) -> None:
        if self.choices:
            place = self.choices.index(self.value) if self.value in self.choices else -1
            self.value = self.choices[(place + by) % len(self.choices)]


class FieldRow(Vertical):
    """One setting."""

    DEFAULT_CSS = """
    FieldRow {
        height: auto;
        & > Horizontal { height: 1; }
        & .label { width: 17; height: 1; }
        & .unit { width: 12; height: 1; }
        & FieldInput { width: 1fr; background: $boost; }
        & FieldInput:focus { background: $primary 30%; }
        & FieldInput.wrong { background: $error 40%; }
        & .problem { height: auto; display: none; }
        & .problem.shown { display: block; }
    }
    """

    def __init__(self, field: FieldInfo, text: str) -> None:
        super().__init__()
        self.field = field
        self.input = FieldInput(field, text)
        self._problem = DialogLines([])
        self._problem.add_class("problem")

    def compose(self) -> ComposeResult:
        """Label, input, unit; what is wrong below."""
        with Horizontal():
            label = DialogLines([[(self.field.name, "bold")]])
            label.add_class("label")
            yield label
            yield self.input
            unit = DialogLines([[(f" {self.field.unit}", "dim")]])
            unit.add_class("unit")
            yield unit
        yield self._problem

    def judge(self, problem: str) -> None:
        """Say what is wrong beside the field; nothing if all is well."""
        self.input.set_class(bool(problem), "wrong")
        self._problem.set_class(bool(problem), "shown")
        width = max(self.size.width, 30) - 2
        self._problem.show([[(f"  {line}", "bad")] for line in wrapped(f"✗ {problem}", width)])


def help_of(field: FieldInfo) -> str:
    """What a field is for, what is allowed, and its default."""
    parts = [field.help]
    if field.type == "bool":
        parts.append("yes or no")
    elif field.bounds:
        parts.append(field.bounds)
    if field.default is not None:
        parts.append(f"default {to_text(field.default) or 'none'}")
    return " · ".join(part for part in parts if part)
