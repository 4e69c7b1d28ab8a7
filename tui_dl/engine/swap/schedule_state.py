"""What becomes of the schedule's state in a change, and of the rate of the very next update."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Final

from tui_dl.engine.parts.parts import epoch_shift
from tui_dl.engine.training.batches import ResidentBatches
from tui_dl.errors import ChangeRefused
from tui_dl.spec.plateau import PlateauState, plateau_in
from tui_dl.spec.schedule_units import counts_epochs
from tui_dl.spec.wording import number_text

if TYPE_CHECKING:
    from tui_dl.engine.parts.parts import Parts
    from tui_dl.engine.training.batches import BatchSource
    from tui_dl.spec.experiment import Experiment

PIECES: Final = ("schedule.scale", "schedule.best")
"""What the evaluations have made of the rate, and the loss that the next ones are measured by."""


def schedule_lists(
    parts: Parts, new: Experiment, *, new_objective: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is kept and what is reset; a function of the step alone has no state and appears in neither."""
    if not parts.rates.follows_evaluations or parts.rates.plateau == PlateauState():
        return (), ()
    if plateau_in(new.schedule) is None:
        return (), PIECES
    return (PIECES[:1], PIECES[1:]) if new_objective else (PIECES, ())


def refuse_unevaluated(parts: Parts, new: Experiment) -> None:
    """Raises ChangeRefused where a schedule would wait for evaluations that nobody can make."""
    if parts.is_foreign and parts.validation is None and plateau_in(new.schedule) is not None:
        raise ChangeRefused(
            "schedule: plateau follows the evaluations of the validation split, and there is none; give "
            "from_parts validation=, or choose another schedule."
        )


def refuse_uncounted(parts: Parts, new: Experiment) -> None:
    """Raises ChangeRefused where a schedule counts epochs of an unknown length."""
    if counts_epochs(new.schedule) and not parts.batches.steps_per_epoch:
        raise ChangeRefused(
            "schedule.unit: how many batches an epoch has is not known before the first pass over them; "
            "give lengths in steps, or batches that have a length."
        )


def epoch_notes(parts: Parts, new: Experiment) -> tuple[str, ...]:
    """What another batch size does to a schedule that counts epochs: it goes on where it is."""
    batches, training = _batches(parts, new), new.training
    if not counts_epochs(new.schedule) or batches.steps_per_epoch == parts.batches.steps_per_epoch:
        return ()
    there = 1 + batches.epoch - batches.remaining_steps(batches.epoch + 1) / batches.steps_per_epoch
    return (
        f"the schedule counts epochs: it goes on from epoch {number_text(round(there, 2))}, at "
        f"{batches.steps_per_epoch} updates an epoch with batches of {training.batch_size}.",
    )


def _batches(parts: Parts, new: Experiment) -> BatchSource:
    """Where the run stands, with the batches to come."""
    batches = copy.copy(parts.batches)
    if isinstance(batches, ResidentBatches):
        batches.batch_size, batches.accumulate = new.training.batch_size, new.training.accumulate
    return batches


def rate_jump(parts: Parts, step: int, new: Experiment) -> tuple[str, ...]:
    """A warning where another schedule gives the very next update another rate."""
    if new.schedule == parts.experiment.schedule:
        return ()
    batches, old = _batches(parts, new), parts.rates
    remaining = batches.remaining_steps(new.training.epochs)
    total = step + remaining if remaining or batches.steps_per_epoch else 0
    before = old.factor(step)
    planned = old.rescheduled(new.schedule).planned(
        total, batches.steps_per_epoch, epoch_shift(batches, step)
    )
    after = planned.factor(step)
    if math.isclose(before, after, rel_tol=1e-3):
        return ()
    base = old.bases[0]
    words = f"the next update's rate goes from {number_text(base * before)} to {number_text(base * after)}"
    return (f"{words}: no weight moves." if after == 0 else f"{words}.",)
