"""Weights: the share of them that is next to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

if TYPE_CHECKING:
    from tui_dl.engine.training.trainer import Trainer

NEXT_TO_NOTHING: Final = 1e-3


def share_below(trainer: Trainer, name: str) -> float | None:
    """Share of all trained weights, biases and norms excluded, with |w| below 0.001; None without weights."""
    weights = [each for each in trainer.model.parameters() if each.requires_grad and each.ndim >= 2]
    count = sum(weight.numel() for weight in weights)
    if not count:
        return None
    small = [(weight.detach().abs() < NEXT_TO_NOTHING).sum() for weight in weights]
    return float(torch.stack(small).sum()) / count
