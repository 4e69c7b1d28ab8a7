"""RAdam: Adam's moments, its scale rectified by how much of it is known."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tui_dl.components.optimizers.adam import (
    LIKENESS,
    MADE,
    NEEDS,
    POWERS,
    TELLS,
    adam_numbers,
    described_adam,
)
from tui_dl.components.optimizers.declared import (
    Moments,
    build_optimizer,
    described,
    effective_step,
    hyperparameters,
    moments,
    rate_stand_in,
)
from tui_dl.components.optimizers.translation import State, Translation, completed, translation
from tui_dl.spec import optimizers as spec


@build_optimizer.register
def _(optimizer: spec.RAdam, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.RAdam(parameters, **hyperparameters(optimizer))


@hyperparameters.register
def _(optimizer: spec.RAdam) -> dict[str, Any]:
    return adam_numbers(optimizer)


@described.register
def _(optimizer: torch.optim.RAdam) -> dict[str, Any] | None:
    group = optimizer.param_groups[0]
    return None if group.get("decoupled_weight_decay") else described_adam(spec.RAdam, group)


@moments.register
def _(optimizer: spec.RAdam) -> Moments:
    return Moments(first="exp_avg", second="exp_avg_sq", step=True)


@effective_step.register
def _(optimizer: spec.RAdam, state: Mapping[str, Any], lr: float) -> Tensor | float:
    """lr/(1-β₁ᵗ), times r·√(1-β₂ᵗ)/(√v + ε) once ρ > 5: Liu et al. (2019), ε as torch has it."""
    second: Tensor | None = state.get("exp_avg_sq")
    if second is None:
        return lr
    step = float(state["step"])
    rate = lr / (1.0 - math.pow(optimizer.beta1, step))
    rectified = rectification(optimizer, step)
    if rectified is None:
        return rate
    corrected = math.sqrt(1.0 - math.pow(optimizer.beta2, step))
    return second.sqrt().add_(optimizer.eps).reciprocal_().mul_(rate * rectified * corrected)


@rate_stand_in.register
def _(optimizer: spec.RAdam) -> spec.Optimizer | None:
    """Its first updates are plain momentum: a rate that matched those would be far off for all others."""
    return spec.Adam(lr=optimizer.lr, beta1=optimizer.beta1, beta2=optimizer.beta2, eps=optimizer.eps)


@translation.register
def _(optimizer: spec.RAdam) -> Translation:
    return Translation(LIKENESS, TELLS, NEEDS, MADE, (), POWERS)


@completed.register
def _(optimizer: spec.RAdam, parameter: nn.Parameter, state: State) -> State:
    return state


def rectification(optimizer: spec.RAdam, step: float) -> float | None:
    """R of Liu et al. (2019), from 0 up to 1; None while the scale is not to be trusted (ρ at most 5)."""
    longest = 2.0 / (1.0 - optimizer.beta2) - 1.0
    decayed = math.pow(optimizer.beta2, step)
    length = longest - 2.0 * step * decayed / (1.0 - decayed)
    if length <= 5.0:
        return None
    ratio = (length - 4.0) * (length - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * length)
    return math.sqrt(ratio)
