"""What becomes of the schedule's state in a change, and of the rate of the very next update."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from tui_dl.errors import ChangeRefused
from tui_dl.spec.plateau import PlateauState, plateau_in
from tui_dl.spec.wording import number_text

if TYPE_CHECKING:
    from tui_dl.engine.parts.parts import Parts
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


def rate_jump(parts: Parts, step: int, new: Experiment) -> tuple[str, ...]:
    """A warning where another schedule gives the very next update another rate."""
    if new.schedule == parts.experiment.schedule:
        return ()
    remaining = parts.batches.remaining_steps(new.training.epochs)
    known = remaining or parts.batches.steps_per_epoch
    old = parts.rates
    before = old.factor(step)
    after = old.rescheduled(new.schedule).planned(step + remaining if known else 0).factor(step)
    if math.isclose(before, after, rel_tol=1e-3):
        return ()
    base = old.bases[0]
    words = f"the next update's rate goes from {number_text(base * before)} to {number_text(base * after)}"
    return (f"{words}: no weight moves." if after == 0 else f"{words}.",)
