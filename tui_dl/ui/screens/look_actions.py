"""Keys about the look of the run screen: one panel as large as can be, and the theme."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Literal, cast

from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget

from tui_dl.ui.run_model import RunModel
from tui_dl.ui.screens.run_layout import CurveStrip, Overview

if TYPE_CHECKING:
    from tui_dl.ui.app import TuiDlApp
    from tui_dl.ui.panels.curves import MetricPlot


class LookActions(Screen[None]):
    """The actions; the run screen's style sheet does what their classes ask for."""

    view: str
    model: RunModel
    strip: Container
    """Holds the curves below the views."""

    @property
    @abstractmethod
    def present_plot(self) -> "MetricPlot | None":
        """The plot that keys for one plot act on."""

    def renew_all(self) -> None:
        """Have everything painted that is shown now."""
        raise NotImplementedError

    def for_projector(self, place: Literal["top", "notes"]) -> ComposeResult:
        """The panel that a projector's screen has at this place; elsewhere not even its module is loaded."""
        if not cast("TuiDlApp", self.app).is_presenting:
            return
        from tui_dl.ui.panels.present import PresentNotes, PresentPanel

        if place == "top":
            yield PresentPanel(self.model, id="present")
        else:
            yield PresentNotes(self.model, id="present-notes")

    async def add_strip(self) -> None:
        """Put the curves below the views; the style sheet shows them where there is height to spare."""
        self.strip = Container(CurveStrip(self.model), id="strip")
        await self.query_one("#main").mount(self.strip, after="#views")

    def dress(self, holder: Widget) -> None:
        """Have the lines of all plots drawn as thick as they must be here; quadrants are as they are."""
        from tui_dl.ui.plots.line_plot import LinePlot

        app = cast("TuiDlApp", self.app)
        for plot in holder.query(LinePlot):
            plot.is_thick = app.is_presenting and app.glyph_kind != "quadrant"

    def action_next_theme(self) -> None:
        cast("TuiDlApp", self.app).action_next_theme()

    def action_maximise(self) -> None:
        """The present panel alone, or all again."""
        if self.has_class("maximised"):
            self._restore()
        else:
            for widget in self._largest():
                widget.add_class("largest")
                for beside in widget.siblings:
                    beside.add_class("beside-largest")
            self.add_class("maximised")
        self.call_after_refresh(self._rearranged)

    def action_back(self) -> None:
        """Back to all panels; what stands within a panel is left first."""
        if self.has_class("maximised"):
            self._restore()
            self.call_after_refresh(self._rearranged)

    def _restore(self) -> None:
        self.remove_class("maximised")
        self.query(".largest, .beside-largest").remove_class("largest", "beside-largest")

    def _rearranged(self) -> None:
        self.on_resize()

    def on_resize(self) -> None:
        """Have the engine measure what is shown now."""

    def _largest(self) -> list[Widget]:
        """What to maximise of the overview and what holds it: the panel with the focus, else a plot."""
        for overview in self.query(Overview) if self.view == "overview" else ():
            chain = [*self.focused.ancestors_with_self] if self.focused is not None else []
            inside = chain[: chain.index(overview)] if overview in chain else []
            panel = next((one for one in inside if (one.id or "").startswith(("plot-", "small-"))), None)
            largest = panel or self.present_plot or overview
            above = largest.ancestors_with_self
            return [one for one in above[: above.index(overview)] if isinstance(one, Widget)]
        return []
