"""What an optimizer's state means, and what of it another optimizer can go on with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import torch
from torch import Tensor, nn

from tui_dl.components.optimizers import moments
from tui_dl.errors import ChangeRefused
from tui_dl.spec.optimizers import Adagrad, Adam, AdamW, RmsProp, Sgd

if TYPE_CHECKING:
    from tui_dl.spec.lecture import OptimizerState
    from tui_dl.spec.optimizers import AnyOptimizer

State = dict[str, Any]
"""torch's state of one parameter."""

_TRANSLATED: Final = (Sgd, Adam, AdamW, RmsProp, Adagrad)
"""Whose state `_means` reads and `installed` makes; across families any other optimizer begins fresh."""

GRADIENT_POWERS: Final = {
    "exp_avg": 1,
    "exp_avg_sq": 2,
    "max_exp_avg_sq": 2,
    "square_avg": 2,
    "grad_avg": 1,
    "sum": 2,
}
"""By which power of the gradient's scale a state grows. SGD's buffer is left: its step grows too."""


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


def slots(optimizer: AnyOptimizer) -> tuple[str, ...]:
    """What an optimizer keeps of each parameter with these settings."""
    names = moments(optimizer)
    held = (*(("step",) if names.step else ()), names.first, names.second, *names.others)
    return tuple(name for name in held if name)


def is_one_family(old: AnyOptimizer, new: AnyOptimizer) -> bool:
    """Whether both hold state of the same meaning, so that it is carried over unless told otherwise."""
    if type(old) is type(new):
        return True
    return old.family == new.family and all(isinstance(each, _TRANSLATED) for each in (old, new))


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
        _require_translated(new, mode)
        if not theirs:
            raise ChangeRefused(
                f'state "calibrate": {new.name} without momentum keeps no state; use "fresh".'
            )
        measured = _measurable(new)
        begun = tuple(name for name in theirs if name not in measured)
        return Transfer(mode, converted=measured, reset=(*begun, *gone))
    if type(old) is type(new) or {type(old), type(new)} == {Adam, AdamW}:
        kept = tuple(name for name in theirs if name in mine)
        converted = ("max_exp_avg_sq",) if "max_exp_avg_sq" in theirs and "max_exp_avg_sq" not in mine else ()
        begun = tuple(name for name in theirs if name not in kept and name not in converted)
        return Transfer(mode, kept, converted, (*begun, *gone))
    return _plan_across(old, new, gone)


def _plan_across(old: AnyOptimizer, new: AnyOptimizer, gone: tuple[str, ...]) -> Transfer:
    theirs = slots(new)
    _require_translated(old, "carry")
    _require_translated(new, "carry")
    if isinstance(new, Sgd):
        if not isinstance(old, Adam | AdamW) or new.momentum == 0:
            raise ChangeRefused(
                f'state "carry": nothing that {old.name} keeps means anything to {_words(new)}; use "fresh"'
                + (' or "calibrate".' if theirs else ".")
            )
        return Transfer("carry", converted=theirs, reset=gone)
    if isinstance(old, Sgd):
        raise ChangeRefused(
            f'state "carry": {old.name} keeps no squared gradients, and {new.name} must never begin with a '
            'first moment alone (its steps would explode); use "calibrate" or "fresh".'
        )
    converted = tuple(
        name for name in theirs if name in ("exp_avg_sq", "max_exp_avg_sq", "square_avg", "sum")
    )
    begun = tuple(name for name in theirs if name not in converted and name != "step")
    return Transfer("carry", ("step",), converted, (*begun, *(name for name in gone if name != "step")))


def _require_translated(optimizer: AnyOptimizer, mode: OptimizerState) -> None:
    if not isinstance(optimizer, _TRANSLATED):
        raise ChangeRefused(
            f'state "{mode}": what {optimizer.name} keeps is not translated to and from mean gradients; '
            'use "fresh".'
        )


def _words(optimizer: AnyOptimizer) -> str:
    bare = isinstance(optimizer, Sgd) and optimizer.momentum == 0
    return f"{optimizer.name} without momentum" if bare else optimizer.name


