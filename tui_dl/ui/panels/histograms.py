"""Histograms: every layer at a glance on the left, one layer's weights and gradients large on the right."""

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal

from tui_dl.ui.ink import Line, Part, fitted
from tui_dl.ui.panels.histogram_pair import HistogramPair
from tui_dl.ui.panels.layer_choice import (
    MEASURED_TOGETHER,
    LayerChosen,
    are_too_many,
    chosen_layer,
    neighbour,
)
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.plots.histogram import tiny_cell
from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.wire.snapshots import HistogramsRead

_TINY_CELLS: Final = 8
_LIST_WIDTHS: Final = (31, 20)
_NARROW_BELOW: Final = 68
_STYLES: Final = {"weights": "train", "gradients": "validation"}


class HistogramsPanel(Horizontal):
    """Up and down choose the layer, a key turns to the same over time."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("histograms", "experiment"))
    DEFAULT_CSS = """
    HistogramsPanel {
        & > LayerList { width: 31; }
        & > HistogramPair { width: 1fr; height: 1fr; }
    }
    """

    def __init__(self, model: RunModel, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.model = model

    def compose(self) -> ComposeResult:
        """The list of layers, and two plots."""
        yield LayerList(self.model)
        yield HistogramPair(self.model, id=f"{self.id or 'histograms'}-pair")

    def on_resize(self, event: events.Resize) -> None:
        self.query_one(LayerList).styles.width = _LIST_WIDTHS[event.size.width < _NARROW_BELOW]
        self.renew()

    def move_lines(self, by: int) -> None:
        """Choose another layer."""
        self.choose(neighbour(self.model, by))

    def choose(self, layer: str) -> None:
        """Show a layer."""
        self.model.lenses.chosen = layer
        self.query_one(LayerList).renew()
        self.query_one(HistogramPair).renew_all()
        self.post_message(LayerChosen())

    def toggle_time(self) -> None:
        """Now, or over time."""
        self.query_one(HistogramPair).toggle_time()
        self.query_one(LayerList).renew()

    @property
    def is_over_time(self) -> bool:
        """Whether the readings so far are shown."""
        return bool(self.is_mounted and self.query_one(HistogramPair).is_over_time)

    def renew(self) -> int:
        """Show the newest list; the plots renew themselves."""
        return self.query_one(LayerList).renew() if self.is_mounted else 0


class LayerList(LinePanel):
    """Each layer with tiny histograms of its weights and gradients; those out of sight cost nothing."""

    _first = 0
    _shown = 0

    def build(self, width: int, height: int) -> Sequence[Line]:
        """One line a layer; the chosen one is marked."""
        names = [info.name for info in self.model.layers]
        if not names:
            return [(), [("  The layers appear once", "dim")], [("  the model has been built.", "dim")]]
        kinds = ("weights", "gradients") if width >= _LIST_WIDTHS[0] - 2 else ("weights",)
        label = max(width - (_TINY_CELLS + 1) * len(kinds) - 3, 6)
        heads = "".join(f" {kind[:_TINY_CELLS]:<{_TINY_CELLS}}" for kind in kinds)
        lines: list[Line] = [[(f"  {'layer':<{label}}{heads}", "dim")]]
        words = self._words(width)
        room = max(height - 1 - len(words), 1)
        place = names.index(chosen_layer(self.model))
        self._first = max(min(self._first, place, len(names) - room), place - room + 1, 0)
        shown = names[self._first : self._first + room]
        self._shown = len(shown)
        lines += [self._row(name, name == names[place], label, kinds) for name in shown]
        return [*lines, *words]

    def _row(self, name: str, is_chosen: bool, label: int, kinds: Sequence[str]) -> Line:
        parts: list[Part] = [("▌" if is_chosen else " ", "key"), " "]
        parts.append((fitted(name, label), "chosen" if is_chosen else "bold"))
        for kind in kinds:
            found = self.model.lenses.histograms.latest(name, kind)
            blank = " " * _TINY_CELLS, "dim"
            parts += [" ", tiny_cell(found, _STYLES[kind], _TINY_CELLS) if found is not None else blank]
        return parts

    def _words(self, width: int) -> list[Line]:
        parent = self.parent
        is_over_time = isinstance(parent, HistogramsPanel) and parent.is_over_time
        toggle = "screen.toggle_time"
        turn: list[Part] = [
            (f" {self.keymap.shown('toggle_time')}", "key", toggle),
            (" now" if is_over_time else " over time", "dim", toggle),
        ]
        is_narrow = width < _LIST_WIDTHS[0] - 2
        lines: list[Line] = [turn if is_narrow else [(" ↑↓", "key"), (" layer ", "dim"), *turn]]
        if are_too_many(self.model):
            words = [" chosen one only"] if is_narrow else [" only the chosen is measured:"]
            if not is_narrow:
                words.append(f" there are more than {MEASURED_TOGETHER}")
            lines += [[(line, "dim")] for line in words]
        step = self.model.reading_step(HistogramsRead)
        if step is not None:
            lines.append([(f" step {step:,}" if is_narrow else f" measured at step {step:,}", "dim")])
        return lines

    def on_click(self, event: events.Click) -> None:
        """A click chooses a layer."""
        parent = self.parent
        if isinstance(parent, HistogramsPanel) and 1 <= event.y <= self._shown:
            event.stop()
            parent.choose(self.model.layers[self._first + event.y - 1].name)
