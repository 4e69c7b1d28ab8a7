"""What of an optimizer's state another optimizer goes on with: decided for a plan, then made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from tui_dl.components.optimizers import slots
from tui_dl.components.optimizers.translation import (
    State,
    completed,
    installed,
    means_of,
    refitted,
    step_tensor,
    translation,
)
from tui_dl.errors import ChangeRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from tui_dl.spec.lecture import OptimizerState
    from tui_dl.spec.optimizers import AnyOptimizer


@final
@dataclass(frozen=True)
class Transfer:
    """What becomes of an optimizer's state in a change; names are torch's.

    Attributes:
        mode: fresh, carry or calibrate.
        kept: taken over as it is.
        converted: computed from what there was, or measured.
        reset: let go, or begun from nothing.
    """

    mode: OptimizerState
    kept: tuple[str, ...] = ()
    converted: tuple[str, ...] = ()
    reset: tuple[str, ...] = ()


def is_one_family(old: AnyOptimizer, new: AnyOptimizer) -> bool:
    """Whether both hold state of the same meaning, so that it is carried over unless told otherwise."""
    return type(old) is type(new) or (old.family == new.family and bool(translation(new).made))


def plan_transfer(old: AnyOptimizer, new: AnyOptimizer, wanted: OptimizerState | None) -> Transfer:
    """Decide what becomes of the state.

    Args:
        old: the optimizer so far.
        new: the one to come; may be the same.
        wanted: fresh, carry, calibrate; None carries within a family and is fresh across.

    Raises:
        ChangeRefused: if what is wanted can't be had.
    """
    mode = wanted or ("carry" if is_one_family(old, new) else "fresh")
    mine, theirs = slots(old), slots(new)
    gone = tuple(name for name in mine if name not in theirs)
    if mode == "fresh":
        return Transfer(mode, reset=(*theirs, *gone))
    if mode == "calibrate":
        meaning = translation(new)
        if meaning.refusal:
            raise ChangeRefused(f'state "calibrate": {meaning.refusal}; use "fresh".')
        measured = tuple(name for name in theirs if name in meaning.made or name == "step")
        begun = tuple(name for name in theirs if name not in measured)
        return Transfer(mode, converted=measured, reset=(*begun, *gone))
    if _is_alike(old, new):
        cut = refitted(new, old)
        kept = tuple(name for name in theirs if name in mine and name not in cut)
        converted = (*cut, *(name for name in translation(new).completes if name not in mine))
        begun = tuple(name for name in theirs if name not in kept and name not in converted)
        return Transfer(mode, kept, converted, (*begun, *gone))
    return _plan_across(old, new, gone)


def _is_alike(old: AnyOptimizer, new: AnyOptimizer) -> bool:
    """Whether the same names hold the same numbers."""
    likeness = translation(new).likeness
    return type(old) is type(new) or (bool(likeness) and likeness == translation(old).likeness)


def _plan_across(old: AnyOptimizer, new: AnyOptimizer, gone: tuple[str, ...]) -> Transfer:
    told, meaning, theirs = translation(old).tells, translation(new), slots(new)
    ways = '"fresh"' if meaning.refusal else '"calibrate" or "fresh"'
    if not meaning.made or not told:
        raise ChangeRefused(
            f'state "carry": nothing that {_words(old)} keeps means anything to {_words(new)}; use {ways}.'
        )
    if not meaning.needs <= told:
        lacking = "squared gradients" if "second" in meaning.needs - told else "mean gradient"
        why = f"{new.name} can't begin without"
        if "first" in told:
            why = f"{new.name} must never begin with a first moment alone (its steps would explode)"
        raise ChangeRefused(f'state "carry": {_words(old)} keeps no {lacking}, and {why}; use {ways}.')
    kept = tuple(name for name in theirs if name == "step" and name in slots(old))
    converted = tuple(name for name in theirs if meaning.made.get(name) in (*told, "step"))
    begun = tuple(name for name in theirs if name not in kept and name not in converted)
    return Transfer("carry", kept, converted, (*begun, *gone))


def _words(optimizer: AnyOptimizer) -> str:
    is_bare = optimizer.name == "sgd" and not slots(optimizer)
    return f"{optimizer.name} without momentum" if is_bare else optimizer.name


def transferred(
    transfer: Transfer, old: AnyOptimizer, new: AnyOptimizer, states: Mapping[nn.Parameter, State]
) -> dict[Tensor, State]:
    """The state of every parameter for the new optimizer, in mode carry; none where there was none yet.

    Args:
        transfer: from `plan_transfer`.
        old: the optimizer so far.
        new: the one to come.
        states: torch's state so far; tensors that are kept are taken over, not copied.
    """
    assert transfer.mode == "carry"
    counts = [float(state["step"]) for state in states.values() if "step" in state]
    made: dict[Tensor, State] = {}
    for parameter, state in states.items():
        present = {name: value for name, value in state.items() if value is not None}
        step = float(state["step"]) if "step" in state else max(counts, default=1.0)
        if not present or step == 0:
            continue
        if _is_alike(old, new):
            taken = _taken_over(transfer, new, parameter, present)
            if taken:
                made[parameter] = taken
        else:
            made[parameter] = installed(new, parameter, means_of(old, present, step))
    return made


def _taken_over(transfer: Transfer, new: AnyOptimizer, parameter: nn.Parameter, state: State) -> State:
    """The same numbers under the same names; what is lacking is computed from them or begins at zero."""
    there = (*transfer.kept, *transfer.converted)
    kept: State = {name: state[name] for name in there if name in state}
    if "step" in kept:
        kept["step"] = step_tensor(float(state["step"]), new, parameter)
    return completed(new, parameter, kept)


def rescalable(optimizer: AnyOptimizer) -> Mapping[str, Any]:
    """The states that grow with the gradient's scale, each with the power by which it does."""
    return translation(optimizer).powers
