"""Weights: how many there are, and the share of them that is next to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

from tui_dl.components.summary import parameter_count

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from tui_dl.engine.training.trainer import Trainer

NEXT_TO_NOTHING: Final = 1e-3


def share_below(trainer: Trainer, name: str) -> float | None:
    """Share of all trained weights, biases and norms excluded, with |w| below 0.001; None without weights."""
    return _share(trainer, lambda weight: weight.abs() < NEXT_TO_NOTHING)


def share_zero(trainer: Trainer, name: str) -> float | None:
    """Share of all trained weights, biases and norms excluded, that are 0 to the last bit."""
    return _share(trainer, lambda weight: weight == 0)


def count(trainer: Trainer, name: str) -> float | None:
    """Numbers that are trained, each once."""
    return float(parameter_count(trainer.model))


def _share(trainer: Trainer, counts: Callable[[Tensor], Tensor]) -> float | None:
    weights = [each for each in trainer.model.parameters() if each.requires_grad and each.ndim >= 2]
    whole = sum(weight.numel() for weight in weights)
    if not whole:
        return None
    return float(torch.stack([counts(weight.detach()).sum() for weight in weights]).sum()) / whole
