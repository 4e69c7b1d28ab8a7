"""The top of the screen: the run's state and its most important numbers, large where there is room."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, final

from textual.renderables.digits import DIGITS, DIGITS3X3_BOLD

from tui_dl.ui.ink import Line, Part, cells, fitted, spread
from tui_dl.ui.numerals import brief, count, duration, number, rate, share
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.ui.state_words import explained
from tui_dl.ui.wrapping import shortened

STATES: Final = {
    "starting": ("◌ STARTING", "on_info"),
    "loading": ("◌ LOADING", "on_info"),
    "connecting": ("◌ CONNECTING", "on_info"),
    "compiling": ("◌ COMPILING", "on_info"),
    "running": ("▶ RUNNING", "on_good"),
    "paused": ("‖ PAUSED", "on_warn"),
    "stalled": ("! STALLED", "on_bad"),
    "finished": ("■ FINISHED", "on_info"),
    "failed": ("✗ FAILED", "on_bad"),
    "disconnected": ("✗ DISCONNECTED", "on_bad"),
    "closed": ("■ ENDED", "on_info"),
}
_LARGE_FROM_WIDTH: Final = 100
_ALL_FACTS_FROM_WIDTH: Final = 156
_LARGEST_CELLS: Final = 27
_FACT_CELLS: Final = 24
_SHORT: Final = {"accuracy": "acc", "‖gradient‖": "‖g‖"}


@final
@dataclass(frozen=True, slots=True)
class Figure:
    """A number that matters: what it is called, its value in words of about so many digits, its style."""

    label: str
    value: float | None
    style: str
    form: Literal["number", "share", "rate"] = "number"

    def worded(self, digits: int = 4) -> str:
        """The value as text."""
        if self.form == "share":
            return share(self.value, max(digits - 3, 0))
        return rate(self.value) if self.form == "rate" else number(self.value, digits)


class StatusPanel(LinePanel):
    """State, step, epoch, speed, time left, device, overhead; then loss, metric, rate and gradient."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("link", "status", "series", "experiment"))
    DEFAULT_CSS = """
    StatusPanel { height: 2; background: $panel; }
    """

    def build(self, width: int, height: int) -> Sequence[Line]:
        """One line of state; below it the numbers, large if four lines are left for them."""
        numbers = figures(self.model)
        if height == 1:
            return [self._only_line(numbers, width)]
        if height >= 5 and width >= _LARGE_FROM_WIDTH and not self.is_plain:
            return [self._state_line(width, is_brief=True), *_large(numbers, _facts(self.model), width)]
        return [self._state_line(width), _small(numbers, width)]

    def _only_line(self, numbers: list[Figure], width: int) -> Line:
        """State, step and as many numbers as there is room for."""
        text, style = STATES.get(self.model.state, (self.model.state.upper(), "on_info"))
        left: list[Part] = [(f" {text} ", style), ("  step ", "dim"), (count(self.model.status.step), "bold")]
        return [*left, "  ", *_small(numbers, width - cells(left) - 2)]

    def _state_line(self, width: int, *, is_brief: bool = False) -> Line:
        model, status = self.model, self.model.status
        text, style = STATES.get(model.state, (model.state.upper(), "on_info"))
        left: list[Part] = [(f" {text} ", style), " "]
        detail = explained(model)
        # In a wide screen even these stand among the facts beside the large numbers.
        right = [] if is_brief and width >= _ALL_FACTS_FROM_WIDTH else self._pace_parts(is_brief=is_brief)
        progress = _progress(model, 24 if width >= 140 else 10)
        step: list[Part] = [("step ", "dim"), (count(status.step), "bold"), "  "]
        watching: list[Part] = [("watching only", "info"), "  "] if self._only_watches else []
        # What is to be done next goes before speed and progress; while all goes by itself the title is last.
        needed = cells([detail]) + 3 if model.state != "running" or model.goal is not None else 2
        if cells([*left, *watching, *progress, *step]) + needed > width:
            progress = [] if needed > 2 else progress
        for optional in (watching, progress, step):
            if cells(left) + cells(optional) <= width:
                left += optional
        while right and cells(left) + cells(_spaced(right)) + needed > width:
            right.pop(0)
        room = width - cells(left) - (cells(_spaced(right)) + 2 if right else 0)
        if detail and room > 8:
            left.append((shortened(detail, room), "dim"))
        return spread(left, _spaced(right), width)

    @property
    def _only_watches(self) -> bool:
        return self.model.link == "live" and not self.model.controls

    def _pace_parts(self, *, is_brief: bool) -> list[Part]:
        status, described = self.model.status, self.model.described
        parts: list[Part] = []
        if described is not None:
            parts.append((described.device, "dim"))
        if status.overhead > 0:
            parts.append((f"inspect {share(status.overhead)}", "dim"))
        if status.pace > 0:
            parts.append((f"pace {status.pace:g}/s", "info"))
        if is_brief:
            # The rest stands among the facts beside the large numbers.
            return parts
        if status.eta_s is not None and self.model.state == "running":
            parts.append((f"{duration(status.eta_s)} left", "dim"))
        if status.steps_per_s > 0:
            parts.append((f"{brief(status.steps_per_s)} steps/s", "bold"))
        return parts


