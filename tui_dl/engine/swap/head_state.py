"""The optimizer's state of a refitted head: rows that stay keep it, rows that are new begin with care."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from tui_dl.components.optimizers import build_optimizer
from tui_dl.engine.swap.transfer import rescalable
from tui_dl.engine.swap.update_size import gradients_at
from tui_dl.engine.training.modes import evaluating

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui_dl.engine.parts.parts import Parts
    from tui_dl.engine.swap.head import HeadChange


def rows_can_be_kept(state: Mapping[str, Any], parameter: Tensor) -> bool:
    """Whether all that is kept of a parameter belongs to its numbers one by one, or to it as a whole."""
    return all(
        value is None
        or isinstance(value, int | float)
        or (isinstance(value, Tensor) and (value.ndim == 0 or value.shape == parameter.shape))
        for value in state.values()
    )


def head_state_is_kept(parts: Parts, change: HeadChange) -> bool:
    """Whether the optimizer's state of the head's rows goes on; else it begins anew for the head."""
    module = parts.model.get_submodule(change.module)
    held = [(parts.optimizer.state.get(each, {}), each) for each in module.parameters()]
    return change.keeps_rows and all(rows_can_be_kept(state, each) for state, each in held)


def refitted_optimizer(
    parts: Parts,
    before: Sequence[nn.Parameter],
    changed: Mapping[nn.Parameter, nn.Parameter],
    change: HeadChange,
) -> torch.optim.Optimizer:
    """The same optimizer on the new parameters: settings as they are, state of all that did not change.

    State that is not of one parameter (lists, as L-BFGS keeps them) begins anew altogether.

    Args:
        parts: with the optimizer so far.
        before: the parameters so far.
        changed: the head's, old to new.
        change: what became of the head.
    """
    old = parts.optimizer
    made = build_optimizer(parts.experiment.optimizer, list(parts.parameters))
    for group, saved in zip(made.param_groups, old.param_groups, strict=True):
        group.update({key: value for key, value in saved.items() if key != "params"})
    if any(isinstance(value, list) for state in old.state.values() for value in state.values()):
        return made
    for parameter in before:
        state = old.state.get(parameter)
        if not state:
            continue
        if parameter not in changed:
            made.state[parameter] = state
            continue
        new = changed[parameter]
        if change.keeps_rows and rows_can_be_kept(state, parameter):
            made.state[new] = {name: _rows(name, value, new, change.values) for name, value in state.items()}
        elif isinstance(made, torch.optim.SGD):
            # Its fused kernel takes the buffers of all or none; from zero the first step is the gradient's.
            made.state[new] = {"momentum_buffer": torch.zeros_like(new)}
    return made


def _rows(name: str, value: Any, parameter: nn.Parameter, kept: int) -> Any:
    """The first rows as they are; what is new begins at zero, step sizes of its own at their mean."""
    if not isinstance(value, Tensor):
        return value
    if value.ndim == 0:
        return value.clone()
    made = torch.zeros_like(parameter)
    made[:kept] = value[:kept]
    if name == "step_size":
        made[kept:] = value.mean()
    return made


def seed_new_rows(parts: Parts, change: HeadChange) -> None:
    """Give new rows a squared gradient to be divided by: with none Adam's first step is three times too long.

    It is the probe batch's, as if it had always been so. First moments begin at zero, which only makes the
    first steps shorter.
    """
    module = parts.model.get_submodule(change.module)
    if change.rows_after <= change.values or parts.probe is None:
        return
    head = {id(each) for each in module.parameters()}
    powers = rescalable(parts.experiment.optimizer)
    with evaluating(parts, gradients=True):
        gradients = gradients_at(parts, *parts.probe)
    for parameter, gradient in zip(parts.parameters, gradients, strict=True):
        state = parts.optimizer.state.get(parameter)
        if id(parameter) not in head or not state:
            continue
        for name, value in state.items():
            if powers.get(name) == 2 and isinstance(value, Tensor) and value.shape == gradient.shape:
                _seed(parts, name, value[change.values :], gradient[change.values :], state)


def _seed(parts: Parts, name: str, rows: Tensor, gradient: Tensor, state: Mapping[str, Any]) -> None:
    declared: Any = parts.experiment.optimizer
    if name == "sum":
        rows.fill_(getattr(declared, "initial_accumulator_value", 0.0))
        return
    decay = next(
        (getattr(declared, each) for each in ("beta2", "alpha", "rho") if hasattr(declared, each)), 0.0
    )
    # A mean over t updates that began at zero has come to 1 - decayᵗ of its value.
    share = 1 - float(decay) ** float(state["step"]) if "step" in state else 1.0
    rows.copy_(gradient.square() * share)
