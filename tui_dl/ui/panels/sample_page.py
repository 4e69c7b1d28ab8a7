"""One sample in full: logits, what softmax makes of the whole vector, and what argmax leaves of that."""

import math
from collections.abc import Sequence
from typing import Final

from tui_dl.ui.ink import Line, Part, fitted, wrapped
from tui_dl.ui.numerals import number, share
from tui_dl.ui.panels.judged import JudgedView, class_name, judged, verdict_mark, verdict_style
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.panels.pictures import picture, shrunk
from tui_dl.ui.theme import Palette, palette_of
from tui_dl.wire.snapshots import ChosenSample, SamplesView

_NUMBER: Final = 8
_SHARE: Final = 8
_ARGMAX: Final = 7
_LEAST_BAR: Final = 4
_LEAST_PICTURE: Final = 9
"""Pixels down; what is made smaller than that shows nothing."""
_WIDEST_BAR: Final = 28
_MOST_LABEL: Final = 10
_WORDS: Final = {
    "softmax": "An activation works on each number by itself; softmax looks at the whole vector: e^z divided "
    "by the sum of all e^z, so the shares add up to 1 and one logit cannot rise without taking from the "
    "others. Training makes -ln p of the true class small, which needs softmax; to predict, argmax will do: "
    "the largest logit is the largest share.",
    "sigmoid": "This loss asks of each class whether it is the one, yes or no: a sigmoid makes a probability "
    "of each logit by itself, 1 / (1 + e^-z). They need not add up to 1. To predict, argmax is enough: the "
    "largest logit is the largest probability.",
}


class SamplePage(LinePanel):
    """The sample that the engine shows."""

    def build(self, width: int, height: int) -> Sequence[Line]:
        """Picture and facts, bars, and why it is done so where there is room."""
        view = judged(self.model.task_view)
        if view is None or view.chosen is None:
            return [[(" sample ", "title"), ("none yet", "dim")]]
        return sample_page_lines(
            view, view.chosen, width, height, palette_of(self.app), is_plain=self.is_plain
        )


def sample_page_lines(
    view: JudgedView,
    chosen: ChosenSample,
    width: int,
    height: int,
    palette: Palette,
    *,
    is_plain: bool = False,
) -> list[Line]:
    """The page at this size."""
    lines: list[Line] = [_head(chosen)]
    classes = len(chosen.logits)
    facts = _facts(view, chosen, width)
    spare = height - 2 - min(classes, height - 2)
    factor = _shrinking(view, width, spare) if isinstance(view, SamplesView) else 0
    if isinstance(view, SamplesView) and factor:
        lines += _with_picture(view, chosen, facts, width, palette, factor, is_plain=is_plain)
    elif spare >= len(facts) + 2:
        lines += facts
    room = max(height - len(lines) - 1, 1)
    lines += _bars(view, chosen, width, room, is_plain=is_plain)
    words = [[(f" {line}", "dim")] for line in wrapped(_WORDS[chosen.squashed_by], max(width - 2, 10))]
    if height - len(lines) > len(words):
        lines += [(), *words]
    return lines


def _head(chosen: ChosenSample) -> Line:
    sample = chosen.sample
    verdict = "right" if sample.true_class == sample.predicted_class else "wrong"
    if sample.predicted_class < 0:
        verdict = "not finite"
    parts: list[Part] = [(f" sample #{sample.index} ", "title")]
    parts.append((f"{verdict_mark(sample)} {verdict} ", verdict_style(sample)))
    which = f"{_ordinal(chosen.rank)}worst" if chosen.rank > 1 else "worst now"
    parts.append((f" chosen, {which}" if chosen.is_pinned else f" {which}", "dim"))
    return parts


def _ordinal(rank: int) -> str:
    """3rd and a blank."""
    ending = "th" if 10 <= rank % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{ending} "


def _facts(view: JudgedView, chosen: ChosenSample, width: int) -> list[Line]:
    sample = chosen.sample
    true, said = class_name(view, sample.true_class), class_name(view, sample.predicted_class)
    loss = -math.log(sample.probability) if sample.probability > 0 else math.inf
    facts: list[Line] = [
        [" true ", (true, "bold"), "   predicted ", (said, verdict_style(sample))],
        [f" p(true) {share(sample.probability)}  -ln p ", (number(loss), "bold")],
    ]
    if chosen.inputs:
        values = ", ".join(number(value, 3) for value in chosen.inputs)
        facts.append([(fitted(f" input ({values})", max(width, 1)).rstrip(), "")])
    return facts


