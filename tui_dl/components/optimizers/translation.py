"""What an optimizer's state has to do with gradients: how it is read as their means, and made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import singledispatch
from typing import TYPE_CHECKING, Any, Literal

import torch

from tui_dl.components.optimizers.declared import slots
from tui_dl.spec import optimizers as spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

State = dict[str, Any]
"""torch's state of one parameter."""

Mean = Literal["step", "first", "second"]


@dataclass(frozen=True)
class Means:
    """What is known of a parameter's gradients, free of the bias of a beginning at zero; None is unknown.

    Attributes:
        step: over how many updates.
        first: mean gradient, of the parameter's shape.
        second: mean squared gradient.
        largest: largest absolute gradient.
    """

    step: float
    first: Tensor | None = None
    second: Tensor | None = None
    largest: Tensor | None = None


@dataclass(frozen=True)
class Translation:
    """What of an optimizer's state other optimizers can go on with, and the other way round.

    Attributes:
        likeness: optimizers with the same word here hold the same numbers under the same names.
        tells: what `means_of` reads from its state.
        needs: what has to be known to begin with anything but nothing.
        made: the states that `installed` makes, each by what it is made of; others begin from nothing.
        completes: the states that `completed` computes from others that are there.
        powers: by which power of the gradient's scale a state grows, where a new loss should rescale it.
        refusal: why gradients at standing weights can't tell its state; empty where they can.
        is_bound_to_objective: whether its state holds for the very objective alone that it was gathered on.
    """

    likeness: str = ""
    tells: frozenset[Mean] = frozenset()
    needs: frozenset[Mean] = frozenset()
    made: Mapping[str, Mean] = field(default_factory=dict)
    completes: tuple[str, ...] = ()
    powers: Mapping[str, int] = field(default_factory=dict)
    refusal: str = ""
    is_bound_to_objective: bool = False


@singledispatch
def translation(optimizer: spec.Optimizer) -> Translation:
    """What its state means; an optimizer that says nothing begins fresh across families."""
    return Translation(refusal=f"what {optimizer.name} keeps is not translated to and from mean gradients")


def halves(optimizer: spec.Optimizer) -> tuple[Translation, Translation]:
    """What its state means of matrices, and of all other parameters: for most optimizers the same."""
    own = own_halves(optimizer)
    return own if own is not None else (translation(optimizer), translation(optimizer))


@singledispatch
def own_halves(optimizer: spec.Optimizer) -> tuple[Translation, Translation] | None:
    """The two where they differ; None from an optimizer that treats all parameters alike."""
    return None


@singledispatch
def means_of(optimizer: spec.Optimizer, state: Mapping[str, Any], step: float) -> Means:
    """Read the means that `Translation.tells` names.

    Args:
        optimizer: what is declared.
        state: torch's state of one parameter, with at least one update in it.
        step: updates that went into it.
    """
    return Means(step)


@singledispatch
def installed(optimizer: spec.Optimizer, parameter: nn.Parameter, means: Means) -> State:
    """The state as if `means.step` gradients of these means had gone into the optimizer.

    So bias corrections (1-βᵗ) give back exactly these means. What it is not made of begins at zero.

    Args:
        optimizer: the one to come.
        parameter: whose state it is.
        means: with all that `Translation.needs` names.
    """
    raise AssertionError(f"{optimizer.name} makes no state of means")


@singledispatch
def completed(optimizer: spec.Optimizer, parameter: nn.Parameter, state: State) -> State:
    """The state with what it lacks: computed from what is there, else zero."""
    lacking = [name for name in slots(optimizer) if name not in state]
    return {**state, **{name: torch.zeros_like(parameter) for name in lacking}}


@singledispatch
def refitted(new: spec.Optimizer, old: spec.Optimizer) -> tuple[str, ...]:
    """The states that `completed` alters though both keep them under the same name: no numbers, as a rule."""
    return ()


def step_tensor(step: float, optimizer: spec.Optimizer, parameter: nn.Parameter) -> Tensor:
    """Torch's step count: on the parameter's device for a fused kernel and for ASGD, else on the CPU."""
    is_fused = getattr(optimizer, "fused", False) and not (
        isinstance(optimizer, spec.Adagrad) and parameter.device.type != "cpu"
    )
    on_device = is_fused or isinstance(optimizer, spec.Asgd)
    is_double = torch.get_default_dtype() == torch.float64 and not is_fused
    device = parameter.device if on_device else torch.device("cpu")
    return torch.tensor(step, dtype=torch.float64 if is_double else torch.float32, device=device)
