"""Weights and gradients of the chosen layer, as they are now or over time."""

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Container

from tui_dl.ui.panels.layer_choice import chosen_layer
from tui_dl.ui.plots.histogram import HistogramData, HistogramPlot
from tui_dl.ui.plots.histogram_map import HistogramMap, HistogramMapData
from tui_dl.ui.plots.history_series import live_marks
from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.wire.snapshots import Histogram, HistogramsRead

KINDS: Final = ("weights", "gradients")
_COLOURS: Final = {"weights": 0, "gradients": 1}


class HistogramPair(Container):
    """Two histograms that change with every reading; behind them, on a key, the same over time."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("histograms", "experiment"))
    DEFAULT_CSS = """
    HistogramPair {
        & > Container { height: 1fr; width: 1fr; }
        & HistogramPlot, & HistogramMap { height: 1fr; width: 1fr; }
    }
    HistogramPair.beside > Container { layout: horizontal; }
    """

    def __init__(self, model: RunModel, *, id: str, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self.model = model
        self.is_over_time = False

    def compose(self) -> ComposeResult:
        """The present ones, and the maps, of which the former are shown."""
        with Container(id=f"{self.id}-now"):
            for kind in KINDS:
                yield HistogramPlot(HistogramData(kind), classes=kind)
        over_time = HistogramsOverTime(self.model, id=f"{self.id}-time")
        over_time.display = False
        yield over_time

    def toggle_time(self) -> None:
        """Now, or over time."""
        self.is_over_time = not self.is_over_time
        self.query_one(f"#{self.id}-now").display = not self.is_over_time
        self.query_one(HistogramsOverTime).display = self.is_over_time
        self.call_after_refresh(self.renew_all)

    def renew_all(self) -> None:
        """Show another layer: both at once, whatever the maps' pace."""
        self.renew()
        if self.is_over_time:
            self.query_one(HistogramsOverTime).renew()

    def renew(self) -> int:
        """Show the newest histograms; returns how many rows changed."""
        if not self.is_mounted or self.is_over_time:
            return 0
        return sum(
            self.query_one(f"HistogramPlot.{kind}", HistogramPlot).set_data(
                newest_data(self.model, chosen_layer(self.model), kind)
            )
            for kind in KINDS
        )


class HistogramsOverTime(Container):
    """The same two tensors as heat maps over steps; painted once a second at most."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("histograms", "experiment"))

    def __init__(self, model: RunModel, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.model = model

    def compose(self) -> ComposeResult:
        """Two maps."""
        for kind in KINDS:
            yield HistogramMap(HistogramMapData(kind), classes=kind)

    def renew(self) -> int:
        """Show the readings so far; returns how many rows changed."""
        if not self.is_mounted or not self.display:
            return 0
        layer = chosen_layer(self.model)
        return sum(
            self.query_one(f"HistogramMap.{kind}", HistogramMap).set_data(map_data(self.model, layer, kind))
            for kind in KINDS
        )


def map_data(model: RunModel, layer: str, kind: str, title: str = "") -> HistogramMapData:
    """The readings of a tensor so far, with the marks of changes."""
    frames = tuple(model.lenses.histograms.frames(layer, kind))
    return HistogramMapData(
        title or (f"{kind} of {layer} over time" if layer else f"{kind} over time"),
        frames,
        live_marks(model.history),
        empty_text=_why_empty(model, kind),
    )


def newest_data(model: RunModel, layer: str, kind: str) -> HistogramData:
    """What the plot shows of the newest histogram of a layer's weights or gradients."""
    found = model.lenses.histograms.latest(layer, kind)
    if found is None:
        return HistogramData(f"{kind} of {layer}" if layer else kind, empty_text=_why_empty(model, kind))
    step = model.lenses.histograms.latest_step(layer, kind)
    present = model.reading_step(HistogramsRead)
    read = model.reading(HistogramsRead)
    note = ""
    if step is not None and step != present:
        note = f"of step {step:,}"
    elif kind == "gradients" and read is not None and read.missing:
        note = read.missing
    return histogram_data(found, f"{kind} of {layer}", _COLOURS[kind], note)


def histogram_data(found: Histogram, title: str, colour: int, note: str = "") -> HistogramData:
    """A histogram as a plot takes it."""
    return HistogramData(
        title,
        found.counts,
        found.low,
        found.high,
        found.total,
        found.zeros,
        found.nonfinite,
        found.mean,
        found.std,
        colour,
        below=found.below,
        above=found.above,
        lowest=found.lowest,
        highest=found.highest,
        note=note,
    )


def _why_empty(model: RunModel, kind: str) -> str:
    read, step = model.reading(HistogramsRead), model.keymap.shown("step")
    if read is not None and read.missing and kind == "gradients":
        return f"{read.missing}: {step} makes one"
    if model.described is None:
        return "nothing is known yet: the engine is loading"
    return f"measured with the next batch: {step} makes one"
