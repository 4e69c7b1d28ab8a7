"""Gradient descent with and without momentum."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tui_dl.components.optimizers.declared import (
    Moments,
    build_optimizer,
    described,
    effective_step,
    fused_option,
    hyperparameters,
    moments,
    named,
)
from tui_dl.components.optimizers.translation import (
    Means,
    State,
    Translation,
    completed,
    installed,
    means_of,
    translation,
)
from tui_dl.spec import optimizers as spec


@build_optimizer.register
def _(optimizer: spec.Sgd, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, **hyperparameters(optimizer), **fused_option(optimizer.fused))


@hyperparameters.register
def _(optimizer: spec.Sgd) -> dict[str, Any]:
    names = ("lr", "momentum", "dampening", "nesterov")
    return {name: getattr(optimizer, name) for name in names}


@described.register
def _(optimizer: torch.optim.SGD) -> dict[str, Any] | None:
    group = optimizer.param_groups[0]
    names = ("lr", "momentum", "dampening", "nesterov")
    return named(spec.Sgd, group, *names) | {"fused": bool(group.get("fused"))}


@moments.register
def _(optimizer: spec.Sgd) -> Moments:
    return Moments(first="momentum_buffer" if optimizer.momentum > 0 else "")


@effective_step.register
def _(optimizer: spec.Sgd, state: Mapping[str, Any], lr: float) -> Tensor | float:
    return lr


@translation.register
def _(optimizer: spec.Sgd) -> Translation:
    # The buffer has no power of the gradient's scale: SGD's step grows with the gradient too.
    if optimizer.momentum == 0:
        return Translation(refusal="sgd without momentum keeps no state")
    return Translation(
        tells=frozenset(("first",)), needs=frozenset(("first",)), made={"momentum_buffer": "first"}
    )


@means_of.register
def _(optimizer: spec.Sgd, state: Mapping[str, Any], step: float) -> Means:
    """The buffer over the gradients in it; torch counts no updates, so it is taken to be filled."""
    return Means(step, state["momentum_buffer"] / _gradients_in(optimizer, step))


@installed.register
def _(optimizer: spec.Sgd, parameter: nn.Parameter, means: Means) -> State:
    """The sum of `step` gradients, decayed once for each that came after, dampened but for the first."""
    assert means.first is not None
    return {"momentum_buffer": means.first * _gradients_in(optimizer, means.step)}


def _gradients_in(optimizer: spec.Sgd, step: float) -> float:
    """How many times a gradient g, the same at each of t updates, is in the buffer.

    b₁ = g and bₜ = μ·bₜ₋₁ + (1-d)·g (torch.optim.SGD) give μᵗ⁻¹ + (1-d)·(1-μᵗ⁻¹)/(1-μ).
    """
    momentum = optimizer.momentum
    first = float(momentum ** (step - 1))
    return first + (1 - optimizer.dampening) * (1 - first) / (1 - momentum)


@completed.register
def _(optimizer: spec.Sgd, parameter: nn.Parameter, state: State) -> State:
    """Torch begins a buffer with the first gradient itself, not with zero."""
    return state