def _measurable(new: AnyOptimizer) -> tuple[str, ...]:
    """State that can be estimated from gradients; RMSprop's momentum is of steps, not of gradients."""
    unknown = ("momentum_buffer", "grad_avg") if isinstance(new, RmsProp) else ()
    return tuple(name for name in slots(new) if name not in unknown)


def transferred(
    transfer: Transfer, old: AnyOptimizer, new: AnyOptimizer, parameter: nn.Parameter, state: State
) -> State:
    """One parameter's state for the new optimizer, in mode carry; empty where there was none yet.

    Args:
        transfer: from `plan_transfer`.
        old: the optimizer so far.
        new: the one to come.
        parameter: whose state it is.
        state: torch's state of it so far; tensors that are kept are taken over, not copied.
    """
    assert transfer.mode == "carry"
    if not state or not any(value is not None for value in state.values()):
        return {}
    if "step" in state and float(state["step"]) == 0:
        return {}
    made: State = {name: state[name] for name in transfer.kept if name in state}
    if "step" in made:
        made["step"] = step_tensor(float(state["step"]), new, parameter)
    if type(old) is type(new) or {type(old), type(new)} == {Adam, AdamW}:
        if "max_exp_avg_sq" in transfer.converted:
            made["max_exp_avg_sq"] = state["exp_avg_sq"].clone()
        begun = [name for name in slots(new) if name in transfer.reset and not isinstance(new, Sgd)]
        return {**made, **{name: torch.zeros_like(parameter) for name in begun}}
    step = float(state["step"])
    return installed(new, parameter, step, *_means(old, state, step))


def _means(old: AnyOptimizer, state: State, step: float) -> tuple[Tensor | None, Tensor | None]:
    """Unbiased mean gradient and mean squared gradient, where the optimizer knows them."""
    if isinstance(old, Adam | AdamW):
        return state["exp_avg"] / (1 - old.beta1**step), state["exp_avg_sq"] / (1 - old.beta2**step)
    if isinstance(old, RmsProp):
        return None, state["square_avg"] / (1 - old.alpha**step)
    if isinstance(old, Adagrad):
        return None, (state["sum"] - old.initial_accumulator_value) / step
    return None, None


def installed(
    new: AnyOptimizer, parameter: nn.Parameter, step: float, first: Tensor | None, second: Tensor | None
) -> State:
    """The state as if `step` gradients of this mean and mean square had gone into the optimizer.

    So Adam's bias corrections (1-βᵗ) give back exactly these means, and what it lacks begins at zero.

    Args:
        new: the optimizer to come.
        parameter: whose state it is.
        step: updates that it counts.
        first: mean gradient; None if unknown.
        second: mean squared gradient; None if unknown.
    """
    if isinstance(new, Sgd):
        assert first is not None
        return {"momentum_buffer": first * ((1 - new.momentum**step) / (1 - new.momentum))}
    assert second is not None
    made: State = {"step": step_tensor(step, new, parameter)}
    if isinstance(new, Adagrad):
        return made | {"sum": second * step + new.initial_accumulator_value}
    if isinstance(new, RmsProp):
        made["square_avg"] = second * (1 - new.alpha**step)
        zeros = [name for name in slots(new) if name in ("momentum_buffer", "grad_avg")]
        return made | {name: torch.zeros_like(parameter) for name in zeros}
    made["exp_avg"] = torch.zeros_like(parameter) if first is None else first * (1 - new.beta1**step)
    made["exp_avg_sq"] = second * (1 - new.beta2**step)
    return made | ({"max_exp_avg_sq": made["exp_avg_sq"].clone()} if new.amsgrad else {})


def step_tensor(step: float, optimizer: AnyOptimizer, parameter: nn.Parameter) -> Tensor:
    """Torch's step count: on the parameter's device for a fused kernel, else on the CPU."""
    is_fused = getattr(optimizer, "fused", False) and not (
        isinstance(optimizer, Adagrad) and parameter.device.type != "cpu"
    )
    if is_fused:
        return torch.tensor(step, dtype=torch.float32, device=parameter.device)
    is_double = torch.get_default_dtype() == torch.float64
    return torch.tensor(step, dtype=torch.float64 if is_double else torch.float32)
