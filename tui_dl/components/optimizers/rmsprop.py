"""RMSprop: a running mean of squared gradients."""

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
    switches,
)
from tui_dl.components.optimizers.translation import (
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


@build_optimizer.register
def _(optimizer: spec.RmsProp, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.RMSprop(parameters, **hyperparameters(optimizer), **switches(optimizer))


@hyperparameters.register
def _(optimizer: spec.RmsProp) -> dict[str, Any]:
    return {
        "lr": optimizer.lr,
        "alpha": optimizer.alpha,
        "eps": optimizer.eps,
        "momentum": optimizer.momentum,
    }


@switches.register
def _(optimizer: spec.RmsProp) -> dict[str, Any]:
    return {"centered": optimizer.centered}


@described.register
def _(optimizer: torch.optim.RMSprop) -> dict[str, Any] | None:
    group = optimizer.param_groups[0]
    return named(spec.RmsProp, group, "lr", "alpha", "eps", "momentum", "centered")


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


@translation.register
def _(optimizer: spec.RmsProp) -> Translation:
    # Its momentum is of steps, not of gradients: nothing tells it, and no scale of gradients reaches it.
    return Translation(
        tells=frozenset(("second",)),
        needs=frozenset(("second",)),
        made={"square_avg": "second"},
        powers={"square_avg": 2, "grad_avg": 1},
    )


@means_of.register
def _(optimizer: spec.RmsProp, state: Mapping[str, Any], step: float) -> Means:
    """v/(1-αᵗ): the beginning at zero taken out."""
    return Means(step, second=state["square_avg"] / (1 - optimizer.alpha**step))


@installed.register
def _(optimizer: spec.RmsProp, parameter: nn.Parameter, means: Means) -> State:
    """v·(1-αᵗ)."""
    assert means.second is not None
    made = {
        "step": step_tensor(means.step, optimizer, parameter),
        "square_avg": means.second * (1 - optimizer.alpha**means.step),
    }
    return completed(optimizer, parameter, made)
