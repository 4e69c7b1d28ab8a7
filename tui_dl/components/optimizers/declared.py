"""What each optimizer says of itself: how it is built, what can be edited, what it keeps, how it steps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from tui_dl.components.missing import no_builder
from tui_dl.spec import optimizers as spec
from tui_dl.spec.component import component_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch
    from torch import Tensor, nn

_FOLDER = "optimizers/…"


@dataclass(frozen=True)
class Moments:
    """Torch's names for what an optimizer keeps of each parameter; an empty name is nothing kept.

    Attributes:
        first: running sum or mean of gradients (momentum).
        second: running mean or sum of squared gradients, or the largest of them.
        step: whether updates are counted, as ``step``.
        others: what else is kept.
    """

    first: str = ""
    second: str = ""
    step: bool = False
    others: tuple[str, ...] = ()


@singledispatch
def build_optimizer(optimizer: spec.Optimizer, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    """Build the torch optimizer, at the base rates.

    ``fused`` asks for torch's fused kernel; without it nothing is asked for, which leaves torch's defaults.
    """
    no_builder(optimizer, _FOLDER)


@singledispatch
def hyperparameters(optimizer: spec.Optimizer) -> dict[str, Any]:
    """Entries of the first parameter group that are edited in place with all state kept, rate included."""
    no_builder(optimizer, _FOLDER)


@singledispatch
def further_groups(optimizer: spec.Optimizer) -> tuple[dict[str, Any], ...]:
    """`hyperparameters` of each parameter group after the first; most have none."""
    return ()


@singledispatch
def switches(optimizer: spec.Optimizer) -> dict[str, Any]:
    """Entries of the parameter group that decide what is kept, or where it begins: no edits in place."""
    return {}


@singledispatch
def moments(optimizer: spec.Optimizer) -> Moments:
    """Name what the optimizer keeps of each parameter with these settings."""
    no_builder(optimizer, _FOLDER)


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
    no_builder(optimizer, _FOLDER)


@singledispatch
def rate_stand_in(optimizer: spec.Optimizer) -> spec.Optimizer | None:
    """By whose first update it is told which rate makes steps of a wanted length; most speak for themselves.

    None where the rate doesn't set the length: whatever matched the first update would not match the next.
    """
    return optimizer


@singledispatch
def described(optimizer: torch.optim.Optimizer) -> dict[str, Any] | None:
    """The inverse of `build_optimizer`: fields of the declaration with its name; None if there is none.

    Dispatched on torch's class; whoever calls it looks at what all optimizers have in common.
    """
    return None


def all_groups(optimizer: spec.Optimizer) -> tuple[dict[str, Any], ...]:
    """`hyperparameters` of every parameter group."""
    return (hyperparameters(optimizer), *further_groups(optimizer))


def base_rates(optimizer: spec.Optimizer) -> tuple[float, ...]:
    """The base rate of every parameter group."""
    return tuple(float(group["lr"]) for group in all_groups(optimizer))


def slots(optimizer: spec.Optimizer) -> tuple[str, ...]:
    """What an optimizer keeps with these settings, by torch's names."""
    names = moments(optimizer)
    held = (*(("step",) if names.step else ()), names.first, names.second, *names.others)
    return tuple(name for name in held if name)


def edits_in_place(old: spec.Optimizer, new: spec.Optimizer) -> bool:
    """Whether the step from one to the other is only other numbers in the groups, with all state valid."""
    return type(old) is type(new) and _structure(old) == _structure(new)


def fused_option(wanted: bool) -> dict[str, Any]:
    """How torch is asked for its fused kernel."""
    return {"fused": True} if wanted else {}


def named(cls: type[spec.Optimizer], group: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Fields that a parameter group has under the same names, for `described`."""
    return {"name": component_name(cls), **{name: group[name] for name in names}}


def _structure(optimizer: spec.Optimizer) -> tuple[object, ...]:
    """What is decided when the optimizer is built and can't be edited later."""
    kept = moments(optimizer) if isinstance(optimizer, spec.RmsProp) else None
    return (kept, getattr(optimizer, "fused", None), switches(optimizer))
