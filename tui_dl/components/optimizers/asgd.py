"""ASGD: gradient descent with a falling rate and an average of the weights."""

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
def _(optimizer: spec.Asgd, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.ASGD(parameters, **hyperparameters(optimizer))


@hyperparameters.register
def _(optimizer: spec.Asgd) -> dict[str, Any]:
    return {
        "lr": optimizer.lr,
        "lambd": optimizer.lambd,
        "alpha": optimizer.alpha,
        "t0": optimizer.t0,
    }


@described.register
def _(optimizer: torch.optim.ASGD) -> dict[str, Any] | None:
    return named(spec.Asgd, optimizer.param_groups[0], "lr", "lambd", "alpha", "t0")


@moments.register
def _(optimizer: spec.Asgd) -> Moments:
    return Moments(step=True, others=("eta", "mu", "ax"))


@effective_step.register
def _(optimizer: spec.Asgd, state: Mapping[str, Any], lr: float) -> Tensor | float:
    """η, which torch computed after the update before: lr/(1 + λ·lr·t)^α. The decay λ·η·w comes on top."""
    return float(state["eta"]) if "eta" in state else lr


@translation.register
def _(optimizer: spec.Asgd) -> Translation:
    return Translation(refusal="asgd keeps no gradients: a falling rate and an average of its weights")
