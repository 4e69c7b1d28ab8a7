"""Base of the plots that show one thing: it is handed over whole, and drawn again."""

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

from rich.style import Style

from tui_dl.ui.plots.canvas_widget import CanvasWidget
from tui_dl.ui.plots.glyph import Glyphs
from tui_dl.ui.plots.roles import style_table
from tui_dl.ui.theme import Palette

_Data = TypeVar("_Data")


class DataCanvas(CanvasWidget, Generic[_Data]):
    """A canvas of some data; `NOTHING` is what it shows before there are any."""

    NOTHING: ClassVar[Any]

    def __init__(
        self,
        data: _Data | None = None,
        *,
        glyphs: Glyphs | None = None,
        palette: Palette | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(glyphs=glyphs, palette=palette, id=id, classes=classes)
        self._data: _Data = self.NOTHING if data is None else data

    @property
    def data(self) -> _Data:
        """What is shown."""
        return self._data

    def set_data(self, data: _Data) -> int:
        """Show other data; returns the number of rows that changed on the screen."""
        self._data = data
        return self.repaint()

    def style_table(self) -> Sequence[Style]:
        return style_table(self.component_style, self.palette)
