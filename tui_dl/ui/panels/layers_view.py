"""The view of layers: the table, and behind each row the layer's own page."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container

from tui_dl.ui.panels.layer_choice import LayerChosen
from tui_dl.ui.panels.layer_page import LayerPage
from tui_dl.ui.panels.layers import LayerTable
from tui_dl.ui.run_model import RunModel, Topic


class LayersView(Container):
    """Table or page: which is shown is this view's only state; both renew themselves."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset()
    DEFAULT_CSS = """
    LayersView > * { height: 1fr; }
    """

    def __init__(self, model: RunModel, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.model = model

    def compose(self) -> ComposeResult:
        """Both, of which the table is shown."""
        yield LayerTable(self.model, id="layer-table")
        page = LayerPage(self.model, id="layer-page")
        page.display = False
        yield page

    @property
    def table(self) -> LayerTable:
        """The table."""
        return self.query_one(LayerTable)

    @property
    def page(self) -> LayerPage:
        """The page."""
        return self.query_one(LayerPage)

    @property
    def is_page(self) -> bool:
        """Whether a layer's page is shown."""
        return bool(self.page.display)

    def enter(self) -> None:
        """Drill down to the chosen layer."""
        self._show_page(is_shown=True)

    def leave(self) -> bool:
        """Back to the table; tells whether a page was left."""
        was_page = self.is_page
        self._show_page(is_shown=False)
        return was_page

    def _show_page(self, *, is_shown: bool) -> None:
        if is_shown == self.is_page or (is_shown and not self.model.layers):
            return
        self.table.display = not is_shown
        self.page.display = is_shown
        self.call_after_refresh(self.renew_all)
        self.post_message(LayerChosen())

    def move_lines(self, by: int) -> None:
        """Move the cursor, or go to a neighbour's page."""
        (self.page if self.is_page else self.table).move_lines(by)

    def toggle_time(self) -> None:
        """Of a page's histograms; the table has none, so the key leads to the page."""
        if self.is_page or not self.page.is_over_time:
            self.page.toggle_time()
        self.enter()

    def toggle_matrix(self) -> None:
        """The chosen layer's weights as a picture, or its plots; from the table always the picture."""
        self.page.show_matrix(is_shown=not (self.is_page and self.page.is_matrix))
        self.enter()

    def renew(self) -> int:
        """Nothing: table and page renew themselves."""
        return 0

    def renew_all(self) -> None:
        """Paint what is shown now."""
        if self.is_page:
            self.page.renew_all()
        else:
            self.table.renew()
