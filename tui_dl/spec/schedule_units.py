"""Schedules whose lengths are counted in epochs: the same in steps, once an epoch's steps are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import structs

from tui_dl.errors import SpecError
from tui_dl.spec.schedules import AnySchedule, Cyclic, Exponential, MultiStep, Warmup

if TYPE_CHECKING:
    from tui_dl.spec.experiment import Experiment

_LENGTHS: Final = ("total_steps", "step_size", "first_steps", "up_steps", "down_steps", "steps")


def counts_epochs(schedule: AnySchedule) -> bool:
    """Whether it goes by epochs; a warm-up and what follows it go by one clock."""
    return getattr(schedule, "unit", "steps") == "epochs"


def in_steps(schedule: AnySchedule, steps_per_epoch: int) -> AnySchedule:
    """The same schedule with its lengths in steps: n epochs are n · steps_per_epoch steps.

    A gamma that is meant for an epoch becomes gamma^(1/steps_per_epoch): at the epochs' ends it is the same.

    Args:
        schedule: as declared.
        steps_per_epoch: updates in an epoch, at least 1.
    """
    after: dict[str, Any] = {}
    if isinstance(schedule, Warmup):
        after = {"after": in_steps(schedule.after, steps_per_epoch)}
    if not counts_epochs(schedule):
        return structs.replace(schedule, **after) if after else schedule
    changed = {
        name: getattr(schedule, name) * steps_per_epoch for name in _LENGTHS if hasattr(schedule, name)
    }
    if isinstance(schedule, MultiStep):
        changed["milestones"] = tuple(each * steps_per_epoch for each in schedule.milestones)
    if isinstance(schedule, Exponential | Cyclic):
        changed["gamma"] = schedule.gamma ** (1.0 / steps_per_epoch)
    return structs.replace(schedule, **changed, **after, unit="steps")


def refuse_two_clocks(experiment: Experiment) -> None:
    """Check that a warm-up and what follows it are counted alike: another batch size moves only one clock.

    Raises:
        SpecError: if they are not, and the second has a length of its own.
    """
    schedule = experiment.schedule
    if not isinstance(schedule, Warmup):
        return
    unit = getattr(schedule.after, "unit", None)
    if unit is not None and unit != schedule.unit and _has_own_length(schedule.after):
        raise SpecError(
            f"{unit} behind a warm-up in {schedule.unit} would be two clocks, and another batch size moves "
            f"only one; set schedule.unit and schedule.after.unit alike.",
            key="schedule.after.unit",
        )


def _has_own_length(schedule: AnySchedule) -> bool:
    return isinstance(schedule, Exponential | MultiStep) or any(
        getattr(schedule, name, 0) for name in _LENGTHS
    )
