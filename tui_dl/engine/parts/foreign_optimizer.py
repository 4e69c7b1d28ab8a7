"""A torch optimizer in the catalogue's words, so that it can be edited and its state carried over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import torch

from tui_dl.components.optimizers import build_optimizer, described
from tui_dl.spec.optimizers import AnyOptimizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn


def described_optimizer(optimizer: torch.optim.Optimizer) -> AnyOptimizer | None:
    """The declaration that describes it; None if the catalogue can't (class, groups, odd settings).

    A coupled weight_decay is no part of the declaration; it stays in the group when numbers are edited.
    """
    groups = optimizer.param_groups
    if any(group.get("maximize") or isinstance(group["lr"], torch.Tensor) for group in groups):
        return None
    fields = described(optimizer)
    if fields is None:
        return None
    try:
        declared: AnyOptimizer = msgspec.convert(fields, AnyOptimizer)
    except msgspec.ValidationError:
        return None
    return declared if _is_built_like(optimizer, declared) else None


def _is_built_like(optimizer: torch.optim.Optimizer, declared: AnyOptimizer) -> bool:
    """Whether that declaration is built as this class, with as many groups."""
    parameters: Sequence[nn.Parameter] = [
        each for group in optimizer.param_groups for each in group["params"]
    ]
    built = build_optimizer(declared, parameters)
    # L-BFGS is built as a subclass that mends copies.
    is_same = (
        type(optimizer) in (type(built), *type(built).__bases__)
        and type(built).__name__ == type(optimizer).__name__
    )
    return is_same and len(built.param_groups) == len(optimizer.param_groups)
