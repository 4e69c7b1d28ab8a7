"""Optimizers in torch: how each is built, which numbers can be edited mid-run, what its state means."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import torch
from torch import Tensor, nn

from tui_dl.components.missing import no_builder
from tui_dl.spec import optimizers as spec


@dataclass(frozen=True)
class Moments:
    """Torch's names for what an optimizer keeps of each parameter; an empty name is nothing kept.

    Attributes:
        first: running sum or mean of gradients (momentum).
        second: running mean or sum of squared gradients.
        step: whether updates are counted, as ``step``.
        others: further tensors of the parameter's shape.
    """

    first: str = ""
    second: str = ""
    step: bool = False
    others: tuple[str, ...] = ()


@singledispatch
def build_optimizer(optimizer: spec.Optimizer, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    """Build the torch optimizer with one parameter group, at the base rate.

    ``fused`` asks for torch's fused kernel; without it nothing is asked for, which leaves torch's defaults.
    """
    no_builder(optimizer, "optimizers")


@singledispatch
def hyperparameters(optimizer: spec.Optimizer) -> dict[str, Any]:
    """Entries of a parameter group that can be edited in place with all state kept, base rate included."""
    no_builder(optimizer, "optimizers")


@singledispatch
def moments(optimizer: spec.Optimizer) -> Moments:
    """Name what the optimizer keeps of each parameter with these settings."""
    no_builder(optimizer, "optimizers")


@singledispatch
def effective_step(optimizer: spec.Optimizer, state: Mapping[str, Any], lr: float) -> Tensor | float:
    """Factor from a weight's gradient, or from its first moment where there is one, to its next update.

    Args:
        optimizer: what is declared.
        state: torch's state of one parameter; without any yet, the factor is the rate.
        lr: the rate in force.

    Returns:
        A tensor of the parameter's shape for an adaptive optimizer, else one number.
    """
    no_builder(optimizer, "optimizers")


def edits_in_place(old: spec.Optimizer, new: spec.Optimizer) -> bool:
    """Whether the step from one to the other is only other numbers in the group, with all state valid."""
    return type(old) is type(new) and _structure(old) == _structure(new)


def _structure(optimizer: spec.Optimizer) -> tuple[object, ...]:
    """What is decided when the optimizer is built and can't be edited later."""
    fixed = tuple(
        getattr(optimizer, field, None)
        for field in ("fused", "amsgrad", "centered", "initial_accumulator_value")
    )
    return (moments(optimizer) if isinstance(optimizer, spec.RmsProp) else None, *fixed)


def _fused(wanted: bool) -> dict[str, Any]:
    return {"fused": True} if wanted else {}


@build_optimizer.register
def _(optimizer: spec.Sgd, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, **hyperparameters(optimizer), **_fused(optimizer.fused))


@hyperparameters.register
def _(optimizer: spec.Sgd) -> dict[str, Any]:
    return {"lr": optimizer.lr, "momentum": optimizer.momentum, "nesterov": optimizer.nesterov}


@moments.register
def _(optimizer: spec.Sgd) -> Moments:
    return Moments(first="momentum_buffer" if optimizer.momentum > 0 else "")


@effective_step.register
def _(optimizer: spec.Sgd, state: Mapping[str, Any], lr: float) -> Tensor | float:
    return lr


@build_optimizer.register
def _(optimizer: spec.Adam, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.Adam(
        parameters, **hyperparameters(optimizer), amsgrad=optimizer.amsgrad, **_fused(optimizer.fused)
    )


@hyperparameters.register
def _(optimizer: spec.Adam) -> dict[str, Any]:
    return {"lr": optimizer.lr, "betas": (optimizer.beta1, optimizer.beta2), "eps": optimizer.eps}


@build_optimizer.register
def _(optimizer: spec.AdamW, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.AdamW(
        parameters, **hyperparameters(optimizer), amsgrad=optimizer.amsgrad, **_fused(optimizer.fused)
    )


@hyperparameters.register
def _(optimizer: spec.AdamW) -> dict[str, Any]:
    return {
        "lr": optimizer.lr,
        "betas": (optimizer.beta1, optimizer.beta2),
        "eps": optimizer.eps,
        "weight_decay": optimizer.weight_decay,
    }


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


@build_optimizer.register
def _(optimizer: spec.RmsProp, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.RMSprop(parameters, **hyperparameters(optimizer), centered=optimizer.centered)


@hyperparameters.register
def _(optimizer: spec.RmsProp) -> dict[str, Any]:
    return {
        "lr": optimizer.lr,
        "alpha": optimizer.alpha,
        "eps": optimizer.eps,
        "momentum": optimizer.momentum,
    }


@moments.register
def _(optimizer: spec.RmsProp) -> Moments:
    return Moments(
        first="momentum_buffer" if optimizer.momentum > 0 else "",
        second="square_avg",
        step=True,
        others=("grad_avg",) if optimizer.centered else (),
    )


@effective_step.register
def _(optimizer: spec.RmsProp, state: Mapping[str, Any], lr: float) -> Tensor | float:
    """lr/(√v + ε) on the gradient; with momentum, torch sums what was so scaled already."""
    second: Tensor | None = state.get("square_avg")
    if second is None:
        return lr
    mean = state.get("grad_avg")
    variance = second if mean is None else second - mean * mean
    return variance.sqrt().add_(optimizer.eps).reciprocal_().mul_(lr)


@build_optimizer.register
def _(optimizer: spec.Adagrad, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    # The only fused kernel that torch has for the CPU alone.
    on_cpu = all(parameter.device.type == "cpu" for parameter in parameters)
    return torch.optim.Adagrad(
        parameters,
        **hyperparameters(optimizer),
        initial_accumulator_value=optimizer.initial_accumulator_value,
        **_fused(optimizer.fused and on_cpu),
    )


@hyperparameters.register
def _(optimizer: spec.Adagrad) -> dict[str, Any]:
    return {"lr": optimizer.lr, "lr_decay": optimizer.lr_decay, "eps": optimizer.eps}


@moments.register
def _(optimizer: spec.Adagrad) -> Moments:
    return Moments(second="sum", step=True)


@effective_step.register
def _(optimizer: spec.Adagrad, state: Mapping[str, Any], lr: float) -> Tensor | float:
    """lr/(1 + (t-1)·decay) / (√Σg² + ε), as torch.optim.Adagrad has it."""
    second: Tensor | None = state.get("sum")
    if second is None:
        return lr
    updates = max(float(state["step"]) - 1.0, 0.0)
    rate = lr / (1.0 + updates * optimizer.lr_decay)
    return second.sqrt().add_(optimizer.eps).reciprocal_().mul_(rate)
