"""A torch optimizer in the catalogue's words, so that it can be edited and its state carried over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import torch

from tui_dl.spec.component import component_name
from tui_dl.spec.optimizers import Adagrad, Adam, AdamW, AnyOptimizer, RmsProp, Sgd

if TYPE_CHECKING:
    from collections.abc import Mapping


def described_optimizer(optimizer: torch.optim.Optimizer) -> AnyOptimizer | None:
    """The declaration that describes it; None if the catalogue can't (class, several groups, odd settings).

    A coupled weight_decay is no part of the declaration; it stays in the group when numbers are edited.
    """
    if len(optimizer.param_groups) != 1:
        return None
    group = optimizer.param_groups[0]
    if group.get("maximize") or group.get("dampening") or isinstance(group["lr"], torch.Tensor):
        return None
    values = _values(optimizer, group)
    if values is None:
        return None
    try:
        described: AnyOptimizer = msgspec.convert(values, AnyOptimizer)
    except msgspec.ValidationError:
        return None
    return described


def _values(optimizer: torch.optim.Optimizer, group: Mapping[str, Any]) -> dict[str, Any] | None:
    kind = type(optimizer)
    fused = {"fused": bool(group.get("fused"))}
    if kind is torch.optim.SGD:
        return _named(Sgd, group, "lr", "momentum", "nesterov") | fused
    if kind in (torch.optim.Adam, torch.optim.AdamW):
        beta1, beta2 = group["betas"]
        cls, names = (Adam, ()) if kind is torch.optim.Adam else (AdamW, ("weight_decay",))
        return _named(cls, group, "lr", "eps", "amsgrad", *names) | {"beta1": beta1, "beta2": beta2} | fused
    if kind is torch.optim.RMSprop:
        return _named(RmsProp, group, "lr", "alpha", "eps", "momentum", "centered")
    if kind is torch.optim.Adagrad:
        return _named(Adagrad, group, "lr", "lr_decay", "eps", "initial_accumulator_value") | fused
    return None


def _named(cls: type[Any], group: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {"name": component_name(cls), **{name: group[name] for name in names}}
