"""Adamax: Adam's first moment over the largest recent gradient."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tui_dl.components.optimizers.declared import (
    Moments,
    build_optimizer,
    described,
    effective_step,
    hyperparameters,
    moments,
    named,
)
from tui_dl.components.optimizers.translation import (
    Means,
    State,
    Translation,
    installed,
    means_of,
    step_tensor,
    translation,
)
from tui_dl.spec import optimizers as spec


@build_optimizer.register
def _(optimizer: spec.Adamax, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.Adamax(parameters, **hyperparameters(optimizer))


@hyperparameters.register
def _(optimizer: spec.Adamax) -> dict[str, Any]:
    return {"lr": optimizer.lr, "betas": (optimizer.beta1, optimizer.beta2), "eps": optimizer.eps}


@moments.register
def _(optimizer: spec.Adamax) -> Moments:
    return Moments(first="exp_avg", step=True, others=("exp_inf",))


@effective_step.register
def _(optimizer: spec.Adamax, state: Mapping[str, Any], lr: float) -> Tensor | float:
    """lr/(1-β₁ᵗ) / u, algorithm 2 of Kingma and Ba (2014), on the biased first moment."""
    largest: Tensor | None = state.get("exp_inf")
    if largest is None:
        return lr
    return largest.reciprocal().mul_(lr / (1.0 - math.pow(optimizer.beta1, float(state["step"]))))


@described.register
def _(optimizer: torch.optim.Adamax) -> dict[str, Any] | None:
    group = optimizer.param_groups[0]
    beta1, beta2 = group["betas"]
    return named(spec.Adamax, group, "lr", "eps") | {"beta1": beta1, "beta2": beta2}


@translation.register
def _(optimizer: spec.Adamax) -> Translation:
    """U stands for √v and the other way round: the same norm with p = ∞ in place of 2 (their section 7.1).

    u is the larger of the two: what is made of it steps shorter until it has seen gradients of its own.
    """
    return Translation(
        tells=frozenset(("first", "second")),
        needs=frozenset(("second",)),
        made={"exp_avg": "first", "exp_inf": "second"},
        powers={"exp_avg": 1, "exp_inf": 1},
    )


@means_of.register
def _(optimizer: spec.Adamax, state: Mapping[str, Any], step: float) -> Means:
    """m/(1-β₁ᵗ) and u²."""
    first = state["exp_avg"] / (1 - optimizer.beta1**step)
    return Means(step, first, state["exp_inf"].square(), state["exp_inf"])


@installed.register
def _(optimizer: spec.Adamax, parameter: nn.Parameter, means: Means) -> State:
    """m·(1-β₁ᵗ), and the largest gradient where it is known, else √v; ε added as torch adds it."""
    assert means.second is not None
    first = means.first
    largest = means.second.sqrt() if means.largest is None else means.largest
    return {
        "step": step_tensor(means.step, optimizer, parameter),
        "exp_avg": torch.zeros_like(parameter)
        if first is None
        else first * (1 - optimizer.beta1**means.step),
        "exp_inf": largest + optimizer.eps,
    }
