"""The learning rate at a step: base rate times schedule times warm-up, a pure function."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

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
    """

    bases: tuple[float, ...]
    schedule: AnySchedule = Constant()  # noqa: RUF009 - frozen
    total_steps: int = 0
    warmup_from: int = 0
    warmup_steps: int = 0

    @property
    def is_constant(self) -> bool:
        """Whether the factor is 1 at every step from `warmup_from` on."""
        return self.warmup_steps == 0 and isinstance(self.schedule, Constant)

    def factor(self, step: int) -> float:
        """Factor on the base rates for the update that follows `step` updates."""
        scheduled = factor(self.schedule, step, self.total_steps)
        since = step - self.warmup_from
        if 0 <= since < self.warmup_steps:
            return scheduled * (since + 1) / (self.warmup_steps + 1)
        return scheduled

    def warmed_up_from(self, step: int, warmup_steps: int) -> Rates:
        """The same with a warm-up that begins now; the present one goes on if there is none to begin."""
        return replace(self, warmup_from=step, warmup_steps=warmup_steps) if warmup_steps else self
