"""The control panel: the ingredients and the regularizers with their present values, each to be changed."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from textual.binding import Binding
from textual.message import Message

from tui_dl.spec.validate import needs_fresh_start
from tui_dl.ui.hangul import with_jamo
from tui_dl.ui.ink import Line, Part, fitted
from tui_dl.ui.panels.control_rows import Row, brief_component, rows_of, worded
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.run_model import RunModel, Topic

__all__ = ["ControlPanel", "Row", "brief_component", "rows_of", "worded"]

_LABEL_WIDTH: Final = 14
_WIDE_LABEL_WIDTH: Final = 20
_EXPLAINED_FROM: Final = 64
"""From this width on each setting's explanation stands beside it."""
_VALUE_WIDTH: Final = 16


class ControlPanel(LinePanel, can_focus=True):
    """Data, model, loss, optimizer, schedule, regularizers and run, in this order; with focus all settings.

    With focus up and down choose a row, left and right move its number, Enter opens its form.
    """

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("experiment", "status"))
    BINDINGS: ClassVar[list[Any]] = [
        Binding(with_jamo("up,k"), "move(-1)", show=False),
        Binding(with_jamo("down,j"), "move(1)", show=False),
        Binding("pageup", "move(-10)", show=False),
        Binding("pagedown", "move(10)", show=False),
        Binding("home", "move(-1000)", show=False),
        Binding("end", "move(1000)", show=False),
        Binding("left", "nudge(-1)", show=False),
        Binding("right", "nudge(1)", show=False),
        Binding("left_square_bracket", "nudge_or_rate(-1)", show=False),
        Binding("right_square_bracket", "nudge_or_rate(1)", show=False),
        Binding("enter", "open", show=False),
        Binding("escape", "release", show=False),
    ]

    class Chosen(Message):
        """A row was opened: its form's place, and the setting to begin with."""

        def __init__(self, path: str, field: str = "") -> None:
            super().__init__()
            self.path = path
            self.field = field

    class Nudged(Message):
        """A setting is to be moved."""

        def __init__(self, setting: str, by: int) -> None:
            super().__init__()
            self.setting = setting
            self.by = by

    class Released(Message):
        """The panel gives the keys back."""

    def __init__(self, model: RunModel, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(model, id=id)
        self._cursor = 0
        self._refusal = ("", "")
        """The setting of which something was refused last, and why."""

    @property
    def chosen(self) -> Row | None:
        """The row that keys act on; None without focus."""
        rows = self._openable() if self.has_focus else []
        return rows[min(self._cursor, len(rows) - 1)] if rows else None

    def build(self, width: int, height: int) -> Sequence[Line]:
        """All rows; with focus the chosen one is marked and kept in sight."""
        chosen = self.chosen
        lines: list[Line] = []
        place = 0
        for row in rows_of(self.model, all_settings=self.has_focus):
            is_chosen = chosen is not None and row == chosen
            if is_chosen:
                place = len(lines)
            lines.append(self._line(row, is_chosen, width))
            if is_chosen and self._refusal[0] == (row.setting or row.path):
                lines.append([("  ✗ ", "bad"), (fitted(self._refusal[1], width - 4), "bad")])
                place += 1
        if chosen is not None:
            self._top = max(min(self._top, place - 1), place - height + 1, 0)
        return lines

    def renew(self) -> int:
        """Take in what changed; a part that came or went needs another height."""
        before = self._content_lines
        painted = super().renew()
        if self._content_lines != before:
            self.refresh(layout=True)
        return painted

    def refuse(self, setting: str, reason: str) -> None:
        """Say beside a setting why it was not moved; an empty reason takes the words away."""
        self._refusal = (setting if reason else "", reason)
        self.repaint()

    def action_move(self, by: int) -> None:
        self._refusal = ("", "")
        self._cursor = max(min(self._cursor + by, len(self._openable()) - 1), 0)
        self.repaint()

    def action_open(self) -> None:
        row = self.chosen
        if row is not None and row.path is not None:
            self.post_message(self.Chosen(row.path, row.field.name if row.field is not None else ""))

    def action_nudge(self, by: int) -> None:
        row = self.chosen
        if row is None:
            return
        if row.can_be_nudged:
            self.post_message(self.Nudged(row.setting, by))
        elif row.path != "receipts":
            starts_over = needs_fresh_start(row.setting or row.path or "")
            asks = "starts over: Enter opens the form, which asks" if starts_over else "Enter opens its form"
            self.refuse(row.setting or row.path or "", asks)

    def action_nudge_or_rate(self, by: int) -> None:
        """As everywhere these keys move the learning rate, where the row has nothing to move."""
        row = self.chosen
        setting = row.setting if row is not None and row.can_be_nudged else "optimizer.lr"
        self.post_message(self.Nudged(setting, by))

    def action_release(self) -> None:
        self.post_message(self.Released())

    def on_focus(self) -> None:
        self._show_all()

    def on_blur(self) -> None:
        self._refusal = ("", "")
        self._top = 0
        self._show_all()

    # -- inside ----------------------------------------------------------------------------------------

    def _openable(self) -> list[Row]:
        return [row for row in rows_of(self.model, all_settings=self.has_focus) if row.path is not None]

    def _show_all(self) -> None:
        # With focus there are more rows: the panel needs another height.
        self.refresh(layout=True)
        self.repaint()

    def _line(self, row: Row, is_chosen: bool, width: int) -> Line:
        indent = "" if row.head else "  "
        label = row.label.upper() if row.head else row.label
        label_width = _WIDE_LABEL_WIDTH if width >= _EXPLAINED_FROM else _LABEL_WIDTH
        room = width - label_width - 4
        parts: list[Part] = [
            ("▌" if is_chosen else " ", "key"),
            indent,
            (fitted(label, label_width - len(indent)), "title" if row.head else "dim"),
            " ",
        ]
        if width >= _EXPLAINED_FROM:
            room = min(room, _VALUE_WIDTH) if row.field is not None else room
        hint = self._hint(row) if is_chosen else ""
        if room - len(hint) < 6:
            hint = hint[:3]
        value_room = room - len(hint) if room - len(hint) >= 6 else room
        style = "chosen" if is_chosen else "bold" if row.head or row.differs else ""
        parts += self._value(row, style, value_room)
        if value_room < room:
            parts.append((hint, "key"))
        if width >= _EXPLAINED_FROM and row.field is not None:
            rest = width - label_width - room - 4
            from tui_dl.ui.form.lines import help_of

            return [*parts, "  ", (fitted(help_of(row.field), rest), "dim")]
        return [*parts, (f" {self._key_for(row)}", "key")]

    def _value(self, row: Row, style: str, room: int) -> list[Part]:
        value = fitted(row.value, room)
        if row.path is None:
            return [(value, style)]
        name = "" if row.field is None else row.field.name
        click = (
            "screen.receipts" if row.path == "receipts" else f"screen.change_setting('{row.path}', '{name}')"
        )
        return [(value, style, click)]

    def _key_for(self, row: Row) -> str:
        if not row.head and row.path != "model.activation":
            return ""
        return self.keymap.shown_for(f"change('{row.path}')")

    def _hint(self, row: Row) -> str:
        if row.can_be_nudged and row.field is not None:
            from tui_dl.ui.form.nudges import step_words

            return f" ←→{step_words(row.field)}"
        return " Enter"
