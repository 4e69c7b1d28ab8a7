"""The settings, made from their Struct: each change holds at once and is kept."""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, Final

import msgspec
from textual import on
from textual.binding import Binding

from tui_dl.ui.ink import Line, Part, cells, fitted
from tui_dl.ui.panels.list_panel import ListPanel, ListRow
from tui_dl.ui.screens.list_dialog import ListDialog
from tui_dl.ui.screens.prompt import TextPrompt
from tui_dl.ui.settings import Settings
from tui_dl.ui.settings_fields import SettingField, choices_for, setting_fields, text_of

_LABEL_CELLS: Final = 22


class SettingsScreen(ListDialog):
    """Left and right choose a value, Enter writes one; Del takes the default; Escape, q and `,` close it."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("right,l,space", "turn(1)", show=False),
        Binding("left,h", "turn(-1)", show=False),
        Binding("delete,backspace", "reset", show=False),
    ]
    SUBTITLE = "← → change   Enter write   Del default   Esc close"

    def __init__(self) -> None:
        super().__init__("Settings")
        self._fields = {field.name: field for field in setting_fields()}
        self._unsubscribe: Any = None

    def on_mount(self) -> None:
        self._unsubscribe = self.program.settings_store.subscribe(self._changed)

    def on_unmount(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()

    def on_key(self, event: Any) -> None:
        if self.program.keymap.is_key_of("settings", event.key):
            event.stop()
            self.action_cancel()

    def renew(self) -> None:
        """A row for each field, at its present value."""
        self.rows.show([ListRow(field.name, partial(self._row, field)) for field in self._fields.values()])
        self._tell()

    def about(self, row_id: str) -> Sequence[str | Line]:
        """The field's own words, what is allowed, and its default."""
        field = self._fields[row_id]
        parts = [field.info.bounds] if field.is_number and field.info.bounds else []
        if not field.is_editable:
            parts.append("Enter opens them")
        else:
            parts.append(f"default {text_of(field.default)}")
        return [field.help or field.label, " · ".join(parts)]

    def action_turn(self, by: int) -> None:
        field = self._fields.get(self.rows.chosen)
        choices = choices_for(self.program, field) if field is not None else ()
        if field is not None and choices:
            present = text_of(self._value(field))
            place = choices.index(present) if present in choices else -1 if by > 0 else 0
            self._set(field, choices[(place + by) % len(choices)])

    def action_turn_at(self, name: str, by: int) -> None:
        self.rows.choose(name)
        self.action_turn(by)

    def action_reset(self) -> None:
        field = self._fields.get(self.rows.chosen)
        if field is not None:
            self.program.change_settings(**{field.name: field.default})

    @on(ListPanel.Opened)
    def write(self, event: ListPanel.Opened) -> None:
        """The next value where there are some, else a field to write one."""
        field = self._fields[event.row_id]
        if field.name == "keys":
            from tui_dl.ui.screens.key_editor import KeyEditor

            self.app.push_screen(KeyEditor())
        elif choices_for(self.program, field):
            self.action_turn(1)
        elif field.is_editable:
            prompt = TextPrompt(
                field.label,
                field.help or field.label,
                default=text_of(self._value(field)),
                judge=partial(self._problem, field),
            )
            self.app.push_screen(prompt, partial(self._written, field))

    # -- inside ----------------------------------------------------------------------------------------

    def _value(self, field: SettingField) -> Any:
        return getattr(self.program.settings, field.name)

    def _changed(self, _: Settings) -> None:
        self.renew()

    def _written(self, field: SettingField, text: str | None) -> None:
        if text is not None:
            self._set(field, text)

    def _set(self, field: SettingField, text: str) -> None:
        self.program.change_settings(**{field.name: field.value_of(text.strip())})

    def _problem(self, field: SettingField, text: str) -> str:
        try:
            msgspec.convert({field.name: field.value_of(text.strip())}, Settings)
        except msgspec.ValidationError as error:
            return f"✗ {str(error).partition(' - ')[0]}"
        return ""

    def _row(self, field: SettingField, width: int, chosen: bool) -> list[Line]:
        value = self._value(field)
        differs = value != field.default
        label = min(_LABEL_CELLS, width // 2)
        text = text_of(value)
        parts: list[Part] = [
            ("▸ " if chosen else "  ", "key"),
            (fitted(field.label, label), "bold" if chosen else ""),
        ]
        if choices_for(self.program, field):
            arrows = "key" if chosen else "dim"
            parts += [
                ("‹ ", arrows, _turn(field, -1)),
                (text, "bold" if differs else ""),
                (" ›", arrows, _turn(field, 1)),
            ]
        else:
            parts += ["  ", (text, "bold" if differs else "")]
        note = "changed" if differs else ""
        return [[*parts, " " * max(width - cells(parts) - len(note), 1), (note, "dim")]]


def _turn(field: SettingField, by: int) -> str:
    return f"screen.turn_at('{field.name}', {by})"
