"""The base of all dialogs: a titled box of lines, and one in which a choice is made by a key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.geometry import Size
from textual.strip import Strip

from tui_dl.ui.hangul import latin_of
from tui_dl.ui.ink import Line, Part, wrapped
from tui_dl.ui.overlay import Overlay
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.run_model import RunModel

DIALOG_CSS: Final = """
    align: center middle;
    & > .box {
        width: 76; max-width: 96%; height: auto; max-height: 96%;
        border: round $primary; border-title-color: $primary; border-title-style: bold;
        background: $surface; padding: 0 1;
    }
"""


@final
@dataclass(frozen=True, slots=True)
class Choice:
    """One way out of a dialog: its key, what it is called, and what it means."""

    key: str
    label: str
    result: str
    help: str = ""


class DialogLines(LinePanel):
    """Lines that were made before: the text of a dialog."""

    DEFAULT_CSS = """
    DialogLines { height: auto; }
    """

    def __init__(self, lines: Sequence[Line], *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(RunModel(), id=id)
        self._lines = lines

    def show(self, lines: Sequence[Line]) -> None:
        """Say something else."""
        resized = len(lines) != len(self._lines)
        self._lines = lines
        if resized:
            self.refresh(layout=True)
        self.repaint()

    def build(self, width: int, height: int) -> Sequence[Line]:
        """The lines as they are."""
        return self._lines

    def render_line(self, y: int) -> Strip:
        """A line; a paint comes before the event of a new size, the first one as well."""
        if len(self._strips) != self.content_size.height:
            self.repaint()
        return super().render_line(y)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(min(len(self._lines), viewport.height - 4), 1)


class Dialog(Overlay[str]):
    """Text and choices: by their keys, by arrows and Enter, or by a click; Escape takes the last one."""

    DEFAULT_CSS = f"Dialog {{ {DIALOG_CSS} }}"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("up,shift+tab", "move(-1)", show=False),
        Binding("down,tab", "move(1)", show=False),
        Binding("enter", "take", show=False),
        Binding("escape", "cancel", show=False),
        Binding("pageup", "scroll(-5)", show=False),
        Binding("pagedown", "scroll(5)", show=False),
    ]

    def __init__(
        self, title: str, body: Sequence[str | Line], choices: Sequence[Choice], *, first: int = 0
    ) -> None:
        super().__init__()
        self._heading = title
        self._body = body
        self._choices = choices
        self._chosen = first

    def compose(self) -> ComposeResult:
        box = Vertical(DialogLines([], id="dialog-lines"), classes="box")
        box.border_title = self._heading
        yield box

    def on_mount(self) -> None:
        self._show()

    def on_resize(self) -> None:
        self._show()

    def on_key(self, event: events.Key) -> None:
        pressed = latin_of(event.character or "")
        for choice in self._choices:
            if pressed and pressed.lower() == choice.key.lower():
                event.stop()
                self.dismiss(choice.result)
                return

    def action_move(self, by: int) -> None:
        self._chosen = (self._chosen + by) % max(len(self._choices), 1)
        self._show()

    def action_take(self) -> None:
        self.dismiss(self._choices[self._chosen].result if self._choices else "")

    def action_pick(self, result: str) -> None:
        self.dismiss(result)

    def action_cancel(self) -> None:
        self.dismiss(self._choices[-1].result if self._choices else "")

    def action_scroll(self, by: int) -> None:
        for lines in self.query(DialogLines):
            lines.move_lines(by)

    def _show(self) -> None:
        width = max(min(76, self.app.size.width * 96 // 100) - 4, 10)
        lines: list[Line] = []
        for paragraph in self._body:
            lines += (
                [[text] for text in wrapped(paragraph, width)] if isinstance(paragraph, str) else [paragraph]
            )
        lines.append(())
        for index, choice in enumerate(self._choices):
            chosen = index == self._chosen
            click = f"screen.pick('{choice.result}')"
            parts: list[Part] = [
                ("▸ " if chosen else "  ", "key"),
                (f" {choice.key} ", "chosen" if chosen else "key", click),
                (f" {choice.label}", "bold", click),
            ]
            lines.append(parts)
            lines += [[("      " + text, "dim")] for text in wrapped(choice.help, width - 6) if choice.help]
        self.query_one(DialogLines).show(lines)
