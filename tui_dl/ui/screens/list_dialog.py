"""A dialog around a list, with a few lines about what is chosen."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical

from tui_dl.ui.ink import Line, wrapped
from tui_dl.ui.panels.list_panel import ListPanel
from tui_dl.ui.screens.dialog import Dialog, DialogLines

if TYPE_CHECKING:
    from tui_dl.ui.app import TuiDlApp

_WIDTH = 84


class ListDialog(Dialog):
    """Subclasses show rows and say what they are about. Escape and q close it."""

    DEFAULT_CSS = f"""
    ListDialog > .box {{ width: {_WIDTH}; height: 80%; min-height: 10; max-height: 36; }}
    ListDialog #rows {{ height: 1fr; }}
    ListDialog #about {{ height: auto; min-height: 2; max-height: 4; margin-top: 1; }}
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape,q", "cancel", show=False),
        Binding("tab", "step(1)", show=False),
        Binding("shift+tab", "step(-1)", show=False),
    ]
    SUBTITLE: ClassVar[str] = ""

    def __init__(self, title: str) -> None:
        super().__init__(title, [], [])

    @property
    def program(self) -> "TuiDlApp":
        """The app."""
        return cast("TuiDlApp", self.app)

    @property
    def rows(self) -> ListPanel:
        """The list."""
        return self.query_one("#rows", ListPanel)

    def compose(self) -> ComposeResult:
        """List and explanation in a box."""
        box = Vertical(classes="box")
        box.border_title, box.border_subtitle = self._heading, self.SUBTITLE
        with box:
            yield ListPanel(id="rows")
            yield DialogLines([()], id="about")

    def on_mount(self) -> None:
        self.rows.focus()
        self.call_after_refresh(self.renew)

    def on_resize(self) -> None:
        self.call_after_refresh(self._tell)

    @on(ListPanel.Moved)
    def moved(self) -> None:
        """Say what is chosen."""
        self._tell()

    def action_step(self, by: int) -> None:
        self.rows.action_move(by)

    def renew(self) -> None:
        """Show the rows as they are now."""
        raise NotImplementedError

    def about(self, row_id: str) -> Sequence[str | Line]:
        """What to say of a row."""
        raise NotImplementedError

    def _show(self) -> None:
        """The base's lines: there are none here."""

    def _tell(self) -> None:
        if not self.is_attached:
            return
        width = max(min(_WIDTH, self.app.size.width * 96 // 100) - 4, 20)
        lines: list[Line] = []
        for paragraph in self.about(self.rows.chosen) if self.rows.chosen else ():
            lines += (
                [[(text, "dim")] for text in wrapped(paragraph, width)]
                if isinstance(paragraph, str)
                else [paragraph]
            )
        self.query_one("#about", DialogLines).show(lines or [()])
