"""Adam and AdamW; and what NAdam and RAdam share with them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

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
    switches,
)
from tui_dl.components.optimizers.translation import (
    Mean,
    Means,
    State,
    Translation,
    completed,
    installed,
    means_of,
    step_tensor,
    translation,
)
from tui_dl.spec import optimizers as spec

LIKENESS: Final = "adam"
TELLS: Final[frozenset[Mean]] = frozenset(("first", "second"))
NEEDS: Final[frozenset[Mean]] = frozenset(("second",))
"""Not the first moment: without it steps are short for a while. With it alone they explode."""
MADE: Final[dict[str, Mean]] = {"exp_avg": "first", "exp_avg_sq": "second"}
POWERS: Final = {"exp_avg": 1, "exp_avg_sq": 2}

AnyAdam = spec.Adam | spec.AdamW | spec.NAdam | spec.RAdam


@build_optimizer.register
def _(optimizer: spec.Adam, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.Adam(
        parameters, **hyperparameters(optimizer), **switches(optimizer), **fused_option(optimizer.fused)
    )


@hyperparameters.register
def _(optimizer: spec.Adam) -> dict[str, Any]:
    return adam_numbers(optimizer)


@build_optimizer.register
def _(optimizer: spec.AdamW, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.AdamW(
        parameters, **hyperparameters(optimizer), **switches(optimizer), **fused_option(optimizer.fused)
    )


@hyperparameters.register
def _(optimizer: spec.AdamW) -> dict[str, Any]:
    return adam_numbers(optimizer) | {"weight_decay": optimizer.weight_decay}


@switches.register(spec.Adam)
@switches.register(spec.AdamW)
def _(optimizer: spec.Adam | spec.AdamW) -> dict[str, Any]:
    return {"amsgrad": optimizer.amsgrad}


@described.register
def _(optimizer: torch.optim.Adam) -> dict[str, Any] | None:
    group = optimizer.param_groups[0]
    return described_adam(spec.Adam, group, "amsgrad") | {"fused": bool(group.get("fused"))}


@described.register
def _(optimizer: torch.optim.AdamW) -> dict[str, Any] | None:
    group = optimizer.param_groups[0]
    fields = described_adam(spec.AdamW, group, "amsgrad", "weight_decay")
    return fields | {"fused": bool(group.get("fused"))}


@moments.register(spec.Adam)
@moments.register(spec.AdamW)
def _(optimizer: spec.Adam | spec.AdamW) -> Moments:
    others = ("max_exp_avg_sq",) if optimizer.amsgrad else ()
    return Moments(first="exp_avg", second="exp_avg_sq", step=True, others=others)


@effective_step.register(spec.Adam)
@effective_step.register(spec.AdamW)
def _(optimizer: spec.Adam | spec.AdamW, state: Mapping[str, Any], lr: float) -> Tensor | float:
    """lr/(1-β₁ᵗ) / (√(v/(1-β₂ᵗ)) + ε), algorithm 1 of Kingma and Ba (2014), on the biased first moment."""
    name = "max_exp_avg_sq" if optimizer.amsgrad else "exp_avg_sq"
    second: Tensor | None = state.get(name)
    if second is None:
        return lr
    step = float(state["step"])
    root = (second / (1.0 - math.pow(optimizer.beta2, step))).sqrt_().add_(optimizer.eps)
    return root.reciprocal_().mul_(lr / (1.0 - math.pow(optimizer.beta1, step)))


@translation.register(spec.Adam)
@translation.register(spec.AdamW)
def _(optimizer: spec.Adam | spec.AdamW) -> Translation:
    made, completes, powers = dict(MADE), (), dict(POWERS)
    if not optimizer.amsgrad:
        return Translation(LIKENESS, TELLS, NEEDS, made, completes, powers)
    made["max_exp_avg_sq"] = "second"
    powers["max_exp_avg_sq"] = 2
    return Translation(LIKENESS, TELLS, NEEDS, made, ("max_exp_avg_sq",), powers)


@means_of.register(spec.Adam)
@means_of.register(spec.AdamW)
@means_of.register(spec.NAdam)
@means_of.register(spec.RAdam)
def adam_means(optimizer: AnyAdam, state: Mapping[str, Any], step: float) -> Means:
    """m/(1-β₁ᵗ) and v/(1-β₂ᵗ)."""
    first = state["exp_avg"] / (1 - optimizer.beta1**step)
    return Means(step, first, state["exp_avg_sq"] / (1 - optimizer.beta2**step))


@installed.register(spec.Adam)
@installed.register(spec.AdamW)
@installed.register(spec.RAdam)
def installed_adam(optimizer: AnyAdam, parameter: nn.Parameter, means: Means) -> State:
    """m·(1-β₁ᵗ) and v·(1-β₂ᵗ)."""
    assert means.second is not None
    first = means.first
    made = {
        "step": step_tensor(means.step, optimizer, parameter),
        "exp_avg": torch.zeros_like(parameter)
        if first is None
        else first * (1 - optimizer.beta1**means.step),
        "exp_avg_sq": means.second * (1 - optimizer.beta2**means.step),
    }
    return completed(optimizer, parameter, made)


@completed.register(spec.Adam)
@completed.register(spec.AdamW)
def _(optimizer: spec.Adam | spec.AdamW, parameter: nn.Parameter, state: State) -> State:
    """The largest second moment so far is the present one."""
    if not optimizer.amsgrad or "max_exp_avg_sq" in state:
        return state
    return {**state, "max_exp_avg_sq": state["exp_avg_sq"].clone()}


def adam_numbers(optimizer: AnyAdam | spec.Adamax) -> dict[str, Any]:
    """Entries of the group that all of them have."""
    return {"lr": optimizer.lr, "betas": (optimizer.beta1, optimizer.beta2), "eps": optimizer.eps}


def described_adam(cls: type[spec.Optimizer], group: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Fields of one of them from its group."""
    beta1, beta2 = group["betas"]
    return named(cls, group, "lr", "eps", *names) | {"beta1": beta1, "beta2": beta2}