def _shrinking(view: SamplesView, width: int, spare: int) -> int:
    """By what the picture must be made smaller to stand above the bars; 0 if it would not be worth it."""
    for factor in (1, 2, 3):
        fits = spare >= (-(-view.height // factor) + 1) // 2 + 2 and -(-view.width // factor) + 2 < width
        if fits and (factor == 1 or view.height // factor >= _LEAST_PICTURE):
            return factor
    return 0


def _with_picture(
    view: SamplesView,
    chosen: ChosenSample,
    facts: Sequence[Line],
    width: int,
    palette: Palette,
    factor: int,
    *,
    is_plain: bool,
) -> list[Line]:
    pixels = shrunk(chosen.sample.pixels, view.height, view.width, factor)
    height, across = -(-view.height // factor), -(-view.width // factor)
    rows = picture(pixels, height, across, palette, is_plain=is_plain)
    lines: list[Line] = []
    for place, cells in enumerate(rows):
        fact = facts[place] if place < len(facts) and width >= across + 30 else []
        lines.append([" ", *cells, " ", *fact])
    return lines


def _bars(view: JudgedView, chosen: ChosenSample, width: int, room: int, *, is_plain: bool) -> list[Line]:
    """A line for each class in their order; where there are too many, those with the largest logits."""
    label = min(max((len(name) for name in view.class_names), default=1), _MOST_LABEL, max(width // 4, 2))
    fixed = 2 + label + 1 + _NUMBER + _SHARE + _ARGMAX
    bars = max((width - fixed - 2) // 2, 0)
    has_bars = bars >= _LEAST_BAR
    bars = min(bars, _WIDEST_BAR) if has_bars else 0
    largest = max((abs(z) for z in chosen.logits if math.isfinite(z)), default=0.0)
    head = f"  {'':<{label}} {'logit':>{_NUMBER}}{'':{bars + bool(bars)}}{chosen.squashed_by:>{_SHARE}}"
    lines: list[Line] = [[(head + " " * (bars + bool(bars)) + f"{'argmax':>{_ARGMAX}}", "dim")]]
    lines += [
        _bar_line(view, chosen, place, label, bars, largest, is_plain) for place in _shown(chosen, room)
    ]
    left = len(chosen.logits) - (len(lines) - 1)
    if left > 0:
        lines.append([(f"  and {left} more classes with smaller logits", "dim")])
    return lines


def _shown(chosen: ChosenSample, room: int) -> list[int]:
    classes = range(len(chosen.logits))
    if len(classes) <= room - 1:
        return list(classes)
    # A number that is not finite sorts nowhere: it is the news, so it comes first.
    order = sorted(classes, key=lambda place: _rank(chosen.logits[place]), reverse=True)
    top = order[: max(room - 2, 1)]
    true = chosen.sample.true_class
    if true not in top:
        top[-1] = true
    return top


def _rank(logit: float) -> float:
    return math.inf if math.isnan(logit) else logit


def _bar_line(
    view: JudgedView,
    chosen: ChosenSample,
    place: int,
    label: int,
    bars: int,
    largest: float,
    is_plain: bool,
) -> Line:
    logit, probability = chosen.logits[place], chosen.probabilities[place]
    is_said = place == chosen.sample.predicted_class
    is_true = place == chosen.sample.true_class
    mark = "▸" if is_true else " "
    name = fitted(class_name(view, place), label)
    style = "bold" if is_true else ""
    parts: list[Part] = [(f"{mark} ", "key"), (f"{name} ", style), f"{number(logit, 3):>{_NUMBER}}"]
    if bars:
        parts += [" ", *_signed_bar(logit, largest, bars)]
    parts.append((f"{share(probability):>{_SHARE}}", "bold" if is_said else ""))
    if bars:
        parts += [" ", (_bar(probability, bars, is_plain=is_plain), "info")]
    words = f"{verdict_mark(chosen.sample)} 1" if is_said else "true 0" if is_true else "0"
    parts.append((f"{words:>{_ARGMAX}}", verdict_style(chosen.sample) if is_said else "dim"))
    return parts


def _bar(value: float, cells: int, *, is_plain: bool) -> str:
    """A bar of full and half cells in so many cells; its number stands beside it."""
    if not (math.isfinite(value) and value > 0):
        return " " * cells
    if is_plain:
        return fitted("#" * round(min(value, 1.0) * cells), cells)
    halves = round(min(value, 1.0) * cells * 2)
    return fitted("█" * (halves // 2) + "▌" * (halves % 2), cells)


def _signed_bar(value: float, largest: float, cells: int) -> list[Part]:
    """A bar to the left of the middle for what is negative, to the right for what is positive."""
    side = (cells - 1) // 2
    if not math.isfinite(value) or largest <= 0:
        return [(" " * side + "│" + " " * (cells - side - 1), "dim")]
    size = min(round(abs(value) / largest * side), side)
    left = " " * (side - size) + "█" * size if value < 0 else " " * side
    right = "█" * size if value > 0 else ""
    return [(left, "warn"), ("│", "dim"), (fitted(right, cells - side - 1), "info")]
