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
    translation,
)
from tui_dl.spec import optimizers as spec


@build_optimizer.register
def _(optimizer: spec.Sgd, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, **hyperparameters(optimizer), **fused_option(optimizer.fused))


@hyperparameters.register
def _(optimizer: spec.Sgd) -> dict[str, Any]:
    return {"lr": optimizer.lr, "momentum": optimizer.momentum, "nesterov": optimizer.nesterov}


@described.register
def _(optimizer: torch.optim.SGD) -> dict[str, Any] | None:
    group = optimizer.param_groups[0]
    if group.get("dampening"):
        return None
    return named(spec.Sgd, group, "lr", "momentum", "nesterov") | {"fused": bool(group.get("fused"))}


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


@installed.register
def _(optimizer: spec.Sgd, parameter: nn.Parameter, means: Means) -> State:
    """The sum of `step` gradients, each decayed once for every one after it: g·(1-μᵗ)/(1-μ)."""
    assert means.first is not None
    momentum = optimizer.momentum
    return {"momentum_buffer": means.first * ((1 - momentum**means.step) / (1 - momentum))}


@completed.register
def _(optimizer: spec.Sgd, parameter: nn.Parameter, state: State) -> State:
    """Torch begins a buffer with the first gradient itself, not with zero."""
    return state
