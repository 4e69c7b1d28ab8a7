"""The top of the screen: the run's state and its most important numbers, large where there is room."""

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.renderables.digits import DIGITS, DIGITS3X3

from tui_dl.ui.ink import Line, Part, cells, spread
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
_LARGE_FROM_WIDTH: Final = 110
_SHORT: Final = {"accuracy": "acc", "‖gradient‖": "‖g‖"}


class StatusPanel(LinePanel):
    """State, step, epoch, speed, time left, device, overhead; then loss, metric, rate and gradient."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("link", "status", "series", "experiment"))
    DEFAULT_CSS = """
    StatusPanel { height: 2; background: $panel; }
    """

    def build(self, width: int, height: int) -> Sequence[Line]:
        """One line of state; below it the numbers, large if three lines are left for them."""
        numbers = figures(self.model)
        top = self._state_line(width)
        if height >= 5 and width >= _LARGE_FROM_WIDTH and not self.is_plain:
            return [top, *_large(numbers, width)]
        return [top, _small(numbers, width)]

    def _state_line(self, width: int) -> Line:
        model, status = self.model, self.model.status
        text, style = STATES.get(model.state, (model.state.upper(), "on_info"))
        left: list[Part] = [(f" {text} ", style), " "]
        detail = explained(model)
        right = self._pace_parts()
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

    def _pace_parts(self) -> list[Part]:
        status, described = self.model.status, self.model.described
        parts: list[Part] = []
        if described is not None:
            parts.append((described.device, "dim"))
        if status.overhead > 0:
            parts.append((f"inspect {share(status.overhead)}", "dim"))
        if status.pace > 0:
            parts.append((f"pace {status.pace:g}/s", "info"))
        if status.eta_s is not None and self.model.state == "running":
            parts.append((f"{duration(status.eta_s)} left", "dim"))
        if status.steps_per_s > 0:
            parts.append((f"{brief(status.steps_per_s)} steps/s", "bold"))
        return parts


def _spaced(parts: list[Part]) -> list[Part]:
    return [one for part in parts for one in (part, "  ")][:-1]


def figures(model: RunModel) -> list[tuple[str, str, str]]:
    """(label, value, style) of the numbers that matter most, in this order."""
    metric = model.primary_metric
    shown = [
        ("loss", number(model.latest("train.loss")), "train"),
        ("val loss", number(model.latest("validation.loss")), "validation"),
    ]
    if metric:
        in_shares = metric == "accuracy"
        for label, name, style in (
            (metric, f"train.{metric}", "train"),
            (f"val {metric}", f"validation.{metric}", "validation"),
        ):
            value = model.latest(name)
            shown.append((label, share(value) if in_shares else number(value), style))
    lr = model.latest("lr")
    if lr is None and model.experiment is not None:
        lr = model.experiment.optimizer.lr
    shown.append(("rate", rate(lr), "bold"))
    shown.append(("‖gradient‖", number(model.latest("grad_norm"), 3), "bold"))
    return shown


def _small(numbers: list[tuple[str, str, str]], width: int) -> Line:
    """All numbers in one line: validation beside what it belongs to, in words as long as the width allows."""
    for shorten in (False, True):
        line: list[Part] = [" "]
        for label, value, style in numbers:
            is_pair = label.startswith("val ")
            word = "val" if is_pair and shorten else _SHORT.get(label, label) if shorten else label
            line += ["  " if is_pair else "   " if len(line) > 1 else "", (f"{word} ", "dim"), (value, style)]
        if cells(line) <= width:
            break
    return line


def _large(numbers: list[tuple[str, str, str]], width: int) -> list[Line]:
    room = width // len(numbers)
    labels: list[Part] = []
    rows: list[list[Part]] = [[], [], []]
    for label, value, style in numbers:
        labels.append((f"  {label}".ljust(room)[:room], "dim"))
        drawn = tall(value)
        fits = len(drawn[0]) + 2 <= room
        for row in range(3):
            text = drawn[row] if fits else (value if row == 1 else "")
            rows[row].append((f"  {text}".ljust(room)[:room], style))
    return [labels, *rows]


def tall(text: str) -> tuple[str, str, str]:
    """A number three lines high; what has no tall form stands on the lowest line."""
    rows = ["", "", ""]
    for character in text.replace("e", "E"):
        glyph = DIGITS.find(character)
        lines = [" ", " ", character] if glyph < 1 else DIGITS3X3[glyph * 3 : glyph * 3 + 3]
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
