"""The form of a change, made from the Structs: choose a component by name, then its settings."""

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui_dl.ui.ink import Line, wrapped
from tui_dl.ui.proposal import (
    TITLES,
    Proposal,
    change_to,
    fields_at,
    names_for,
    present_at,
    removal_of,
    summary_of,
    texts_at,
    verdict_on,
)
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.screens.change_fields import FieldInput, FieldRow, help_of
from tui_dl.ui.screens.dialog import DIALOG_CSS, DialogLines
from tui_dl.ui.screens.see_through import SeeThroughScreen


class ChangeForm(SeeThroughScreen[Proposal | None]):
    """Arrows choose the component, Tab goes to its settings, Enter to the plan; Escape changes nothing."""

    DEFAULT_CSS = f"""
    ChangeForm {{
        {DIALOG_CSS}
        & > .box {{ width: 92; height: 80%; max-height: 34; min-height: 16; }}
        & Horizontal.form {{ height: 1fr; }}
        & OptionList, & OptionList:focus {{
            width: 24; height: 1fr; background: transparent; border: none; padding: 0;
        }}
        & VerticalScroll {{ width: 1fr; height: 1fr; padding-left: 1; }}
        & #explained {{ height: auto; margin-top: 1; }}
    }}
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "cancel", show=False, priority=True),
        Binding("enter", "go_on", show=False, priority=True),
        Binding("ctrl+d,delete", "remove", show=False, priority=True),
    ]

    def __init__(self, model: RunModel, path: str, component: str = "") -> None:
        super().__init__()
        assert model.experiment is not None
        self._model = model
        self._experiment = model.experiment
        self._place = path
        self._names = names_for(path)
        self._component: str = component if component in self._names else self._first_name()
        self._rows: list[FieldRow] = []

    def compose(self) -> ComposeResult:
        """Names on the left, settings on the right, the verdict below."""
        box = Vertical(classes="box")
        box.border_title = f"Change: {TITLES.get(self._place, self._place)}"
        box.border_subtitle = self._keys()
        with box:
            yield DialogLines([], id="summary")
            with Horizontal(classes="form"):
                if self._names:
                    yield OptionList(
                        *(Option(self._label(name), id=name) for name in self._names), id="names"
                    )
                yield VerticalScroll(id="fields", can_focus=False)
            yield DialogLines([], id="explained")
            yield DialogLines([], id="verdict")

    async def on_mount(self) -> None:
        await self._show_fields()
        if self._names:
            names = self.query_one(OptionList)
            names.highlighted = self._names.index(self._component)
            names.focus()
        elif self._rows:
            self._rows[0].input.focus()

    @on(OptionList.OptionHighlighted)
    async def choose(self, event: OptionList.OptionHighlighted) -> None:
        """Another component: its own settings."""
        if event.option_id is not None and event.option_id != self._component:
            self._component = event.option_id
            await self._show_fields()

    def on_descendant_focus(self) -> None:
        """Explain the setting that is being written."""
        lines: list[Line] = []
        if isinstance(self.focused, FieldInput):
            field = self.focused.field
            lines = [[(line, "dim")] for line in wrapped(f"{field.name}: {help_of(field)}", self._text_width)]
        self.query_one("#explained", DialogLines).show(lines)

    @on(FieldInput.Changed)
    def check(self) -> None:
        """Judge what is written, as it is typed."""
        self._judge()

    def action_cancel(self) -> None:
        self.dismiss(None)

    def action_go_on(self) -> None:
        change = self._change()
        if change and self._judge():
            self.dismiss(Proposal(change))

    def action_remove(self) -> None:
        if (
            self._place == "regularizers"
            and self._stands(self._component)
            and not isinstance(self.focused, FieldInput)
        ):
            self.dismiss(Proposal(removal_of(self._component)))

    # -- inside ----------------------------------------------------------------------------------------

    @property
    def _text_width(self) -> int:
        return max(min(92, self.app.size.width * 96 // 100) - 4, 20)

    def _first_name(self) -> str:
        present = present_at(self._experiment, self._place)
        if self._place == "regularizers":
            return present[0].name if present else self._names[0]
        return present.name if self._names else ""

    def _stands(self, name: str) -> bool:
        present = present_at(self._experiment, self._place)
        return name in {one.name for one in (present if isinstance(present, tuple) else (present,))}

    def _label(self, name: str) -> str:
        return f"● {name}" if self._stands(name) else f"  {name}"

    def _keys(self) -> str:
        keys = "Tab settings   Enter plan   Esc cancel" if self._names else "Enter plan   Esc cancel"
        return f"Del removes   {keys}" if self._place == "regularizers" else keys

    def _change(self) -> dict[str, Any]:
        texts = {row.field.name: row.input.value for row in self._rows}
        return change_to(self._experiment, self._place, self._component, texts)

    async def _show_fields(self) -> None:
        texts = texts_at(self._experiment, self._place, self._component)
        self._rows = [FieldRow(field, texts[field.name]) for field in fields_at(self._place, self._component)]
        holder = self.query_one("#fields", VerticalScroll)
        async with self.batch():
            await holder.remove_children()
            await holder.mount_all(self._rows)
        summary = (
            summary_of(self._place, self._component)
            if self._names
            else "Settings that belong to no ingredient."
        )
        self.query_one("#summary", DialogLines).show(
            [[(line, "info")] for line in wrapped(summary, self._text_width)]
        )
        self._judge()

    def _judge(self) -> bool:
        change = self._change()
        verdict = verdict_on(self._experiment, self._place, self._component, change)
        for row in self._rows:
            row.judge(verdict.problems.get(row.field.name, ""))
        lines: list[Line]
        if "" in verdict.problems:
            lines = [[(line, "bad")] for line in wrapped(f"✗ {verdict.problems['']}", self._text_width)]
        elif not verdict.is_good:
            lines = [[("✗ one setting is not possible", "bad")]]
        elif not change:
            lines = [[("This is what runs now.", "dim")]]
        else:
            lines = [
                [("Enter", "key"), (" shows what will be kept and reset, before anything happens.", "good")]
            ]
        self.query_one("#verdict", DialogLines).show(lines)
        return verdict.is_good
