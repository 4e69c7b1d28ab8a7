"""What is shown of an optimizer's state in little room: symbols, and a layer's numbers in a line."""

from collections.abc import Mapping
from typing import Final

from tui_dl.ui.ink import Line, Part
from tui_dl.ui.numerals import number
from tui_dl.ui.panels.layer_columns import compact
from tui_dl.wire.snapshots import OptimizerRead, OptimizerReading

SYMBOLS: Final[Mapping[str, str]] = {
    "exp_avg": "m",
    "momentum_buffer": "momentum",
    "exp_avg_sq": "√v",
    "square_avg": "√v",
    "sum": "√G",
    "exp_inf": "u",
    "variance": "√v",
    "row_var": "√v",
    "update": "Δw",
}


HELD: Final[Mapping[str, str]] = {
    "Rprop": "a step for each weight",
    "ASGD": "a rate and averaged weights",
    "LBFGS": "past steps and how the gradient changed",
}
"""What is held by those, by torch's name, that keep no moments."""


def symbol(name: str) -> str:
    """How a state is called where there is little room; torch's name where it is not a known one."""
    return SYMBOLS.get(name, name)


def state_line(read: OptimizerRead, one: OptimizerReading) -> Line:
    """What the optimizer holds for one layer, in a line."""
    parts: list[Part] = [(f" {read.optimizer} ", "dim")]
    for name, value in (
        (read.first_moment, one.first_moment_rms),
        (read.second_moment, one.second_moment_rms),
    ):
        if name:
            parts += [(f" {symbol(name)} ", "dim"), (f"{compact(value)} ", "bold")]
    if one.first_bias_correction is not None:
        parts += [("  1-β₁ᵗ ", "dim"), (f"{number(one.first_bias_correction, 3)} ", "")]
    if one.second_bias_correction is not None:
        parts += [(" 1-β₂ᵗ ", "dim"), (f"{number(one.second_bias_correction, 3)} ", "")]
    if not read.first_moment and not read.second_moment:
        parts.append((f" holds {HELD.get(read.optimizer, 'nothing')} ", ""))
    return [*parts, ("  effective step ", "dim"), (compact(one.effective_step), "bold")]
