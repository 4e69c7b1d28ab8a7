"""Schedules: the factor on the base rate as a pure function of the step.

It is what the engine trains with and what the screen draws ahead of the run: it lives where both can use it.
"""

import math
from functools import singledispatch

from tui_dl.spec import schedules as spec


@singledispatch
def factor(schedule: spec.Schedule, step: int, total_steps: int) -> float:
    """Factor on the base rate for the update that follows `step` updates.

    Args:
        schedule: what is declared.
        step: updates made so far, from 0.
        total_steps: the planned length of the run; 0 where it is unknown: what depends on it then stays at 1.
    """
    raise NotImplementedError(
        f"{schedule.name} ({type(schedule).__qualname__}) has no factor: register one in "
        "tui_dl/spec/schedule_factor.py"
    )


@factor.register
def _(schedule: spec.Constant, step: int, total_steps: int) -> float:
    return 1.0


@factor.register
def _(schedule: spec.StepDecay, step: int, total_steps: int) -> float:
    """gamma^⌊step / step_size⌋, as StepLR gives it up to rounding (torch multiplies drop by drop)."""
    try:
        return float(schedule.gamma) ** (step // schedule.step_size)
    except OverflowError:
        return math.inf


@factor.register
def _(schedule: spec.Cosine, step: int, total_steps: int) -> float:
    """Eq. 5 of Loshchilov and Hutter (2016): m + (1 - m)·(1 + cos(π·step/T))/2 until T, then m.

    CosineAnnealingLR computes it recursively, which drifts by rounding alone, and climbs again after T.
    """
    length = schedule.total_steps or total_steps
    if length == 0:
        return 1.0
    if step >= length:
        return float(schedule.min_factor)
    fall = (1.0 + math.cos(math.pi * step / length)) / 2.0
    return schedule.min_factor + (1.0 - schedule.min_factor) * fall
