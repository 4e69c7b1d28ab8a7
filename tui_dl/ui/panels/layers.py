"""The layer table: a row a layer, ordered by any column, live; rows out of sight cost nothing."""

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import events

from tui_dl.ui.ink import Line, Part, cells, fitted
from tui_dl.ui.numerals import brief, bytes_held
from tui_dl.ui.panels.layer_choice import LayerChosen, are_too_many
from tui_dl.ui.panels.layer_columns import TINY_CELLS, Order, cell, chosen_columns, compact, head, in_order
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.plots.histogram import tiny_cell
from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.wire.messages import LayerInfo
from tui_dl.wire.snapshots import Histogram, LayerReading, LayersRead

_FACTS_FROM: Final = 84
_FACTS: Final = frozenset({"kind", "shape", "parameters"})
_WIDE_FROM: Final = 100


class LayersPanel(LinePanel):
    """A row a layer, in the order of the forward pass; the overview's, which is only looked at."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("layers", "experiment"))
    HAS_CURSOR: ClassVar[bool] = False

    def __init__(self, model: RunModel, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(model, id=id, classes=classes)
        self.order = Order()
        self._first_row = 0
        self._rows_shown = 0
        self._tiny: dict[str, tuple[Histogram, tuple[str, str]]] = {}

    def build(self, width: int, height: int) -> Sequence[Line]:
        """A head, the rows that are in sight, and lines on what to look for."""
        infos = {info.name: info for info in self.model.layers}
        rows = self.rows
        if not rows:
            return [(), [("  The layers appear here once the model has been built.", "dim")]]
        gap = 2 if width >= _WIDE_FROM else 1
        # Histograms are measured for the table alone: beside the curves they would be old.
        without = frozenset() if self.HAS_CURSOR else frozenset({"weights"})
        if not self.HAS_CURSOR and width < _FACTS_FROM:
            # What never changes gives way to the gauge and to dead units.
            without |= _FACTS
        columns = chosen_columns(width, rows, infos, gap, without)
        legend = self._legend(width)
        room = max(height - 1, 1)
        # The words below give way to rows, but for the last ones that say what to press.
        below = (
            legend
            if len(rows) + len(legend) + 1 < room
            else legend[-1:]
            if self.HAS_CURSOR and room > 4
            else []
        )
        shown = self._in_sight(rows, room - len(below))
        self._rows_shown = len(shown)
        click = "screen.sort_layers('{}')".format if self.HAS_CURSOR else None
        lines: list[Line] = [head(columns, self.order, gap, click)]
        lines += [self._row(one, infos.get(one.name), columns, gap) for one in shown]
        if below:
            lines += [()] * (1 if len(lines) + len(below) + 1 <= height else 0)
            lines += below
        return lines

    @property
    def chosen(self) -> str:
        """The layer under the cursor, by its name: rows move while they are ordered."""
        return self.model.lenses.chosen

    @property
    def rows(self) -> Sequence[LayerReading]:
        """All rows as they are ordered now."""
        read = self.model.reading(LayersRead)
        rows = (
            read.layers if read is not None else tuple(LayerReading(info.name) for info in self.model.layers)
        )
        return (
            in_order(rows, {info.name: info for info in self.model.layers}, self.order)
            if self.order.key
            else rows
        )

    def _in_sight(self, rows: Sequence[LayerReading], room: int) -> Sequence[LayerReading]:
        room = max(room, 1)
        if self.HAS_CURSOR:
            place = self._place(rows)
            self.model.lenses.chosen = rows[place].name
            self._first_row = max(min(self._first_row, place), place - room + 1)
        self._first_row = max(min(self._first_row, len(rows) - room), 0)
        return rows[self._first_row : self._first_row + room]

    def _place(self, rows: Sequence[LayerReading]) -> int:
        return next((place for place, one in enumerate(rows) if one.name == self.chosen), 0)

    def _row(self, one: LayerReading, info: LayerInfo | None, columns: dict[str, int], gap: int) -> Line:
        is_chosen = self.HAS_CURSOR and one.name == self.chosen
        parts: list[Part] = [("▌ ", "key") if is_chosen else "  "]
        space = " " * gap
        for key, size in columns.items():
            tiny = self._tiny_of(one.name) if key == "weights" else ("", "")
            made = cell(key, size, one, info, tiny)
            if is_chosen and key == "layer":
                made = [(made[0][0], "chosen")] if isinstance(made[0], tuple) else made
            parts += made
            parts.append(space)
        return parts

    def _tiny_of(self, layer: str) -> tuple[str, str]:
        """The weights' histogram in a cell, drawn once for each reading."""
        found = self.model.lenses.histograms.latest(layer, "weights")
        if found is None:
            return "", "dim"
        known = self._tiny.get(layer)
        if known is None or known[0] is not found:
            known = self._tiny[layer] = found, tiny_cell(found, "train", TINY_CELLS)
        return known[1]

    def _legend(self, width: int) -> list[Line]:
        read = self.model.reading(LayersRead)
        healthy = " ━ healthy: an update moves a weight by about a thousandth (-3)"
        lines: list[Line] = [
            [(healthy if width > len(healthy) else " ━ healthy: about -3, a thousandth", "dim")]
        ]
        if read is not None and read.grad_ratio is not None and len(read.layers) > 1:
            lines.append(_ratio_line(read.grad_ratio, width))
        described = self.model.described
        if self.HAS_CURSOR and described is not None and described.multiply_adds:
            work, held = brief(described.multiply_adds), bytes_held(described.activation_bytes)
            words = f" {work} multiply-adds a sample forward; activations of a batch take {held}"
            lines.append([(fitted(words, width).rstrip(), "dim")])
        step = self.model.reading_step(LayersRead)
        if step is not None and read is not None:
            words = f" measured at step {step:,}" + (f"; {read.missing}" if read.missing else "")
            lines.append([(words, "dim")])
        return [line for line in lines if width > 40]


