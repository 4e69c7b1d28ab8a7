"""One layer's own page: numbers, norms over time, histograms, optimizer; or its weights as a picture."""

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Container, Horizontal

from tui_dl.ui.ink import Line, Part, cells
from tui_dl.ui.numerals import brief, bytes_held, count, number, share
from tui_dl.ui.panels.histogram_pair import HistogramPair
from tui_dl.ui.panels.layer_choice import LayerChosen, chosen_layer, neighbour
from tui_dl.ui.panels.layer_columns import HEALTHY_LOG10, compact, gauge
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.panels.matrix import MatrixPanel
from tui_dl.ui.panels.optimizer_words import state_line
from tui_dl.ui.panels.reading_plot import Line as PlottedLine
from tui_dl.ui.panels.reading_plot import ReadingPlot
from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.wire.messages import LayerInfo
from tui_dl.wire.snapshots import LayerReading, LayersRead, OptimizerRead

_GAUGE_CELLS: Final = 19


class LayerPage(Container):
    """Up and down go to the neighbours; keys turn the histograms to those over time, and all to a picture."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("layers", "optimizer", "experiment"))
    DEFAULT_CSS = """
    LayerPage {
        & > LayerFacts { height: 5; }
        & > Horizontal { height: 1fr; }
        & > HistogramPair { height: 1fr; }
        & > MatrixPanel { height: 1fr; }
    }
    """

    def __init__(self, model: RunModel, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.model = model

    def compose(self) -> ComposeResult:
        """Facts, two plots over time, two histograms; in place of all but the facts the matrix."""
        yield LayerFacts(self.model)
        with Horizontal():
            yield ReadingPlot(self.model, "norms", classes="norms")
            yield ReadingPlot(self.model, "update over weight", classes="ratio")
        yield HistogramPair(self.model, id="page-pair", classes="beside")
        matrix = MatrixPanel(self.model, id="layer-matrix")
        matrix.display = False
        yield matrix

    @property
    def is_over_time(self) -> bool:
        """Whether the histograms are shown over time."""
        return bool(self.is_mounted and self.query_one(HistogramPair).is_over_time)

    @property
    def is_matrix(self) -> bool:
        """Whether the weights are shown as a picture."""
        return bool(self.is_mounted and self.query_one(MatrixPanel).display)

    def show_matrix(self, *, is_shown: bool) -> None:
        """The weights as a picture, or plots and histograms again."""
        self.query_one(MatrixPanel).display = is_shown
        self.query_one(Horizontal).display = not is_shown
        self.query_one(HistogramPair).display = not is_shown
        self.call_after_refresh(self.renew_all)
        self.post_message(LayerChosen())

    def move_lines(self, by: int) -> None:
        """Go to a neighbour."""
        self.model.lenses.chosen = neighbour(self.model, by)
        self.renew_all()
        self.post_message(LayerChosen())

    def toggle_time(self) -> None:
        """Histograms now, or over time; from the picture back to them."""
        if self.is_matrix:
            self.show_matrix(is_shown=False)
        self.query_one(HistogramPair).toggle_time()
        self.query_one(LayerFacts).renew()

    def renew_all(self) -> None:
        """Show another layer at once."""
        self.renew()
        self.query_one(HistogramPair).renew_all()
        self.query_one(MatrixPanel).renew()

    def renew(self) -> int:
        """Show the newest numbers; returns how many rows changed."""
        if not self.is_mounted:
            return 0
        layer = chosen_layer(self.model)
        rows = self.query_one(LayerFacts).renew()
        norms = (
            PlottedLine(f"{layer}.grad_norm", "gradient", 1),
            PlottedLine(f"{layer}.weight_norm", "weight", 0),
        )
        rows += self.query_one("ReadingPlot.norms", ReadingPlot).show(
            f"norms of {layer}" if layer else "norms", norms
        )
        low, high = (10.0**power for power in HEALTHY_LOG10)
        ratio = (PlottedLine(f"{layer}.update_ratio", "update", 2),)
        plot = self.query_one("ReadingPlot.ratio", ReadingPlot)
        return rows + plot.show("update over weight", ratio, levels=((high, "1e-2"), (low, "1e-4")))


class LayerFacts(LinePanel):
    """What the layer is, and its newest numbers."""

    def build(self, width: int, height: int) -> Sequence[Line]:
        """Five lines at most."""
        model = self.model
        names = [info.name for info in model.layers]
        layer = chosen_layer(model)
        if not layer:
            return [[("  The layers appear once the model has been built.", "dim")]]
        info = model.layers[names.index(layer)]
        shape = "×".join(map(str, info.output_shape)) or number(None)
        first: list[Part] = [
            (f" ‹ {self.keymap.shown('back')}", "key", "screen.close_layer"),
            ("  ", ""),
            (f" {layer} ", "chosen"),
        ]
        first.append((f"  {info.kind} → {shape}   {count(info.parameters)} parameters", "bold"))
        place = f"   {names.index(layer) + 1}/{len(names)} ↑↓"
        costs = _costs(info)
        if costs and cells(first) + len(costs) + len(place) <= width:
            first.append((costs, "dim"))
        first.append((place, "dim"))
        read = model.reading(LayersRead)
        found = None if read is None else next((one for one in read.layers if one.name == layer), None)
        lines: list[Line] = [first, *_numbers(found or LayerReading(layer), width)]
        lines.append(self._state(layer, width))
        words = "measured with the next batch" if read is None else read.missing
        step = model.reading_step(LayersRead)
        told = "" if step is None else f"measured at step {step:,}"
        toggle = f" histograms {'now' if self._is_over_time else 'over time'} "
        picture = " plots   " if self._is_matrix else " weights as a picture   "
        lines.append(
            [
                (f" {self.keymap.shown('toggle_time')}", "key", "screen.toggle_time"),
                (toggle, "dim", "screen.toggle_time"),
                (f" {self.keymap.shown('weights')}", "key", "screen.toggle_matrix"),
                (picture, "dim", "screen.toggle_matrix"),
                ("; ".join(part for part in (told, words) if part), "dim"),
            ]
        )
        return lines

    @property
    def _is_over_time(self) -> bool:
        return isinstance(self.parent, LayerPage) and self.parent.is_over_time

    @property
    def _is_matrix(self) -> bool:
        return isinstance(self.parent, LayerPage) and self.parent.is_matrix

    def _state(self, layer: str, width: int) -> Line:
        read = self.model.reading(OptimizerRead)
        found = None if read is None else next((one for one in read.layers if one.layer == layer), None)
        if read is None or found is None:
            return [(" optimizer  measured with the next batch", "dim")]
        return state_line(read, found)


def _costs(info: LayerInfo) -> str:
    """What it costs for one sample, where that is known."""
    words = f"   {brief(info.multiply_adds)} multiply-adds" if info.multiply_adds else ""
    return words + (f"   {bytes_held(info.activation_bytes)} a sample" if info.activation_bytes else "")


def _numbers(one: LayerReading, width: int) -> list[Line]:
    norms: list[Part] = [(" gradient ‖g‖ ", "dim"), (compact(one.grad_norm), "bold")]
    norms += [("   weight ‖w‖ ", "dim"), (compact(one.weight_norm), "bold")]
    units: list[Part] = []
    if one.dead_share is not None:
        style = "warn" if one.dead_share >= 0.4 else ""
        units += [("   dead ", "dim"), (share(one.dead_share, 0), style)]
    if one.saturated_share is not None:
        units += [("   saturated ", "dim"), (share(one.saturated_share, 0), "")]
    update: list[Part] = [(" update/weight log₁₀ ", "dim"), *gauge(one.update_ratio, _GAUGE_CELLS)]
    update.append((" ━ healthy", "dim"))
    return [[*norms, *units], update]
