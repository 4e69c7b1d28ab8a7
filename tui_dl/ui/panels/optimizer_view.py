"""The optimizer's view: the table of what is held, and pictures of the chosen layer and of the rate."""

from dataclasses import replace
from typing import ClassVar, Final, Literal

from textual import events
from textual.app import ComposeResult
from textual.containers import Container, Horizontal

from tui_dl.ui.ink import as_ascii
from tui_dl.ui.panels.histogram_pair import histogram_data, map_data
from tui_dl.ui.panels.layer_choice import chosen_layer
from tui_dl.ui.panels.optimizer import OptimizerPanel
from tui_dl.ui.panels.optimizer_words import symbol
from tui_dl.ui.panels.reading_plot import Line, ReadingPlot
from tui_dl.ui.panels.schedule_plot import SchedulePlot
from tui_dl.ui.plots.histogram import HistogramData, HistogramPlot
from tui_dl.ui.plots.histogram_map import HistogramMap
from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.wire.snapshots import OptimizerRead

Page = Literal["now", "time", "schedule"]
_PAGES: Final[tuple[Page, ...]] = ("now", "time", "schedule")
_TALL_FROM: Final = 30
_WIDE_FROM: Final = 96
_SPREADS: Final = 3


class OptimizerView(Container):
    """Table above, pictures below. Where it is low one picture is shown and a key turns the pages."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("optimizer", "experiment"))
    DEFAULT_CSS = """
    OptimizerView {
        & > OptimizerPanel { height: 1fr; }
        & > Container, & > Horizontal { height: 10; }
        & > .hidden { display: none; }
        &.-flat-view > Container, &.-flat-view > Horizontal { display: none; }
        & HistogramPlot, & HistogramMap, & ReadingPlot { width: 1fr; height: 1fr; }
        & SchedulePlot { height: 10; }
    }
    """

    def __init__(self, model: RunModel, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.model = model
        self.page: Page = "now"
        self._is_tall = False

    def compose(self) -> ComposeResult:
        """The table, then the pages."""
        yield OptimizerPanel(self.model, id="optimizer-table")
        yield SchedulePlot(self.model, id="schedule-plot")
        with Horizontal(id="optimizer-now"):
            for place in range(_SPREADS):
                yield HistogramPlot(HistogramData(""), id=f"spread-{place}")
        with Horizontal(id="optimizer-time"):
            yield ReadingPlot(self.model, "over time", classes="state")
            yield UpdatesOverTime(self.model, id="optimizer-map")

    def on_mount(self) -> None:
        # In an app that is about to end nothing of it has been mounted.
        if self.is_attached:
            self._arrange()

    def on_resize(self, event: events.Resize) -> None:
        self._is_tall = event.size.height >= _TALL_FROM
        height = (
            max(min(event.size.height // 2, 12), 6) if not self._is_tall else max(event.size.height // 4, 9)
        )
        for name in ("optimizer-now", "optimizer-time", "schedule-plot"):
            self.query_one(f"#{name}").styles.height = height
        self.query_one(UpdatesOverTime).display = event.size.width >= _WIDE_FROM
        self._arrange()
        self.call_after_refresh(self.renew_all)

    def move_lines(self, by: int) -> None:
        """Choose another layer."""
        self.query_one(OptimizerPanel).move_lines(by)
        self.renew_all()

    def toggle_time(self) -> None:
        """The next page: now, over time, and where the schedule has no place of its own, that."""
        pages = _PAGES[:2] if self._is_tall else _PAGES
        place = pages.index(self.page) if self.page in pages else -1
        self.page = pages[(place + 1) % len(pages)]
        self._arrange()
        self.call_after_refresh(self.renew_all)

    def _arrange(self) -> None:
        if self._is_tall and self.page == "schedule":
            self.page = "now"
        shown = {"now": "optimizer-now", "time": "optimizer-time", "schedule": "schedule-plot"}
        for page, name in shown.items():
            is_shown = page == self.page or (page == "schedule" and self._is_tall)
            self.query_one(f"#{name}").set_class(not is_shown, "hidden")

    def renew_all(self) -> None:
        """Paint what is shown now, whatever the pace of each."""
        self.renew()
        self.query_one(SchedulePlot).renew()
        self.query_one(UpdatesOverTime).renew()

    def renew(self) -> int:
        """Show the newest spreads or curves; returns how many rows changed."""
        if not self.is_mounted:
            return 0
        if self.page == "now":
            return self._renew_spreads()
        return self._renew_curves() if self.page == "time" else 0

    def _renew_spreads(self) -> int:
        layer = chosen_layer(self.model)
        read = self.model.reading(OptimizerRead)
        kinds = ["update"]
        if read is not None:
            kinds += [name for name in (read.first_moment, read.second_moment) if name]
        rows = 0
        for place in range(_SPREADS):
            plot = self.query_one(f"#spread-{place}", HistogramPlot)
            plot.display = place < len(kinds)
            if place < len(kinds):
                data = spread_data(self.model, layer, kinds[place], place)
                if getattr(self.app, "is_plain", False):
                    data = replace(data, title=as_ascii(data.title))
                rows += plot.set_data(data)
        return rows

    def _renew_curves(self) -> int:
        layer = chosen_layer(self.model)
        read = self.model.reading(OptimizerRead)
        lines = [Line(f"{layer}.effective_step", "step", 2)]
        is_plain = getattr(self.app, "is_plain", False)
        moments = () if read is None else ((read.first_moment, "first", 0), (read.second_moment, "second", 1))
        for name, which, colour in moments:
            if name:
                label = as_ascii(symbol(name)) if is_plain else symbol(name)
                lines.append(Line(f"{layer}.{which}_moment_rms", label, colour))
        plot = self.query_one("ReadingPlot.state", ReadingPlot)
        return plot.show(f"state of {layer} over time" if layer else "state over time", lines)


class UpdatesOverTime(Container):
    """How the chosen layer's updates are spread, over steps; painted once a second at most."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("optimizer", "experiment"))

    def __init__(self, model: RunModel, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.model = model

    def compose(self) -> ComposeResult:
        """One map."""
        yield HistogramMap()

    def renew(self) -> int:
        """Show the readings so far; returns how many rows changed."""
        if not self.is_mounted or not self.display:
            return 0
        layer = chosen_layer(self.model)
        title = f"updates of {layer} over time" if layer else "updates over time"
        data = map_data(self.model, layer, "update", title)
        return self.query_one(HistogramMap).set_data(data)


def spread_data(model: RunModel, layer: str, kind: str, colour: int) -> HistogramData:
    """How the numbers of one layer are spread: its last update, or what the optimizer holds of it."""
    title = f"{symbol(kind)} of {layer}" if layer else symbol(kind)
    found = model.lenses.histograms.latest(layer, kind)
    if found is None:
        return HistogramData(title, empty_text=f"with the next batch: {model.keymap.shown('step')} makes one")
    step = model.lenses.histograms.latest_step(layer, kind)
    note = "" if step is None or step == model.reading_step(OptimizerRead) else f"of step {step:,}"
    return histogram_data(found, title, (2, 0, 1)[colour], note)
