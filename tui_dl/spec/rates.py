"""The learning rate at a step: base rate times schedule times warm-up, a pure function."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

from tui_dl.spec.plateau import PlateauState, plateau_in
from tui_dl.spec.schedule_factor import factor
from tui_dl.spec.schedules import AnySchedule, Constant


@final
@dataclass(frozen=True)
class Rates:
    """lr(t) = base · schedule(t) · warm-up(t) for each parameter group.

    Attributes:
        bases: base rate of each group.
        schedule: factor over time.
        total_steps: planned length of the run, which a schedule may refer to; 0 if unknown.
        warmup_from: step at which the warm-up began.
        warmup_steps: updates that it takes; the k-th of them has the factor k / (warmup_steps + 1).
        plateau: what evaluations have made of it; untouched unless the schedule is one of them.
    """

    bases: tuple[float, ...]
    schedule: AnySchedule = Constant()  # noqa: RUF009 - frozen
    total_steps: int = 0
    warmup_from: int = 0
    warmup_steps: int = 0
    plateau: PlateauState = PlateauState()  # noqa: RUF009 - frozen

    @property
    def is_constant(self) -> bool:
        """Whether the factor is 1 at every step from `warmup_from` on."""
        return self.warmup_steps == 0 and isinstance(self.schedule, Constant)

    def factor(self, step: int) -> float:
        """Factor on the base rates for the update that follows `step` updates."""
        scheduled = factor(self.schedule, step, self.total_steps) * self.plateau.scale
        since = step - self.warmup_from
        if 0 <= since < self.warmup_steps:
            return scheduled * (since + 1) / (self.warmup_steps + 1)
        return scheduled

    def warmed_up_from(self, step: int, warmup_steps: int) -> Rates:
        """The same with a warm-up that begins now; the present one goes on if there is none to begin."""
        return replace(self, warmup_from=step, warmup_steps=warmup_steps) if warmup_steps else self

    @property
    def follows_evaluations(self) -> bool:
        """Whether the evaluations at the epochs' ends lower it."""
        return plateau_in(self.schedule) is not None

    def evaluated(self, loss: float) -> Rates:
        """After the evaluation at an epoch's end."""
        rule = plateau_in(self.schedule)
        return self if rule is None else replace(self, plateau=self.plateau.evaluated(rule, loss))

    def planned(self, total_steps: int) -> Rates:
        """Of a run of another length."""
        return replace(self, total_steps=total_steps)

    def rescheduled(self, schedule: AnySchedule) -> Rates:
        """Under another schedule, at the same step; a plateau's state is kept where both are one."""
        goes_on = self.follows_evaluations and plateau_in(schedule) is not None
        return replace(self, schedule=schedule, plateau=self.plateau if goes_on else PlateauState())

    def with_new_objective(self) -> Rates:
        """The loss means something else now."""
        return replace(self, plateau=self.plateau.with_new_objective())
