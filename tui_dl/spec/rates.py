"""The learning rate at a step: base rate times schedule times warm-up, a pure function."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

from tui_dl.spec.plateau import PlateauState, plateau_in
from tui_dl.spec.schedule_factor import factor
from tui_dl.spec.schedule_units import counts_epochs, in_steps
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
        steps_per_epoch: updates in an epoch of the present batch size; 0 if unknown: then a schedule in
            epochs stays at 1.
        epoch_shift: updates that all epochs so far would have taken at this batch size, minus those made;
            0 unless it was changed. A schedule in epochs goes by their sum with the step.
    """

    bases: tuple[float, ...]
    schedule: AnySchedule = Constant()  # noqa: RUF009 - frozen
    total_steps: int = 0
    warmup_from: int = 0
    warmup_steps: int = 0
    plateau: PlateauState = PlateauState()  # noqa: RUF009 - frozen
    steps_per_epoch: int = 0
    epoch_shift: int = 0

    @property
    def is_constant(self) -> bool:
        """Whether the factor is 1 at every step from `warmup_from` on."""
        return self.warmup_steps == 0 and isinstance(self.schedule, Constant)

    def factor(self, step: int) -> float:
        """Factor on the base rates for the update that follows `step` updates."""
        scheduled = self._scheduled(step) * self.plateau.scale
        since = step - self.warmup_from
        if 0 <= since < self.warmup_steps:
            return scheduled * (since + 1) / (self.warmup_steps + 1)
        return scheduled

    def _scheduled(self, step: int) -> float:
        if not counts_epochs(self.schedule):
            return factor(self.schedule, step, self.total_steps)
        if not self.steps_per_epoch:
            return 1.0
        total = self.total_steps + self.epoch_shift if self.total_steps else 0
        return factor(self._in_steps, step + self.epoch_shift, total)

    @cached_property
    def _in_steps(self) -> AnySchedule:
        return in_steps(self.schedule, self.steps_per_epoch)

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

    def planned(self, total_steps: int, steps_per_epoch: int, epoch_shift: int) -> Rates:
        """Of a run of another length, or with other epochs."""
        return replace(
            self, total_steps=total_steps, steps_per_epoch=steps_per_epoch, epoch_shift=epoch_shift
        )

    def rescheduled(self, schedule: AnySchedule) -> Rates:
        """Under another schedule, at the same step; a plateau's state is kept where both are one."""
        goes_on = self.follows_evaluations and plateau_in(schedule) is not None
        return replace(self, schedule=schedule, plateau=self.plateau if goes_on else PlateauState())

    def with_new_objective(self) -> Rates:
        """The loss means something else now."""
        return replace(self, plateau=self.plateau.with_new_objective())