class LayerTable(LayersPanel):
    """The view's table, with a cursor."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("layers", "histograms", "experiment"))
    HAS_CURSOR: ClassVar[bool] = True

    def move_lines(self, lines: int) -> None:
        """Move the cursor."""
        rows = self.rows
        if rows:
            self.choose(rows[max(min(self._place(rows) + lines, len(rows) - 1), 0)].name)

    def choose(self, layer: str) -> None:
        """Put the cursor on a layer."""
        self.model.lenses.chosen = layer
        self.repaint()
        self.post_message(LayerChosen())

    def reorder(self, order: Order) -> None:
        """Order the rows otherwise: by a column the cursor goes to the top, which is what one orders for."""
        self.order = order
        rows = self.rows
        if order.key and rows:
            self.choose(rows[0].name)
        else:
            self.repaint()

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on a row; on the row that has it, it opens the layer's page."""
        place = self._first_row + event.y - 1
        rows = self.rows
        if not 1 <= event.y <= self._rows_shown or place >= len(rows):
            return
        event.stop()
        if rows[place].name == self.chosen:
            self.app.call_later(self.screen.run_action, "open_layer")
        else:
            self.choose(rows[place].name)

    def _legend(self, width: int) -> list[Line]:
        keys: list[Part] = [
            (f" {self.keymap.shown('open')}", "key", "screen.open_layer"),
            (" its page  ", "dim", "screen.open_layer"),
        ]
        keys += [
            (self.keymap.shown("sort_layers"), "key", "screen.sort_layers"),
            (" order: ", "dim", "screen.sort_layers"),
        ]
        keys.append((self.order.words, "bold", "screen.sort_layers"))
        rows = len(self.model.layers)
        if rows > 1:
            # The histogram of each row's weights is left out then, but for the one that is chosen.
            alone = ", weights of one" if are_too_many(self.model) else ""
            keys.append((f"  ↑↓ {rows:,} layers{alone}", "dim"))
        return [*super()._legend(width), keys]


def _ratio_line(ratio: float, width: int) -> Line:
    style = "bold"
    if ratio < 1e-2:
        style, words = "warn", "it vanishes on its way down"
    elif ratio > 1e2:
        style, words = "warn", "it explodes on its way down"
    else:
        words = "comparable: all layers learn"
    line: Line = [(" gradient first/last layer ", "dim"), (compact(ratio), style)]
    spoken: Line = [*line, (f"  {words}", "dim")]
    return spoken if cells(spoken) < width else line
