"""The rate finder's curve as a plot, and what it came to in words; knows no Textual."""

import math
from typing import Final

import numpy as np

from tui_dl.spec.experiment import Experiment
from tui_dl.spec.rate_search import RateAdvice
from tui_dl.spec.schedules import Constant
from tui_dl.ui.ink import Line, wrapped
from tui_dl.ui.numerals import count, number
from tui_dl.ui.plots.plot_data import PlotData, PlotMark, PlotSeries
from tui_dl.wire.messages import RateFound, RatesTried

_SMOOTHED_COLOUR: Final = 0
_LOSS_COLOUR: Final = 3
_TITLE: Final = "loss over the rate"
_ENDS: Final = {
    "tried": "All {count} batches were tried.",
    "diverged": "It ended after {count} batches: the loss had come to {factor} times its lowest.",
    "nonfinite": "It ended after {count} batches: the loss was not finite any more.",
    "cancelled": "It was ended after {count} batches.",
}


def rate_plot(told: RatesTried | RateFound | None, present: float) -> PlotData:
    """The loss of each batch and their smoothed course; marks at the present rate and at those advised."""
    if told is None or not told.curve.rates:
        return PlotData(_TITLE, x_label="rate", empty_text="trying the first rates…")
    search, curve = told.search, told.curve
    xs = np.log10(np.array(curve.rates))
    smoothed = PlotSeries.from_points("smoothed", _SMOOTHED_COLOUR, xs, np.array(curve.smoothed))
    losses = PlotSeries.from_points("loss", _LOSS_COLOUR, xs, np.array(curve.losses), dash="dotted")
    marks = [PlotMark(math.log10(present), "now")] if present > 0 else []
    if isinstance(told, RateFound):
        marks += [
            PlotMark(math.log10(rate), str(place))
            for place, (rate, _) in enumerate(advised(told.advice), start=1)
        ]
    low, high = math.log10(search.lowest), math.log10(search.highest)
    series = (smoothed, losses)
    return PlotData(_TITLE, series, tuple(marks), x_label="rate", x_range=(low, high), x_is_log=True)


def advised(advice: RateAdvice) -> list[tuple[float, str]]:
    """The rates that a curve suggests, each with the rule that it follows."""
    found = []
    if advice.suggested is not None:
        found.append((advice.suggested, "where the loss falls fastest"))
    if advice.tenth_of_lowest is not None:
        found.append((advice.tenth_of_lowest, "a tenth of the rate at its lowest"))
    return found


def rate_lines(
    told: RatesTried | RateFound | None, experiment: Experiment, chosen: int, factor: float, width: int
) -> list[Line]:
    """What is going on, or what was found.

    Args:
        told: the newest of the search.
        experiment: what runs.
        chosen: which of the advised rates Enter takes, from 0.
        factor: what schedule and warm-up make of the rate now.
        width: cells.
    """
    if not isinstance(told, RateFound):
        tried = 0 if told is None else len(told.curve.rates)
        of = "" if told is None else f" of {count(told.search.batches)}"
        return [
            [(f"Batch {count(tried)}{of}, on copies: the run stands still and nothing of it changes.", "dim")]
        ]
    present = experiment.optimizer.lr
    lines: list[Line] = []
    for place, (rate, rule) in enumerate(advised(told.advice)):
        is_chosen = place == chosen
        times = f", {number(rate / present, 3)} × the present" if present > 0 else ""
        lines.append(
            [
                ("▸" if is_chosen else " ", "key"),
                (f" {place + 1} ", "chosen" if is_chosen else "key", f"screen.choose({place})"),
                (f" {rounded(rate):g}", "bold"),
                (f"  {rule}{times}", "dim"),
            ]
        )
    if not lines:
        lines.append([("No suggestion: ", "warn"), (told.advice.reason, "")])
    end = _ENDS[told.ended].format(count=count(len(told.curve.rates)), factor=f"{told.search.stop_factor:g}")
    words = f"{end} Nothing of the run has changed."
    if not isinstance(experiment.schedule, Constant) or factor != 1:
        name = experiment.schedule.name
        words += f" A rate that is taken is the base rate, of which {name} makes {factor:.3g} times now."
    return [*lines, *([(line, "dim")] for line in wrapped(words, width))]


def rounded(rate: float) -> float:
    """A rate with two digits: more would claim what no curve of noisy losses tells."""
    return float(f"{rate:.2g}")
