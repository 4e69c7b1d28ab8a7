"""What the evaluations have made of the rate: a plateau schedule's state, and what one more does to it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import final

from tui_dl.spec.schedules import Plateau, Schedule, Warmup


@final
@dataclass(frozen=True)
class PlateauState:
    """Where a plateau schedule stands. It is data of the run: undo points and checkpoints carry it.

    Attributes:
        scale: factor on the base rate that the drops so far have left.
        best: lowest loss so far; infinity before the first evaluation.
        without: evaluations since then that were no improvement.
        cooldown: evaluations that are still not counted.
    """

    scale: float = 1.0
    best: float = math.inf
    without: int = 0
    cooldown: int = 0

    def evaluated(self, rule: Plateau, loss: float) -> PlateauState:
        """After one more evaluation, as torch's with mode min and eps 0. NaN is no improvement."""
        best, without, cooldown, scale = self.best, self.without + 1, self.cooldown, self.scale
        if loss < self._bar(rule):
            best, without = loss, 0
        if cooldown > 0:
            cooldown, without = cooldown - 1, 0
        if without > rule.patience:
            scale = min(scale, max(scale * rule.factor, rule.min_factor))
            cooldown, without = rule.cooldown, 0
        return PlateauState(scale, best, without, cooldown)

    def with_new_objective(self) -> PlateauState:
        """The rate stays; the best loss meant something else, and what comes is measured anew."""
        return replace(self, best=math.inf, without=0)

    def _bar(self, rule: Plateau) -> float:
        """What a loss must be below. Infinity times 0 would be NaN, under which nothing counts."""
        if math.isinf(self.best):
            return self.best
        if rule.threshold_mode == "rel":
            return self.best * (1.0 - rule.threshold)
        return self.best - rule.threshold


def plateau_in(schedule: Schedule) -> Plateau | None:
    """The rule by which evaluations lower the rate; None if the step alone tells it."""
    inner = schedule.after if isinstance(schedule, Warmup) else schedule
    return inner if isinstance(inner, Plateau) else None
