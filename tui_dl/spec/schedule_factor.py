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
    return _power(schedule.gamma, step // schedule.step_size)


@factor.register
def _(schedule: spec.MultiStep, step: int, total_steps: int) -> float:
    """gamma^(milestones reached), as MultiStepLR; one that is named twice counts twice."""
    return _power(schedule.gamma, sum(milestone <= step for milestone in schedule.milestones))


@factor.register
def _(schedule: spec.Exponential, step: int, total_steps: int) -> float:
    """gamma^step, as ExponentialLR."""
    return _power(schedule.gamma, step)


@factor.register
def _(schedule: spec.Linear, step: int, total_steps: int) -> float:
    """Line s + (e - s)·min(step, T)/T, as LinearLR."""
    length = schedule.total_steps or total_steps
    if length == 0:
        return 1.0
    start, end = schedule.start_factor, schedule.end_factor
    return _between(start, end, min(step / length, 1.0))


@factor.register
def _(schedule: spec.Polynomial, step: int, total_steps: int) -> float:
    """(1 - min(step, T)/T)^power, as PolynomialLR."""
    length = schedule.total_steps or total_steps
    if length == 0:
        return 1.0
    return math.pow(1.0 - min(step, length) / length, schedule.power)


@factor.register
def _(schedule: spec.Cosine, step: int, total_steps: int) -> float:
    """Eq. 5 of Loshchilov and Hutter (2016): m + (1 - m)·(1 + cos(π·step/T))/2 until T, then m.

    CosineAnnealingLR computes it recursively, which drifts by rounding alone, and climbs again after T.
    """
    length = schedule.total_steps or total_steps
    if length == 0:
        return 1.0
    return _cosine(1.0, schedule.min_factor, min(step / length, 1.0))


@factor.register
def _(schedule: spec.CosineRestarts, step: int, total_steps: int) -> float:
    """The same over cycles of T₀, T₀·g, T₀·g², … steps, as CosineAnnealingWarmRestarts."""
    length, since = schedule.first_steps, step
    if schedule.growth == 1:
        since %= length
    else:
        # Whole numbers: torch's logarithm may land in the wrong cycle at a restart.
        while since >= length:
            since -= length
            length *= schedule.growth
    return _cosine(1.0, schedule.min_factor, since / length)


@factor.register
def _(schedule: spec.OneCycle, step: int, total_steps: int) -> float:
    """From 1/d up to 1 at p·T - 1, then down to 1/(d·e) at T - 1, as OneCycleLR; after that it stays."""
    length = schedule.total_steps or total_steps
    if length == 0:
        return 1.0
    start = 1.0 / schedule.start_divisor
    end = start / schedule.end_divisor
    rise = schedule.rise_share * length - 1.0
    turns = [(rise, start, 1.0)]
    if schedule.three_phase:
        turns.append((2.0 * schedule.rise_share * length - 2.0, 1.0, start))
    turns.append((length - 1.0, turns[-1][2], end))
    began = 0.0
    for until, high, low in turns:
        if step <= until:
            course = _cosine if schedule.shape == "cosine" else _between
            return course(high, low, (step - began) / (until - began) if until > began else 1.0)
        began = until
    return end


@factor.register
def _(schedule: spec.Cyclic, step: int, total_steps: int) -> float:
    """Share m + (1 - m)·h·c, as CyclicLR: h the height in a triangle, c by mode 1, 2^-cycle or gamma^step."""
    up = schedule.up_steps
    down = schedule.down_steps or up
    cycle, since = divmod(step, up + down)
    height = since / up if since <= up else (up + down - since) / down
    if schedule.mode == "triangular2":
        height *= math.ldexp(1.0, -cycle)
    elif schedule.mode == "exp_range":
        height *= _power(schedule.gamma, step)
    return schedule.min_factor + (1.0 - schedule.min_factor) * height


@factor.register
def _(schedule: spec.Plateau, step: int, total_steps: int) -> float:
    """1: what the evaluations have made of the rate is in `Rates`, since no step alone tells it."""
    return 1.0


@factor.register
def _(schedule: spec.Warmup, step: int, total_steps: int) -> float:
    """(s + (1 - s)·step/n)·f(0) for n steps, then f(step - n) over what is left.

    SequentialLR of LinearLR and f gives the same where f(0) is 1; it climbs to 1 whatever f begins with.
    """
    since = step - schedule.steps
    left = max(total_steps - schedule.steps, 1) if total_steps else 0
    after = factor(schedule.after, max(since, 0), left)
    if since >= 0:
        return after
    return after * _between(schedule.start_factor, 1.0, step / schedule.steps)


def _power(base: float, exponent: int) -> float:
    try:
        return float(base) ** exponent
    except OverflowError:
        return math.inf


def _between(start: float, end: float, share: float) -> float:
    """The straight line; exactly `start` at 0 and `end` at 1."""
    return end if share >= 1.0 else start + (end - start) * share


def _cosine(start: float, end: float, share: float) -> float:
    """Half a cosine; exactly `start` at 0 and `end` at 1."""
    if share <= 0.0:
        return start
    return end if share >= 1.0 else end + (start - end) * ((1.0 + math.cos(math.pi * share)) / 2.0)
