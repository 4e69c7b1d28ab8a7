"""Histograms: every layer at a glance on the left, one layer's weights and gradients large on the right."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from tui_dl.ui.ink import Line, Part, fitted
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.plots.histogram import HistogramData, HistogramPlot, tiny_histogram
from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.wire.snapshots import Histogram, HistogramsRead

_TINY_CELLS = 8
_COLOURS = {"weights": 0, "gradients": 1}


class HistogramsPanel(Horizontal):
    """Up and down choose the layer."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("histograms", "experiment"))
    DEFAULT_CSS = """
    HistogramsPanel {
        & > LayerList { width: 31; }
        & > Vertical { width: 1fr; }
        & HistogramPlot { height: 1fr; }
    }
    """

    def __init__(self, model: RunModel, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.model = model
        self.place = 0

    def compose(self) -> ComposeResult:
        """The list of layers, and two plots."""
        yield LayerList(self.model)
        with Vertical():
            yield HistogramPlot(HistogramData("weights"), id="weights")
            yield HistogramPlot(HistogramData("gradients"), id="gradients")

    @property
    def layer(self) -> str:
        """The chosen layer's name, empty before there is one."""
        names = [info.name for info in self.model.layers]
        self.place = max(min(self.place, len(names) - 1), 0)
        return names[self.place] if names else ""

    def on_resize(self) -> None:
        self.renew()

    def move_lines(self, by: int) -> None:
        """Choose another layer."""
        self.place = max(min(self.place + by, len(self.model.layers) - 1), 0)
        self.renew()

    def renew(self) -> int:
        """Show the newest histograms; returns how many rows changed."""
        if not self.is_mounted:
            return 0
        listing = self.query_one(LayerList)
        listing.chosen = self.layer
        rows = listing.renew()
        for kind in ("weights", "gradients"):
            data = histogram_data(find(self.model, self.layer, kind), kind, self.layer)
            rows += self.query_one(f"#{kind}", HistogramPlot).set_data(data)
        return rows


class LayerList(LinePanel):
    """Each layer with tiny histograms of its weights and gradients."""

    chosen = ""

    def build(self, width: int, height: int) -> Sequence[Line]:
        """One line a layer; the chosen one is marked."""
        names = [info.name for info in self.model.layers]
        if not names:
            return [(), [("  The layers appear once", "dim")], [("  the model has been built.", "dim")]]
        label = max(width - 2 * _TINY_CELLS - 5, 6)
        lines: list[Line] = [[(f"  {'layer':<{label}} {'weights':<{_TINY_CELLS}} gradients", "dim")]]
        if self.chosen in names:
            place = names.index(self.chosen) + 1
            self._top = max(min(self._top, place - 1), place - height + 1)
        for name in names:
            is_chosen = name == self.chosen
            parts: list[Part] = [("▌" if is_chosen else " ", "key"), " "]
            parts.append((fitted(name, label), "chosen" if is_chosen else "bold"))
            for kind, style in (("weights", "train"), ("gradients", "validation")):
                found = find(self.model, name, kind)
                tiny = tiny_histogram(found.counts, _TINY_CELLS) if found is not None else " " * _TINY_CELLS
                parts += [
                    " ",
                    ("nan".ljust(_TINY_CELLS), "bad") if found and found.nonfinite else (tiny, style),
                ]
            lines.append(parts)
        lines.append([("  ↑ ↓ choose the layer", "dim")])
        return lines


def find(model: RunModel, layer: str, kind: str) -> Histogram | None:
    """The newest histogram of a layer's weights or gradients."""
    read = model.reading(HistogramsRead)
    if read is None:
        return None
    return next((one for one in read.histograms if one.layer == layer and one.kind == kind), None)


def histogram_data(found: Histogram | None, kind: str, layer: str) -> HistogramData:
    """What the plot shows of it."""
    if found is None:
        return HistogramData(kind, empty_text="measured with the next batch: s makes one")
    return HistogramData(
        f"{kind} of {layer}",
        found.counts,
        found.low,
        found.high,
        found.total,
        found.zeros,
        found.nonfinite,
        found.mean,
        found.std,
        _COLOURS[kind],
    )
