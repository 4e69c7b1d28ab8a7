"""Keys within the lenses: into a layer's page and out of it, the table's order, now or over time."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Final

from textual.screen import Screen
from textual.widget import Widget

from tui_dl.ui.panels.bars import VIEWS
from tui_dl.ui.run_model import RunModel

if TYPE_CHECKING:
    from tui_dl.ui.panels.layers_view import LayersView

_LENSES: Final = ("layers", "histograms", "optimizer")


class LensActions(Screen[None]):
    """The actions of layers, histograms and optimizer; the view that is shown decides what a key does."""

    model: RunModel
    view: str
    views: dict[str, Widget]
    """By their names; empty until they have been made."""

    @abstractmethod
    def show_view(self, view: str) -> None:
        """Show a view, by its name."""

    @abstractmethod
    def watch_later(self) -> None:
        """Tell the engine what is on the screen now."""

    def action_enter_view(self) -> None:
        """Into what the view has chosen: of the lenses, the chosen layer's page."""
        enter = getattr(self._shown_view(), "enter", None)
        if callable(enter):
            enter()
        elif self.view in _LENSES:
            self.action_open_layer()

    def action_back(self) -> None:
        """Out of it again, within the view; where there is nothing to leave, whatever else there is."""
        shown = self._shown_view()
        leave = getattr(shown, "leave", None)
        if callable(leave) and leave():
            return
        further = getattr(super(), "action_back", None)
        if further is not None:
            further()

    def action_view(self, view: str) -> None:
        """A view by its key; the key of the one that is shown leads back out of a page."""
        if view == self.view:
            self.close_pages()
        self.show_view(view)

    def close_pages(self) -> None:
        """Show views from their front: a scene speaks of the table, not of somebody's page."""
        from tui_dl.ui.panels.layers_view import LayersView

        for view in self.views.values():
            if isinstance(view, LayersView):
                view.leave()

    def action_open_layer(self) -> None:
        """Drill down to the chosen layer, from the view of layers or from another lens."""
        if self.view != "layers":
            self.show_view("layers")
        view = self._layers_view()
        if view is not None:
            view.enter()

    def action_close_layer(self) -> None:
        """Back to the table."""
        view = self._layers_view()
        if view is not None:
            view.leave()

    def action_sort_layers(self, column: str = "") -> None:
        """The table's next order, or that of a column whose head was clicked."""
        view = self._layers_view()
        if view is not None and not view.is_page:
            table = view.table
            table.reorder(table.order.by(column) if column else table.order.next())

    def action_toggle_time(self) -> None:
        """As it is now, or how it came to be."""
        if self.view not in VIEWS:
            return
        shown = self._shown_view()
        toggle = getattr(shown, "toggle_time", None)
        if callable(toggle):
            toggle()
            self.call_after_refresh(self.watch_later)

    def action_toggle_matrix(self) -> None:
        """The chosen layer's weights as a picture, from any lens, or its plots again."""
        if self.view != "layers":
            self.show_view("layers")
        view = self._layers_view()
        if view is not None and self.model.layers:
            view.toggle_matrix()

    def on_layer_chosen(self) -> None:
        """Another layer, or a page of another kind: the engine should measure that one."""
        self.call_after_refresh(self.watch_later)

    def measured_layer(self, shown: set[str]) -> str:
        """The one layer that the engine is to look at closely; empty for all alike."""
        from tui_dl.ui.panels.layer_choice import are_too_many, chosen_layer

        # Of too many also where none is shown: in the background all would take too long as well.
        if shown & {"optimizer", "layer-page", "layer-matrix"} or are_too_many(self.model):
            return chosen_layer(self.model)
        return ""

    def _layers_view(self) -> "LayersView | None":
        from tui_dl.ui.panels.layers_view import LayersView

        found = self._shown_view() if self.view == "layers" else None
        return found if isinstance(found, LayersView) else None

    def _shown_view(self) -> Widget | None:
        return self.views.get(self.view)