def _spaced(parts: list[Part]) -> list[Part]:
    return [one for part in parts for one in (part, "  ")][:-1]


def figures(model: RunModel) -> list[Figure]:
    """The numbers that matter most: what is minimised, what is wanted, what drives them."""
    metric = model.primary_metric
    shown = [
        Figure("loss", model.latest("train.loss"), "train"),
        Figure("val loss", model.latest("validation.loss"), "validation"),
    ]
    if metric:
        form: Literal["number", "share"] = "share" if metric == "accuracy" else "number"
        shown += [
            Figure(metric, model.latest(f"train.{metric}"), "train", form),
            Figure(f"val {metric}", model.latest(f"validation.{metric}"), "validation", form),
        ]
    lr = model.latest("lr")
    if lr is None and model.experiment is not None:
        lr = model.experiment.optimizer.lr
    shown.append(Figure("rate", lr, "bold", "rate"))
    shown.append(Figure("‖gradient‖", model.latest("grad_norm"), "bold"))
    return shown


def _facts(model: RunModel) -> list[tuple[str, str]]:
    """(label, value) of what stands beside the large numbers, the most important first."""
    status = model.status
    facts = [(one.label, one.worded(3)) for one in figures(model)[-2:]]
    # The unit is the label: beside the number it has no room from a thousand on.
    facts.append(("steps/s", brief(status.steps_per_s) if status.steps_per_s > 0 else "–"))
    left = status.eta_s if model.state == "running" else None
    facts.append(("left", duration(left)))
    if model.described is not None:
        facts += [
            ("inspecting", share(status.overhead)),
            ("pace", f"{brief(status.pace)}/s" if status.pace else "flat out"),
            ("parameters", count(model.described.parameters)),
            ("device", model.described.device),
        ]
    return facts


def _small(numbers: list[Figure], width: int) -> Line:
    """The numbers in one line: words as long as the width allows, then fewer numbers, never half of one."""
    for many in range(len(numbers), 0, -1):
        for shorten in (False, True):
            line = _pairs(numbers[:many], is_short=shorten)
            if cells(line) <= width:
                return line
    return []


def _pairs(numbers: list[Figure], *, is_short: bool) -> list[Part]:
    line: list[Part] = [" "]
    for one in numbers:
        is_pair = one.label.startswith("val ")
        word = "val" if is_pair and is_short else _SHORT.get(one.label, one.label) if is_short else one.label
        line += [
            "  " if is_pair else "   " if len(line) > 1 else "",
            (f"{word} ", "dim"),
            (one.worded(), one.style),
        ]
    return line


def _large(numbers: list[Figure], facts: list[tuple[str, str]], width: int) -> list[Line]:
    """Losses and metrics three lines high; the other facts beside them, in columns of four."""
    main = numbers[:-2]
    columns = min(max((width - len(main) * _LARGEST_CELLS) // _FACT_CELLS, 1), -(-len(facts) // 4))
    room = min((width - columns * _FACT_CELLS) // len(main), _LARGEST_CELLS)
    lines: list[list[Part]] = [[], [], [], []]
    for one in main:
        lines[0].append((f"  {one.label}".ljust(room)[:room], "dim"))
        drawn = next(
            (rows for digits in (4, 3, 2) if len((rows := tall(one.worded(digits)))[0]) + 3 <= room), None
        )
        for row in range(3):
            text = drawn[row] if drawn else one.worded() if row == 1 else ""
            lines[row + 1].append((f"  {text}".ljust(room)[:room], one.style))
    for place, (label, value) in enumerate(facts[: 4 * columns]):
        parts: list[Part] = [(f"  {label:<11}", "dim"), (fitted(value, _FACT_CELLS - 13), "bold")]
        lines[place % 4] += parts
    return list(lines)


def tall(text: str) -> tuple[str, str, str]:
    """A number three lines high; what has no tall form stands on the lowest line."""
    rows = ["", "", ""]
    for character in text.replace("e", "E"):
        glyph = DIGITS.find(character)
        lines = [" ", " ", character] if glyph < 1 else DIGITS3X3_BOLD[glyph * 3 : glyph * 3 + 3]
        breadth = max(map(len, lines))
        for row, line in enumerate(lines):
            rows[row] += line.ljust(breadth)
    return rows[0], rows[1], rows[2]


def _progress(model: RunModel, width: int) -> list[Part]:
    status, described = model.status, model.described
    if described is None or not status.epochs:
        return []
    within = status.epoch_samples / max(described.train_samples, 1)
    done = min((status.epoch + within) / status.epochs, 1.0)
    filled = round(done * width)
    bar: list[Part] = [("━" * filled, "info"), ("─" * (width - filled), "dim")]
    return [("epoch ", "dim"), (f"{status.epoch}/{status.epochs} ", "bold"), *bar, "  "]
