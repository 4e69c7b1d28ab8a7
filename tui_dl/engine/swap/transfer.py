"""What of an optimizer's state another optimizer goes on with: decided for a plan, then made."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NoReturn, final

from tui_dl.components.optimizers import slots
from tui_dl.components.optimizers.translation import (
    State,
    Translation,
    completed,
    halves,
    installed,
    means_of,
    refitted,
    step_tensor,
    translation,
)
from tui_dl.errors import ChangeRefused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
        notes: what the lists can't say: which parameters have nothing carried.
    """

    mode: OptimizerState
    kept: tuple[str, ...] = ()
    converted: tuple[str, ...] = ()
    reset: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


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
    """Matrices and all other parameters each for themselves, where either optimizer tells them apart."""
    mine, theirs = slots(old), slots(new)
    pairs = list(zip(halves(old), halves(new), strict=True))
    reaches = [_reach(was, to_come) for was, to_come in pairs]
    if not any(reaches):
        _refuse_carry(old, new)
    kept: set[str] = set()
    made: set[str] = set()
    for (was, to_come), reach in zip(pairs, reaches, strict=True):
        if reach == "alike":
            kept |= {name for name in (*to_come.made, "step") if name in mine}
            made |= {name for name in to_come.completes if name not in mine}
        elif reach == "made":
            kept |= {"step"} & set(mine)
            made |= {name for name, mean in to_come.made.items() if mean in (*was.tells, "step")}
    return Transfer(
        "carry",
        tuple(name for name in theirs if name in kept),
        tuple(name for name in theirs if name in made and name not in kept),
        (*(name for name in theirs if name not in kept | made), *gone),
        _notes(old, new, reaches),
    )


def _reach(was: Translation, to_come: Translation) -> Literal["", "alike", "made"]:
    """How one half of the state comes over: as it is, made of what it tells, or not at all."""
    if to_come.likeness and to_come.likeness == was.likeness:
        return "alike"
    return "made" if to_come.made and was.tells and to_come.needs <= was.tells else ""


def _notes(old: AnyOptimizer, new: AnyOptimizer, reaches: Sequence[str]) -> tuple[str, ...]:
    """What begins from nothing although the rest is carried."""
    if all(reaches):
        return ()
    half = reaches.index("")
    lacking = halves(new)[half].needs - halves(old)[half].tells
    what = "squared gradients" if "second" in lacking else "mean gradient"
    where = ("matrices", "all but matrices")[half]
    return (f"of {where} {old.name} keeps no {what}: there {new.name} begins from nothing.",)


def _refuse_carry(old: AnyOptimizer, new: AnyOptimizer) -> NoReturn:
    told, meaning = translation(old).tells, translation(new)
    ways = '"fresh"' if meaning.refusal else '"calibrate" or "fresh"'
    if not meaning.made or not told:
        raise ChangeRefused(
            f'state "carry": nothing that {_words(old)} keeps means anything to {_words(new)}; use {ways}.'
        )
    lacking = "squared gradients" if "second" in meaning.needs - told else "mean gradient"
    why = f"{new.name} can't begin without"
    if "first" in told:
        why = f"{new.name} must never begin with a first moment alone (its steps would explode)"
    raise ChangeRefused(f'state "carry": {_words(old)} keeps no {lacking}, and {why}; use {ways}.')


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
        # Who counts no updates has made many: sums and running means are then what they settle at.
        step = float(state["step"]) if "step" in state else max(counts, default=math.inf)
        if not present or step == 0:
            continue
        half = 0 if parameter.ndim == 2 else 1
        reach = "alike" if _is_alike(old, new) else _reach(halves(old)[half], halves(new)[half])
        if reach == "alike":
            taken = _taken_over(transfer, new, parameter, present)
            if taken:
                made[parameter] = taken
        elif reach == "made":
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
