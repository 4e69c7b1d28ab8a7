"""The optimizer lens in words and numbers: the rate in force, what is held for each layer, what it means."""

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import events

from tui_dl.spec.schedules import Constant
from tui_dl.ui.ink import Line, Part, cells, fitted, wrapped
from tui_dl.ui.numerals import NOTHING, count, number, rate
from tui_dl.ui.panels.control import brief_component
from tui_dl.ui.panels.layer_choice import LayerChosen, chosen_layer, neighbour
from tui_dl.ui.panels.layer_columns import compact
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.panels.optimizer_lessons import lesson
from tui_dl.ui.panels.optimizer_words import symbol
from tui_dl.ui.panels.schedule_plot import rates_ahead
from tui_dl.ui.run_model import Topic
from tui_dl.wire.snapshots import OptimizerRead, OptimizerReading

_BAR_CELLS: Final = 30
_LEAST_ROWS: Final = 3


class OptimizerPanel(LinePanel):
    """What is held, layer by layer, as root mean squares; and how long the last step was."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("optimizer", "experiment", "status"))

    _first = 0
    _shown: tuple[int, int] = 0, 0
    """The line of the first row, and how many rows there are."""

    def build(self, width: int, height: int) -> Sequence[Line]:
        """The rate, the table, and what the words mean."""
        experiment = self.model.experiment
        self._shown = 0, 0
        if experiment is None:
            return [(), [("  Nothing is known of the optimizer yet.", "dim")]]
        lines = [*self._rates(width), ()]
        read = self.model.reading(OptimizerRead)
        taught = lesson(experiment.optimizer, read)
        if read is None:
            waiting = "  Its state is shown once the engine has loaded."
            if self.model.described is not None:
                waiting = (
                    f"  Its state is measured with the next batch: {self.keymap.shown('step')} makes one."
                )
            return [*lines, [(waiting, "dim")], (), *_explained(taught, width)]
        footer = self._footer(read, width)
        fitting = self._with_lesson(taught, footer, len(read.layers), height - len(lines), width)
        if fitting is None:
            # Too low for all: the blank goes, and of the words the first, which says what is held.
            lines = lines[:-1]
            footer = [*_explained(taught[:1], width, is_brief=True), *footer] if height > 7 else footer
        else:
            footer = fitting
        rows = max(height - len(lines) - len(footer) - 2, _LEAST_ROWS)
        self._shown = len(lines) + 1, min(rows, len(read.layers))
        return [*lines, *self._table(read, width, rows), *footer]

    def move_lines(self, lines: int) -> None:
        """Choose another layer."""
        self.choose(neighbour(self.model, lines))

    def choose(self, layer: str) -> None:
        """Show a layer's numbers over time and as a distribution."""
        self.model.lenses.chosen = layer
        self.repaint()
        self.post_message(LayerChosen())

    def on_click(self, event: events.Click) -> None:
        """A click chooses a layer."""
        line, rows = self._shown
        read = self.model.reading(OptimizerRead)
        if read is not None and line <= event.y < line + rows:
            event.stop()
            self.choose(read.layers[self._first + event.y - line].layer)

    def _rates(self, width: int) -> list[Line]:
        experiment = self.model.experiment
        assert experiment is not None
        optimizer, schedule, status = experiment.optimizer, experiment.schedule, self.model.status
        lines: list[Line] = [[(" optimizer ", "dim"), (brief_component(optimizer), "bold")]]
        lr = self.model.latest("lr")
        ahead = rates_ahead(self.model)
        if lr is None and ahead is not None:
            lr = ahead.bases[0] * ahead.factor(status.step)
        rates: list[Part] = [(" rate      ", "dim"), (rate(lr if lr is not None else optimizer.lr), "bold")]
        if lr is not None and lr != optimizer.lr:
            rates.append((f" = {rate(optimizer.lr)} × {lr / optimizer.lr if optimizer.lr else 0:.4g}", "dim"))
        down, up = self.keymap.shown("rate_down"), self.keymap.shown("rate_up")
        keys: Line = [(f"   {down}", "key"), (" ÷1.1 ", "dim"), (up, "key"), (" ×1.1", "dim")]
        lines.append([*rates, *keys] if cells(rates) + cells(keys) <= width else rates)
        named = brief_component(schedule)
        if not isinstance(schedule, Constant):
            total = status.total_steps
            where = f"at step {count(status.step)}" + (f" of {count(total)}" if total else "")
            named += f"   {where}"
        return [*lines, [(" schedule  ", "dim"), (named, "bold")]]

    def _table(self, read: OptimizerRead, width: int, rows: int) -> list[Line]:
        names = [one.layer for one in read.layers]
        name_width = max(min(max(map(len, names), default=8), 24), 11)
        columns = _columns(read, width - name_width - 2)
        head: list[Part] = [(f"  {'layer':<{name_width}}", "dim")]
        head += [(f"  {name:>{size}}", "dim") for name, size in columns.items()]
        longest = max((one.effective_step or 0.0 for one in read.layers), default=0.0)
        room = width - name_width - 4 - sum(size + 2 for size in columns.values())
        chosen = chosen_layer(self.model)
        shown_rows = max(rows - (read.effective_step is not None), 1)
        place = names.index(chosen) if chosen in names else 0
        self._first = max(min(self._first, place, len(names) - shown_rows), place - shown_rows + 1, 0)
        shown = read.layers[self._first : self._first + shown_rows]
        self._shown = self._shown[0], len(shown)
        lines: list[Line] = [head]
        lines += [
            _row(one, columns, name_width, longest, room, is_chosen=one.layer == chosen) for one in shown
        ]
        if read.effective_step is not None:
            total: list[Part] = [(f"  {fitted('all weights', name_width)}", "dim")]
            for name, size in columns.items():
                text = compact(read.effective_step) if name == "effective step" else ""
                total.append((f"  {text:>{size}}", "bold"))
            lines.append(total)
        return lines

    def _with_lesson(
        self, taught: list[tuple[str, str]], footer: list[Line], layers: int, height: int, width: int
    ) -> list[Line] | None:
        """The words below the table as they fit: wrapped, else a line each; None where there is no room."""
        # A head, a sum, and as many rows as tell a first layer from a last one.
        wanted = min(layers, 2 * _LEAST_ROWS) + 2
        for is_brief in (False, True):
            words = _explained(taught, width, is_brief=is_brief)
            for blank in ([()], []):
                below: list[Line] = [*blank, *words, *footer]
                if words and wanted + len(below) <= height:
                    return below
        return None

    def _footer(self, read: OptimizerRead, width: int) -> list[Line]:
        step = self.model.reading_step(OptimizerRead)
        told = "" if step is None else f"at step {step:,}"
        words = "; ".join(part for part in (told, read.missing) if part)
        keys: list[Part] = [
            (" ↑↓", "key"),
            (" layer  ", "dim"),
            (self.keymap.shown("toggle_time"), "key", "screen.toggle_time"),
        ]
        keys.append((" now/over time  ", "dim", "screen.toggle_time"))
        return [[*keys, (words, "dim")]] if width > 30 else []


