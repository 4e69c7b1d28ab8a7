"""Adadelta: running means of squared gradients and of squared steps."""

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
    rate_stand_in,
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
def _(optimizer: spec.Adadelta, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.Adadelta(parameters, **hyperparameters(optimizer))


@hyperparameters.register
def _(optimizer: spec.Adadelta) -> dict[str, Any]:
    return {"lr": optimizer.lr, "rho": optimizer.rho, "eps": optimizer.eps}


@described.register
def _(optimizer: torch.optim.Adadelta) -> dict[str, Any] | None:
    return named(spec.Adadelta, optimizer.param_groups[0], "lr", "rho", "eps")


@moments.register
def _(optimizer: spec.Adadelta) -> Moments:
    return Moments(second="square_avg", step=True, others=("acc_delta",))


@effective_step.register
def _(optimizer: spec.Adadelta, state: Mapping[str, Any], lr: float) -> Tensor | float:
    """lr·√(d + ε)/√(v + ε), algorithm 1 of Zeiler (2012); d is the mean square of the steps before.

    After an update torch holds d with that update in it: it is what the next one will step by.
    """
    second: Tensor | None = state.get("square_avg")
    if second is None:
        return lr
    steps: Tensor = state["acc_delta"]
    return ((steps + optimizer.eps) / (second + optimizer.eps)).sqrt_().mul_(lr)


@rate_stand_in.register
def _(optimizer: spec.Adadelta) -> spec.Optimizer | None:
    """Its first step is √ε long and then it finds its own length, whatever the rate."""
    return None


@translation.register
def _(optimizer: spec.Adadelta) -> Translation:
    # What it knows of its own steps begins at nothing with any swap; no scale of gradients reaches it.
    return Translation(
        tells=frozenset(("second",)),
        needs=frozenset(("second",)),
        made={"square_avg": "second"},
        powers={"square_avg": 2},
    )


@means_of.register
def _(optimizer: spec.Adadelta, state: Mapping[str, Any], step: float) -> Means:
    """v/(1-ρᵗ): the beginning at zero taken out."""
    return Means(step, second=state["square_avg"] / (1 - optimizer.rho**step))


@installed.register
def _(optimizer: spec.Adadelta, parameter: nn.Parameter, means: Means) -> State:
    """v·(1-ρᵗ)."""
    assert means.second is not None
    made = {
        "step": step_tensor(means.step, optimizer, parameter),
        "square_avg": means.second * (1 - optimizer.rho**means.step),
    }
    return completed(optimizer, parameter, made)
