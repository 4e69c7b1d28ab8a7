"""Adafactor: squared gradients by rows and columns, steps relative to the weights."""

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
    completed,
    installed,
    means_of,
    step_tensor,
    translation,
)
from tui_dl.spec import optimizers as spec


@build_optimizer.register
def _(optimizer: spec.Adafactor, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.Adafactor(parameters, **hyperparameters(optimizer))


@hyperparameters.register
def _(optimizer: spec.Adafactor) -> dict[str, Any]:
    return {
        "lr": optimizer.lr,
        "beta2_decay": optimizer.beta2_decay,
        "eps": (optimizer.eps1, optimizer.eps2),
        "d": optimizer.d,
        "weight_decay": optimizer.weight_decay,
    }


@described.register
def _(optimizer: torch.optim.Adafactor) -> dict[str, Any] | None:
    group = optimizer.param_groups[0]
    eps1, eps2 = group["eps"]
    if eps1 is None:
        # What torch falls back on.
        eps1 = torch.finfo(group["params"][0].dtype).eps
    return named(spec.Adafactor, group, "lr", "beta2_decay", "d", "weight_decay") | {
        "eps1": eps1,
        "eps2": eps2,
    }


@moments.register
def _(optimizer: spec.Adafactor) -> Moments:
    """Rows and columns of what has two dimensions or more; of a vector the mean itself."""
    return Moments(step=True, others=("row_var", "col_var", "variance"))


@effective_step.register
def _(optimizer: spec.Adafactor, state: Mapping[str, Any], lr: float) -> Tensor | float:
    """min(lr, 1/√t)/√v, algorithm 5 of Shazeer and Stern (2018): for weights of root mean square 1.

    Torch multiplies by the root mean square that the weights have, and cuts an update longer than d.
    """
    if "step" not in state:
        return lr
    rate = min(lr, 1.0 / math.sqrt(max(float(state["step"]), 1.0)))
    return mean_square(optimizer, state).clamp(min=optimizer.eps1**2).rsqrt_().mul_(rate)


@translation.register
def _(optimizer: spec.Adafactor) -> Translation:
    return Translation(
        tells=frozenset(("second",)),
        needs=frozenset(("second",)),
        made={"row_var": "second", "col_var": "second", "variance": "second"},
        powers={"row_var": 2, "col_var": 2, "variance": 2},
    )


@means_of.register
def _(optimizer: spec.Adafactor, state: Mapping[str, Any], step: float) -> Means:
    """What it divides by itself; the first gradient counts whole, so that there is no bias of a beginning."""
    return Means(step, second=mean_square(optimizer, state))


@installed.register
def _(optimizer: spec.Adafactor, parameter: nn.Parameter, means: Means) -> State:
    """Means of the mean squares along rows and along columns."""
    second = means.second
    assert second is not None
    made: State = {"step": step_tensor(means.step, optimizer, parameter)}
    if parameter.ndim < 2:
        return made | {"variance": second.clone()}
    return made | {"row_var": second.mean(-1, keepdim=True), "col_var": second.mean(-2, keepdim=True)}


@completed.register
def _(optimizer: spec.Adafactor, parameter: nn.Parameter, state: State) -> State:
    return state


def mean_square(optimizer: spec.Adafactor, state: Mapping[str, Any]) -> Tensor:
    """V of each weight: for a matrix row times column over the mean of all, as torch has it."""
    if "variance" in state:
        vector: Tensor = state["variance"].clone()
        return vector
    rows: Tensor = state["row_var"]
    product: Tensor = rows @ state["col_var"]
    return product / rows.mean(dim=-2, keepdim=True).clamp(min=optimizer.eps1)
