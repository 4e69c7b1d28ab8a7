"""Adagrad: the sum of all squared gradients."""

from collections.abc import Mapping, Sequence
from typing import Any

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
def _(optimizer: spec.Adagrad, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    # The only fused kernel that torch has for the CPU alone.
    on_cpu = all(parameter.device.type == "cpu" for parameter in parameters)
    return torch.optim.Adagrad(
        parameters,
        **hyperparameters(optimizer),
        **switches(optimizer),
        **fused_option(optimizer.fused and on_cpu),
    )


@hyperparameters.register
def _(optimizer: spec.Adagrad) -> dict[str, Any]:
    return {"lr": optimizer.lr, "lr_decay": optimizer.lr_decay, "eps": optimizer.eps}


@switches.register
def _(optimizer: spec.Adagrad) -> dict[str, Any]:
    return {"initial_accumulator_value": optimizer.initial_accumulator_value}


@described.register
def _(optimizer: torch.optim.Adagrad) -> dict[str, Any] | None:
    group = optimizer.param_groups[0]
    fields = named(spec.Adagrad, group, "lr", "lr_decay", "eps", "initial_accumulator_value")
    return fields | {"fused": bool(group.get("fused"))}


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


@translation.register
def _(optimizer: spec.Adagrad) -> Translation:
    return Translation(
        tells=frozenset(("second",)),
        needs=frozenset(("second",)),
        made={"sum": "second"},
        powers={"sum": 2},
    )


@means_of.register
def _(optimizer: spec.Adagrad, state: Mapping[str, Any], step: float) -> Means:
    """The sum without what it began from, over the number of gradients in it."""
    return Means(step, second=(state["sum"] - optimizer.initial_accumulator_value) / step)


@installed.register
def _(optimizer: spec.Adagrad, parameter: nn.Parameter, means: Means) -> State:
    """As many gradients of this mean square, on top of what it begins from."""
    assert means.second is not None
    total = means.second * means.step + optimizer.initial_accumulator_value
    return {"step": step_tensor(means.step, optimizer, parameter), "sum": total}
