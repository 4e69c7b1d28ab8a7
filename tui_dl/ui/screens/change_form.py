"""The form of a change, made from the Structs: choose a component by name, then its settings."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.geometry import Size
from textual.strip import Strip

from tui_dl.ui.form.lines import form_lines, rows_wanted
from tui_dl.ui.form.state import LIST, FormState
from tui_dl.ui.hangul import latin_of
from tui_dl.ui.ink import Line
from tui_dl.ui.overlay import Overlay
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.proposal import TITLES, Proposal, removal_of
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.screens.dialog import DIALOG_CSS

_WIDTH: Final = 92


class FormLines(LinePanel):
    """All of a form; drawn in lines, as a widget for each setting took a fifth of a second to come."""

    DEFAULT_CSS = "FormLines { height: auto; }"

    def __init__(self, state: FormState) -> None:
        super().__init__(RunModel(), id="form")
        self.state = state

    def build(self, width: int, height: int) -> Sequence[Line]:
        """The form at this size."""
        return form_lines(self.state, width, height)

    def render_line(self, y: int) -> Strip:
        """A line; a paint comes before the event of a new size, the first one as well."""
        if len(self._strips) != self.content_size.height:
            self.repaint()
        return super().render_line(y)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(min(rows_wanted(self.state, width), viewport.height - 3), 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._scroll(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._scroll(event, -1)

    def _scroll(self, event: events.MouseEvent, by: int) -> None:
        event.prevent_default()
        event.stop()
        if self.state.place == LIST:
            self.state.move_choice(by)
        else:
            self.state.go_to(max(min(self.state.place + by, len(self.state.fields) - 1), 0))
        self.repaint()


class ChangeForm(Overlay[Proposal | None]):
    """Arrows or letters choose the component, Tab goes to its settings, Enter to the plan."""

    DEFAULT_CSS = f"ChangeForm {{ {DIALOG_CSS} & > .box {{ width: {_WIDTH}; }} }}"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape,ctrl+c", "cancel", show=False),
        Binding("enter", "go_on", show=False),
        Binding("tab", "go(1)", show=False),
        Binding("shift+tab", "go(-1)", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "move(-100)", show=False),
        Binding("pagedown", "move(100)", show=False),
        Binding("left", "sideways('left')", show=False),
        Binding("right", "sideways('right')", show=False),
        Binding("home", "sideways('home')", show=False),
        Binding("end", "sideways('end')", show=False),
        Binding("ctrl+up,ctrl+right", "cycle(1)", show=False),
        Binding("ctrl+down,ctrl+left", "cycle(-1)", show=False),
        Binding("backspace", "erase('backspace')", show=False),
        Binding("delete", "erase('delete')", show=False),
        Binding("ctrl+u", "erase('ctrl+u')", show=False),
        Binding("ctrl+d", "remove", show=False),
        Binding("ctrl+r", "put_back", show=False),
        Binding("f2", "source", show=False),
    ]

    def __init__(self, state: FormState) -> None:
        super().__init__()
        self.state = state

    @property
    def takes_text(self) -> bool:
        """Whether keys are written into a field: pasted text is welcome there."""
        return self.state.place != LIST

    def compose(self) -> ComposeResult:
        """One box of lines."""
        box = Vertical(FormLines(self.state), classes="box")
        box.border_title = f"Change: {TITLES.get(self.state.path, self.state.path)}"
        box.border_subtitle = self._keys()
        yield box

    def on_key(self, event: events.Key) -> None:
        if not event.is_printable or event.character is None:
            return
        event.stop()
        state = self.state
        if state.place != LIST:
            self._write(event.character)
        elif event.character == "S":
            self.action_source()
        elif event.character.strip():
            state.search_for(state.search + latin_of(event.character).lower())
        self._show()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        if self.state.place != LIST:
            self._write(event.text.strip().partition("\n")[0])
            self._show()

    def action_cancel(self) -> None:
        if self.state.search:
            self.state.search_for("")
            self._show()
        else:
            self.dismiss(None)

    def action_go_on(self) -> None:
        change = self.state.change
        if change and self.state.is_good:
            self.dismiss(Proposal(change))

    def action_remove(self) -> None:
        """Take the chosen regularizer away."""
        state = self.state
        if state.path == "regularizers" and state.stands(state.name):
            self.dismiss(Proposal(removal_of(state.name)))

    def action_go(self, by: int) -> None:
        self.state.go(by)
        self._show()

    def action_move(self, by: int) -> None:
        state = self.state
        if state.place == LIST:
            state.move_choice(by)
        else:
            state.go_to(max(min(state.place + by, len(state.fields) - 1), 0))
        self._show()

    def action_sideways(self, key: str) -> None:
        """In a text the caret; among words the next; in the list over to the settings."""
        state = self.state
        field = state.field
        if field is None:
            if key == "right":
                state.go(1)
            elif key in ("home", "end"):
                state.move_choice(-1000 if key == "home" else 1000)
        elif state.choices(field) and key in ("left", "right"):
            state.cycle(1 if key == "right" else -1)
        else:
            state.texts[field.name] = state.texts[field.name].moved(key)
        self._show()

    def action_cycle(self, by: int) -> None:
        self.state.cycle(by)
        self._show()

    def action_erase(self, key: str) -> None:
        state = self.state
        field = state.field
        if field is None and key == "delete":
            self.action_remove()
            return
        if field is None:
            state.search_for("" if key == "ctrl+u" else state.search[:-1])
        elif not state.choices(field):
            state.write(state.texts[field.name].erased(key))
        self._show()

    def action_put_back(self) -> None:
        self.state.put_back()
        self._show()

    def action_pick_name(self, name: str) -> None:
        self.state.go_to(LIST)
        self.state.choose(name)
        self._show()

    def action_pick_field(self, place: int) -> None:
        self.state.go_to(place)
        self._show()

    def action_turn(self, place: int, by: int) -> None:
        self.state.go_to(place)
        self.state.cycle(by)
        self._show()

    def action_source(self) -> None:
        """Show where the chosen component is written."""
        from tui_dl.ui.screens.source import SourceScreen, part_of_class

        component = self.state.component
        if component is not None:
            self.app.push_screen(SourceScreen([part_of_class(component)]))

    # -- inside ----------------------------------------------------------------------------------------

    def _write(self, characters: str) -> None:
        state = self.state
        field = state.field
        assert field is not None
        choices = state.choices(field)
        if not choices:
            state.write(state.texts[field.name].typed(characters))
            return
        if characters == " ":
            state.cycle(1)
            return
        # A word is chosen by its first letter: y, n, and the next one again for the same letter.
        start = latin_of(characters).lower()
        for _ in choices:
            state.cycle(1)
            if state.texts[field.name].text.startswith(start):
                break

    def _keys(self) -> str:
        narrow = self.app.size.width < 80
        keys = ["Tab settings"] if self.state.names else ["↑↓ setting"]
        if narrow and self.state.path == "regularizers":
            keys = []
        if self.state.path == "regularizers":
            keys.append("Del removes")
        keys += ["Enter plan"]
        if not narrow:
            keys += ["^R puts back"]
        if self.state.names:
            keys.append("F2 source")
        return "  ".join([*keys, "Esc"])

    def _show(self) -> None:
        self.query_one(FormLines).repaint()
