"""What the model makes of the data: a fit with residuals; or regions, samples, a matrix and one in full."""

from typing import ClassVar, Final, final

from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget

from tui_dl.ui.ink import Line
from tui_dl.ui.panels.confusion import ConfusionPanel, needed_width
from tui_dl.ui.panels.judged import JudgedView, SampleChosen, judged, next_sample
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.panels.sample_list import SampleList
from tui_dl.ui.panels.sample_page import SamplePage
from tui_dl.ui.panels.samples import SamplesPanel
from tui_dl.ui.panels.task_data import fit_data, regions_data
from tui_dl.ui.panels.task_pages import Page, pages
from tui_dl.ui.plots.fit_plot import FitPlot
from tui_dl.ui.plots.region_map import RegionMap
from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.wire.snapshots import CurveView, RegionsView, SamplesView

_HINT_FROM_HEIGHT: Final = 12


class TaskPanel(Vertical):
    """The view that fits the task; which one is known when the first comes.

    Of a classification a sample can be chosen; the engine is told which (`Wished`).
    """

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("task", "experiment", "link"))
    DEFAULT_CSS = """
    TaskPanel {
        & .part { width: 1fr; height: 1fr; display: none; }
        & .holder { height: 1fr; }
        & .side { display: none; height: 1fr; }
        & .hint { height: 1; display: none; }
        & .shown { display: block; }
    }
    """

    @final
    class Wished(Message):
        """What the engine should show has changed: another sample, or another size of the picture."""

    def __init__(
        self,
        model: RunModel,
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
        has_hints: bool = True,
    ) -> None:
        super().__init__(id=id)
        self.model = model
        self.pinned: int | None = None
        """The validation sample that was chosen; None follows the worst one."""
        self.grid = (0, 0)
        """Columns and rows of a picture of the plane as it is drawn here."""
        self._page = 0
        self._has_hints = has_hints

    def compose(self) -> ComposeResult:
        """All parts, of which those are shown that fit."""
        with Horizontal(classes="holder"):
            with Container(classes="picture"):
                yield FitPlot(classes="part curve")
                yield RegionMap(classes="part regions")
                yield SamplesPanel(self.model, classes="part samples")
                yield SampleList(self.model, classes="part list")
            with Vertical(classes="side"):
                yield ConfusionPanel(self.model, classes="part matrix")
                yield SamplePage(self.model, classes="part sample")
        yield TaskHint(self, classes="hint")

    def on_resize(self) -> None:
        self.renew()

    def renew(self) -> int | None:
        """Show the newest view; returns how many rows changed, None if that is not known."""
        if not (self.is_mounted and self.size):
            return 0
        view = self.model.task_view
        if isinstance(view, CurveView):
            self._arrange({"curve"}, Page(frozenset(("picture",))))
            return self.query_one(FitPlot).set_data(fit_data(view))
        seen = judged(view)
        if seen is None:
            self._arrange({"list"}, Page(frozenset(("picture",))))
            return self.query_one(SampleList).renew()
        return self._show_judged(seen)

    # -- choosing --------------------------------------------------------------------------------------

    def move_lines(self, by: int) -> None:
        """The sample before or after the chosen one, in the order of the worst."""
        view = judged(self.model.task_view)
        found = None if view is None else next_sample(view, self.pinned, by)
        if found is not None:
            self.choose(found)

    def choose(self, index: int | None) -> None:
        """Have one validation sample shown in full; None follows the worst one again."""
        if index != self.pinned:
            self.pinned = index
            self.post_message(self.Wished())
            self.renew()

    def enter(self) -> None:
        """On to the next page, after the last to the first."""
        self._page += 1
        self.renew()

    def leave(self) -> bool:
        """Back to the first page, from there to the worst sample; tells whether there was a way back."""
        if self._page:
            self._page = 0
            self.renew()
            return True
        was_chosen = self.pinned is not None
        self.choose(None)
        return was_chosen

    def on_sample_chosen(self, event: SampleChosen) -> None:
        event.stop()
        self.choose(event.index)

    def on_region_map_sized(self, event: RegionMap.Sized) -> None:
        # At rest no reading follows that would ask for it.
        event.stop()
        self._want_grid(self.query_one(RegionMap).grid)

    def on_region_map_pointed(self, event: RegionMap.Pointed) -> None:
        event.stop()
        self.choose(event.index)

    # -- inside ----------------------------------------------------------------------------------------

    def _show_judged(self, view: JudgedView) -> int:
        width, height = self.size
        height -= self._hint_rows
        found = pages(
            width,
            height,
            len(view.counts),
            needed_width(view),
            is_plane=isinstance(view, RegionsView),
        )
        self._page %= len(found)
        page = found[self._page]
        shown: set[str] = set(page.parts - {"picture"})
        if "picture" in page.parts:
            shown.add(_picture_of(view))
        self._arrange(shown, page)
        rows = 0
        for panel in self.query(SamplesPanel):
            panel.pinned = self.pinned
        for listing in self.query(SampleList):
            listing.pinned = self.pinned
        if isinstance(view, RegionsView) and "regions" in shown:
            plane = self.query_one(RegionMap)
            rows += plane.set_data(regions_data(view, self.pinned))
            self._want_grid(plane.grid)
        for part in self.query(".shown").results(Widget):
            if isinstance(part, LinePanel):
                rows += part.renew()
        return rows

    def _want_grid(self, grid: tuple[int, int]) -> None:
        if grid != self.grid and min(grid) > 0:
            self.grid = grid
            self.post_message(self.Wished())

    def _arrange(self, shown: set[str], page: Page) -> None:
        for part in self.query(".part").results(Widget):
            part.set_class(any(part.has_class(name) for name in shown), "shown")
        picture, side = self.query_one(".picture"), self.query_one(".side")
        has_picture, has_side = "picture" in page.parts, bool(page.parts - {"picture"})
        picture.display = has_picture
        side.set_class(has_side, "shown")
        side.styles.width = page.side if has_picture and page.side else "1fr"
        self.query_one(ConfusionPanel).styles.height = page.matrix_rows or "1fr"
        self.query_one(TaskHint).set_class(bool(self._hint_rows), "shown")

    @property
    def _hint_rows(self) -> int:
        is_judged = judged(self.model.task_view) is not None
        return int(self._has_hints and is_judged and self.size.height >= _HINT_FROM_HEIGHT)


def _picture_of(view: JudgedView) -> str:
    if isinstance(view, RegionsView):
        return "regions"
    return "samples" if isinstance(view, SamplesView) else "list"


class TaskHint(LinePanel):
    """Which keys do something here, in the last row."""

    def __init__(self, panel: TaskPanel, *, classes: str | None = None) -> None:
        super().__init__(panel.model, classes=classes)
        self._panel = panel

    def build(self, width: int, height: int) -> list[Line]:
        """One line; a click does what the key does."""
        enter, back = self.keymap.shown("open"), self.keymap.shown("back")
        line: Line = [
            (" ↑↓", "key"),
            (" another sample ", "dim"),
            (f" {enter}", "key", "screen.enter_view"),
            (" another page ", "dim", "screen.enter_view"),
            (f" {back}", "key", "screen.back"),
            (" back to the worst" if self._panel.pinned is not None else " back", "dim", "screen.back"),
        ]
        return [line]
