"""The optimizer lens: what it holds for each layer, the rate in force and the schedule ahead."""

from collections.abc import Sequence
from typing import ClassVar, Final

from tui_dl.spec.schedules import Constant
from tui_dl.ui.ink import Line, Part, fitted
from tui_dl.ui.numerals import NOTHING, count, rate
from tui_dl.ui.panels.control import brief_component
from tui_dl.ui.panels.layers import compact
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.run_model import Topic
from tui_dl.wire.snapshots import OptimizerRead, OptimizerReading

_WORDS: Final = {
    "momentum_buffer": "momentum: the decaying sum of past gradients",
    "exp_avg": "m: running mean of the gradient",
    "exp_avg_sq": "v: running mean of its square",
    "square_avg": "v: running mean of the squared gradient",
    "sum": "G: sum of all squared gradients so far, it only grows",
}
_SYMBOLS: Final = {
    "exp_avg": "m",
    "momentum_buffer": "momentum",
    "exp_avg_sq": "√v",
    "square_avg": "√v",
    "sum": "√G",
}


class OptimizerPanel(LinePanel):
    """What is held, layer by layer, as root mean squares; and how long the last step was."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("optimizer", "experiment", "status"))

    def build(self, width: int, height: int) -> Sequence[Line]:
        """The rate, what the words mean, and the table."""
        experiment = self.model.experiment
        if experiment is None:
            return [(), [("  Nothing is known of the optimizer yet.", "dim")]]
        optimizer, schedule = experiment.optimizer, experiment.schedule
        lines: list[Line] = [[(" optimizer ", "dim"), (brief_component(optimizer), "bold")]]
        lr = self.model.latest("lr")
        rates: list[Part] = [(" rate      ", "dim"), (rate(lr if lr is not None else optimizer.lr), "bold")]
        if lr is not None and lr != optimizer.lr:
            rates.append((f" = {rate(optimizer.lr)} × {lr / optimizer.lr if optimizer.lr else 0:.4g}", "dim"))
        lines.append([*rates, "   ", ("[", "key"), ("÷1.1 ", "dim"), ("]", "key"), ("×1.1", "dim")])
        horizon = self.model.status.total_steps
        named = brief_component(schedule)
        if not isinstance(schedule, Constant):
            named += f"   {_position(self.model.status.step, horizon)}"
        lines += [[(" schedule  ", "dim"), (named, "bold")], ()]
        read = self.model.reading(OptimizerRead)
        if read is None:
            return [
                *lines,
                [
                    (
                        "  Its state is measured with the next batch while this view is open: s makes one.",
                        "dim",
                    )
                ],
            ]
        return [*lines, *_table(read, width), (), *_explained(read, width)]


def _position(step: int, total: int) -> str:
    return f"at step {count(step)} of {count(total)}" if total else f"at step {count(step)}"


def _table(read: OptimizerRead, width: int) -> list[Line]:
    name_width = max(min(max((len(one.layer) for one in read.layers), default=8), 24), 11)
    columns = [("effective step", 14)]
    if read.first_moment:
        columns.insert(0, (_SYMBOLS.get(read.first_moment, read.first_moment), 10))
    if read.second_moment:
        columns.insert(-1, (_SYMBOLS.get(read.second_moment, read.second_moment), 10))
    if any(one.step is not None for one in read.layers):
        columns.append(("own step", 9))
    head: list[Part] = [(f" {'layer':<{name_width}}", "dim")]
    head += [(f"  {name:>{size}}", "dim") for name, size in columns]
    longest = max((one.effective_step or 0.0 for one in read.layers), default=0.0)
    room = width - name_width - 2 - sum(size + 2 for _, size in columns)
    rows: list[Line] = [head]
    rows += [_row(one, columns, name_width, longest, room) for one in read.layers]
    if read.effective_step is not None:
        total = [(f" {fitted('all weights', name_width)}", "dim")]
        total += [(f"  {compact(read.effective_step) if name == 'effective step' else '':>{size}}", "bold")
                  for name, size in columns]  # fmt: skip
        rows.append(total)
    return rows


def _row(
    one: OptimizerReading, columns: list[tuple[str, int]], name_width: int, longest: float, room: int
) -> Line:
    parts: list[Part] = [(f" {fitted(one.layer, name_width)}", "bold")]
    firsts = {"m", "momentum"}
    for name, size in columns:
        if name == "effective step":
            text, style = compact(one.effective_step), "bold"
        elif name == "own step":
            text, style = (NOTHING if one.step is None else count(one.step)), "dim"
        else:
            text, style = compact(one.first_moment_rms if name in firsts else one.second_moment_rms), ""
        parts.append((f"  {text:>{size}}", style))
    if longest > 0 and room > 8 and one.effective_step is not None:
        parts += ["  ", ("━" * round(min(room - 3, 30) * one.effective_step / longest), "info")]
    return parts


def _explained(read: OptimizerRead, width: int) -> list[Line]:
    words = {name: _WORDS.get(name, "") for name in (read.first_moment, read.second_moment) if name}
    words["effective step"] = "root mean square of the last update of a weight"
    label = max(map(len, words))
    return [[(f" {name:<{label}}  ", "bold"), (text, "dim")] for name, text in words.items() if width > 30]
