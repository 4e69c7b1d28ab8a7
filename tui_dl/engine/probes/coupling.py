"""Coupling: whether a loss lets each output learn by itself, or ties the outputs together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

if TYPE_CHECKING:
    from torch import Tensor

    from tui_dl.engine.training.trainer import Trainer

SAMPLES: Final = 32


def coupling(trainer: Trainer, name: str) -> float | None:
    """Share of ‖∂²L/∂o∂o'‖ off the diagonal, L one sample's loss and o its outputs, over 32 samples.

    0 where the loss is a sum over outputs: what one output should do does not depend on the others, and p
    outputs are p models. Under cross entropy the Hessian is diag(q) - qqᵀ, q = softmax(o). None for one
    output, and where all second derivatives are zero.
    """
    splits = trainer.splits
    if splits is None or splits.outputs < 2:
        return None
    with torch.no_grad():
        outputs = trainer.model(splits.train.inputs[:SAMPLES]).detach()
    targets = splits.train.targets[:SAMPLES]
    whole = off = 0.0
    for row, target in zip(outputs, targets, strict=False):

        def loss(values: Tensor, target: Tensor = target) -> Tensor:
            return trainer.loss_function(values.unsqueeze(0), target.unsqueeze(0))

        hessian: Tensor = torch.autograd.functional.hessian(loss, row)  # type: ignore[no-untyped-call]
        squares = hessian.double().square()
        whole += float(squares.sum())
        off += float(squares.sum() - squares.diagonal().sum())
    return (max(off, 0.0) / whole) ** 0.5 if whole else None
