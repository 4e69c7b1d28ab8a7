"""Rprop: a step of its own for each weight, and the gradient before."""

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
from tui_dl.components.optimizers.translation import Translation, translation
from tui_dl.spec import optimizers as spec


@build_optimizer.register
def _(optimizer: spec.Rprop, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.Rprop(parameters, **hyperparameters(optimizer))


@hyperparameters.register
def _(optimizer: spec.Rprop) -> dict[str, Any]:
    return {
        "lr": optimizer.lr,
        "etas": (optimizer.eta_minus, optimizer.eta_plus),
        "step_sizes": (optimizer.step_size_min, optimizer.step_size_max),
    }


@described.register
def _(optimizer: torch.optim.Rprop) -> dict[str, Any] | None:
    group = optimizer.param_groups[0]
    fields = named(spec.Rprop, group, "lr")
    fields["eta_minus"], fields["eta_plus"] = group["etas"]
    fields["step_size_min"], fields["step_size_max"] = group["step_sizes"]
    return fields


@moments.register
def _(optimizer: spec.Rprop) -> Moments:
    return Moments(step=True, others=("prev", "step_size"))


@effective_step.register
def _(optimizer: spec.Rprop, state: Mapping[str, Any], lr: float) -> Tensor | float:
    """The step over the gradient: `prev` holds the gradient, 0 where the sign changed and nothing moves."""
    step_size: Tensor | None = state.get("step_size")
    if step_size is None:
        return lr
    gradient: Tensor = state["prev"].abs()
    return torch.where(gradient > 0, step_size / gradient, torch.zeros_like(step_size))


@translation.register
def _(optimizer: spec.Rprop) -> Translation:
    """Nothing: its steps come of how signs changed under its own steps, and no other optimizer has such.

    At weights that stand still signs hardly change: calibrated steps would all have grown.
    """
    return Translation(
        refusal="rprop learns a step for each weight from how signs change under its own steps"
    )