def _columns(read: OptimizerRead, room: int) -> dict[str, int]:
    """Widths by title: what the optimizer has, as far as there is room."""
    wanted: dict[str, int] = {}
    if read.first_moment:
        wanted[symbol(read.first_moment)] = 9
    if read.second_moment:
        wanted[symbol(read.second_moment)] = 9
    order = [*wanted, "effective step"]
    wanted["effective step"] = 14
    if any(one.step is not None for one in read.layers):
        wanted["own step"] = 9
        order.append("own step")
    for title, field in (("1-β₁ᵗ", "first_bias_correction"), ("1-β₂ᵗ", "second_bias_correction")):
        if any(getattr(one, field) is not None for one in read.layers):
            wanted[title] = 7
            order.insert(order.index("effective step"), title)
    fitting: dict[str, int] = {}
    for title, size in wanted.items():
        if size + 2 <= room or title == "effective step":
            fitting[title] = size
            room -= size + 2
    return {title: fitting[title] for title in order if title in fitting}


def _row(
    one: OptimizerReading,
    columns: dict[str, int],
    name_width: int,
    longest: float,
    room: int,
    *,
    is_chosen: bool,
) -> Line:
    parts: list[Part] = [("▌", "key") if is_chosen else " ", " "]
    parts.append((fitted(one.layer, name_width), "chosen" if is_chosen else "bold"))
    for title, size in columns.items():
        text, style = _cell(title, one)
        parts.append((f"  {text:>{size}}", style))
    if longest > 0 and room > 8 and one.effective_step is not None:
        filled = min(room - 3, _BAR_CELLS) * min(one.effective_step / longest, 1.0)
        parts += ["  ", ("━" * (round(filled) if filled == filled else 0), "info")]
    return parts


def _cell(title: str, one: OptimizerReading) -> tuple[str, str]:
    match title:
        case "effective step":
            return compact(one.effective_step), "bold"
        case "own step":
            return (NOTHING if one.step is None else count(one.step)), "dim"
        case "1-β₁ᵗ":
            return number(one.first_bias_correction, 3), "dim"
        case "1-β₂ᵗ":
            return number(one.second_bias_correction, 3), "dim"
        case "m" | "momentum":
            return compact(one.first_moment_rms), ""
        case _:
            return compact(one.second_moment_rms), ""


def _explained(words: list[tuple[str, str]], width: int, *, is_brief: bool = False) -> list[Line]:
    """Names in bold, their words wrapped beside them, or cut to a line each."""
    if width <= 30 or not words:
        return []
    label = max(len(name) for name, _ in words)
    lines: list[Line] = []
    for name, text in words:
        room = max(width - label - 4, 10)
        for place, line in enumerate([fitted(text, room)] if is_brief else wrapped(text, room)):
            lines.append([(f" {name if not place else '':<{label}}  ", "bold"), (line, "dim")])
    return lines
