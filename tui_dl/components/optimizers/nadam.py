"""NAdam: Adam's moments, and the product of its momentum's warm-up."""

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
    installed_adam,
)
from tui_dl.components.optimizers.declared import (
    Moments,
    build_optimizer,
    described,
    effective_step,
    hyperparameters,
    moments,
)
from tui_dl.components.optimizers.translation import (
    Means,
    State,
    Translation,
    completed,
    installed,
    step_tensor,
    translation,
)
from tui_dl.spec import optimizers as spec

_CHUNK = 2**18
_UNDERFLOW = -745.0
"""Below it exp() is 0 in float64."""


@build_optimizer.register
def _(optimizer: spec.NAdam, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.NAdam(parameters, **hyperparameters(optimizer))


@hyperparameters.register
def _(optimizer: spec.NAdam) -> dict[str, Any]:
    return adam_numbers(optimizer) | {"momentum_decay": optimizer.momentum_decay}


@described.register
def _(optimizer: torch.optim.NAdam) -> dict[str, Any] | None:
    return described_adam(spec.NAdam, optimizer.param_groups[0], "momentum_decay")


@moments.register
def _(optimizer: spec.NAdam) -> Moments:
    return Moments(first="exp_avg", second="exp_avg_sq", step=True, others=("mu_product",))


@effective_step.register
def _(optimizer: spec.NAdam, state: Mapping[str, Any], lr: float) -> Tensor | float:
    """lr·μₜ₊₁/(1-∏μ) / (√(v/(1-β₂ᵗ)) + ε) on the first moment, as torch.optim.NAdam has it.

    The gradient's own share, lr·(1-μₜ)/(1-∏μ), comes on top.
    """
    second: Tensor | None = state.get("exp_avg_sq")
    if second is None:
        return lr
    step = float(state["step"])
    following = momentum_at(optimizer, step + 1)
    share = following / (1.0 - float(state["mu_product"]) * following)
    root = (second / (1.0 - math.pow(optimizer.beta2, step))).sqrt_().add_(optimizer.eps)
    return root.reciprocal_().mul_(lr * share)


@translation.register
def _(optimizer: spec.NAdam) -> Translation:
    return Translation(LIKENESS, TELLS, NEEDS, {**MADE, "mu_product": "step"}, ("mu_product",), POWERS)


@installed.register
def _(optimizer: spec.NAdam, parameter: nn.Parameter, means: Means) -> State:
    return installed_adam(optimizer, parameter, means)


@completed.register
def _(optimizer: spec.NAdam, parameter: nn.Parameter, state: State) -> State:
    """The product that as many updates as were counted would have left."""
    if "mu_product" in state:
        return state
    product = momentum_product(optimizer, float(state["step"]))
    return {**state, "mu_product": step_tensor(product, optimizer, parameter)}


def momentum_at(optimizer: spec.NAdam, step: float) -> float:
    """μₜ = β₁·(1 - 0.96^(t·ψ)/2), Dozat (2016) as torch.optim.NAdam has it."""
    return float(optimizer.beta1 * (1.0 - 0.5 * 0.96 ** (step * optimizer.momentum_decay)))


def momentum_product(optimizer: spec.NAdam, step: float) -> float:
    """∏ μᵢ for i from 1 to `step`; 0 once it is too small for a float."""
    if optimizer.beta1 == 0.0 and step >= 1:
        return 0.0
    total, first = 0.0, 1
    while first <= step and total > _UNDERFLOW:
        last = min(first + _CHUNK - 1, int(step))
        steps = torch.arange(first, last + 1, dtype=torch.float64)
        warmed = 1.0 - 0.5 * torch.pow(0.96, steps * optimizer.momentum_decay)
        total += float((warmed * optimizer.beta1).log().sum())
        first = last + 1
    return math.exp(total) if total > _UNDERFLOW else 0.0
