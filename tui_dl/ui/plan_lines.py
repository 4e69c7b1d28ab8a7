"""A plan and a receipt as lines: what is different, what becomes of each piece of state and why."""

from collections.abc import Sequence
from typing import Final, get_args

from tui_dl.spec.lecture import OptimizerState
from tui_dl.ui.ink import Line, Part, cells, fitted, wrapped
from tui_dl.ui.numerals import count, number, rate
from tui_dl.ui.plan_words import FRESH_START, STATES, ListName, pieces, reason, size_words
from tui_dl.wire.plans import Plan, Receipt

_LISTS: Final[tuple[tuple[ListName, str, str], ...]] = (
    ("kept", "●", "good"),
    ("rescaled", "×", "info"),
    ("converted", "→", "info"),
    ("reset", "✗", "warn"),
)
_LABEL: Final = 12
_SOURCES: Final = {"script": "by the script", "scene": "by the scene", "early_stopping": "by early stopping"}


def plan_lines(plan: Plan, width: int, *, lr: float | None, chooses_state: bool) -> list[Line]:
    """The plan in words.

    Args:
        plan: what the engine said.
        width: in cells.
        lr: the learning rate that the change leads to, to mark it among those that are offered.
        chooses_state: whether the fate of the optimizer's state can be chosen.
    """
    lines = [*_edit_lines(plan.edits, width), ()]
    lines += _lists(plan, width)
    if plan.restarts:
        lines += [(), *([(line, "warn")] for line in wrapped(FRESH_START, width))]
    warned = [one for one in plan.warnings if not (plan.restarts and "fresh start by nature" in one)]
    for warning in warned:
        lines += [[(line, "warn")] for line in wrapped(f"! {warning}", width)]
    if plan.rate_options:
        lines += [(), [("Learning rate", "title"), ("  first update, against the recent", "dim")]]
        for place, option in enumerate(plan.rate_options, start=1):
            lines.append(
                _rate_line(place, option.label, option.lr, option.relative_update, option.lr == lr, width)
            )
    if chooses_state:
        lines += [(), *state_lines(plan.state, plan.warmup_steps, width)]
    return lines


def refusal_lines(reason: str, width: int) -> list[Line]:
    """Why it can't be done."""
    return [[(line, "bad")] for line in wrapped(f"✗ {reason}", width)]


def receipt_lines(receipt: Receipt, width: int) -> list[Line]:
    """What the change did, in words and numbers."""
    source = _SOURCES.get(receipt.source, "")
    lines: list[Line] = [
        [("at step ", "dim"), (count(receipt.step), "bold"), (f"  {source}" if source else "", "info")],
        *_edit_lines(receipt.edits, width),
        (),
    ]
    before, after = receipt.probe_loss_before, receipt.probe_loss_after
    if before is not None or after is not None:
        words, style = _jump(before, after)
        lines += _with_words([(f"{'loss':<{_LABEL}}", "title"), (number(before), "bold"), (" → ", "dim"),
                              (number(after), style)], words, width)  # fmt: skip
    size = receipt.relative_update
    if size is not None:
        words, style = size_words(size)
        lines += _with_words([(f"{'next update':<{_LABEL}}", "title"), (f"×{number(size, 3)}", style),
                              (" of the recent ones", "dim")], words, width)  # fmt: skip
    if len(lines[-1]):
        lines.append(())
    return lines + _lists(receipt, width)


def _jump(before: float | None, after: float | None) -> tuple[str, str]:
    if before is None or after is None:
        return "not finite", "bad"
    if before == after:
        return "same weights, same function", "bold"
    style = "warn" if after > 1.5 * before else "bold"
    return "same weights on the same batch, before any update", style


def _with_words(line: list[Part], words: str, width: int) -> list[Line]:
    """A line and what it means: behind it where there is room, else below."""
    if cells(line) + 2 + cells([words]) <= width:
        return [[*line, (f"  {words}", "dim")]]
    below: list[Line] = [[" " * _LABEL, (one, "dim")] for one in wrapped(words, max(width - _LABEL, 8))]
    return [line, *below]


def _edit_lines(edits: Sequence[tuple[str, str, str]], width: int) -> list[Line]:
    label = max((len(path) for path, _, _ in edits), default=0)
    lines: list[Line] = []
    for path, old, new in edits:
        old, new = old or "none", new or "none"
        room = width - label - 5
        if len(old) + len(new) <= room:
            lines.append([(f"{path:<{label}}  ", "bold"), (old, "dim"), (" → ", "dim"), (new, "key")])
        else:
            indent = " " * (label + 2)
            lines.append([(f"{path:<{label}}  ", "bold"), (fitted(old, max(width - label - 2, 8)), "dim")])
            lines += [[(indent, ""), ("→ " if first else "  ", "dim"), (text, "key")]
                      for first, text in _first(wrapped(new, max(width - label - 4, 8)))]  # fmt: skip
    return lines or [[("Nothing would be different.", "dim")]]


def _first(items: list[str]) -> list[tuple[bool, str]]:
    return [(place == 0, item) for place, item in enumerate(items)]


def _lists(change: Plan | Receipt, width: int) -> list[Line]:
    """Each list with its pieces and, below, why."""
    lines: list[Line] = []
    room = max(width - _LABEL, 16)
    for name, mark, style in _LISTS:
        items: tuple[str, ...] = getattr(change, name)
        if not items:
            continue
        head: list[Part] = [(f"{mark} {name:<{_LABEL - 2}}", style)]
        for first, text in _first(wrapped(pieces(items), room)):
            lines.append([*(head if first else [" " * _LABEL]), (text, "bold")])
        lines += [[" " * _LABEL, (text, "dim")] for text in wrapped(reason(name, change), room) if text]
    return lines


def _rate_line(
    place: int, label: str, lr: float, relative: float | None, is_chosen: bool, width: int
) -> Line:
    click = f"screen.rate({place})"
    words, style = size_words(relative)
    size = "" if relative is None else f"×{number(relative, 3)}"
    parts: list[Part] = [
        ("▸" if is_chosen else " ", "key"),
        (f" {place} ", "chosen" if is_chosen else "key", click),
        (f" {label:<12}", "bold" if is_chosen else "", click),
        (f"{rate(lr):>10}  ", "bold", click),
        (f"{size:<8}", style),
    ]
    return [*parts, (fitted(words, max(width - 37, 0)).rstrip(), style if style != "good" else "dim")]


def state_lines(chosen: OptimizerState, warmup_steps: int, width: int) -> list[Line]:
    """What may become of the optimizer's state, to be chosen by keys."""
    state: list[Part] = [(" s ", "key", "screen.state"), ("state   ", "")]
    for one in get_args(OptimizerState):
        state += [(f" {one} ", "chosen" if one == chosen else "dim", "screen.state"), " "]
    warmup = f"{warmup_steps} steps" if warmup_steps else "none"
    meaning = wrapped(STATES[chosen], max(width - 11, 16))
    meaning_lines: list[Line] = [[" " * 11, (line, "dim")] for line in meaning]
    return [
        state,
        *meaning_lines,
        [(" w ", "key", "screen.warmup"), ("warm-up ", ""), (f" {warmup} ", "bold", "screen.warmup"),
         ("  the rate rises from 0 to its value over so many", "dim") if width > 70 else ""],
    ]  # fmt: skip
