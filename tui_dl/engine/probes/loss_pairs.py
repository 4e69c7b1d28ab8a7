"""Two losses at the same weights: the angle between their gradients, and how much longer one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from tui_dl.components.losses import loss_on_head
from tui_dl.components.summary import undisturbed
from tui_dl.spec.loss_metrics import pair_of
from tui_dl.spec.losses import GaussianNll

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from tui_dl.engine.training.trainer import Trainer
    from tui_dl.spec.losses import Loss


def compare_losses(trainer: Trainer, name: str) -> float | None:
    """`losses.<a>.<b>.cosine` or `.ratio` of the data losses' gradients on the probe batch, in eval mode.

    Penalties and clipping have no part in it. Each loss has its defaults and is taken of what the model puts
    out now; the present one is as it is set. None where the head doesn't tell a loss, or a gradient is zero.
    """
    pair = pair_of(name)
    if pair is None or trainer.splits is None or trainer.probe_batch is None:
        return None
    functions = [_function(trainer, cls) for cls in pair[:2]]
    gradients = [_gradient(trainer, each) for each in functions if each is not None]
    if len(gradients) != 2:
        return None
    first, second = gradients
    sizes = [float(torch.linalg.vector_norm(each)) for each in gradients]
    if min(sizes) == 0:
        return None
    if pair[2].kind == "ratio":
        return sizes[0] / sizes[1]
    return float(first @ second) / sizes[0] / sizes[1]


def _function(trainer: Trainer, cls: type[Loss]) -> Callable[[Tensor, Tensor], Tensor] | None:
    splits, experiment = trainer.splits, trainer.experiment
    assert splits is not None
    assert experiment is not None
    present = experiment.loss
    if splits.task not in cls.tasks:
        return None
    if isinstance(present, cls):
        return trainer.loss_function
    # Of the value alone nothing tells a variance: 1 everywhere is what makes it a likelihood.
    loss: Loss = GaussianNll(variance="unit") if cls is GaussianNll else cls()
    head = present.head(splits.task)
    return loss_on_head(loss, splits.task, splits.outputs, splits.class_weights, head)


def _gradient(trainer: Trainer, function: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """The gradient (P,) with respect to all that is trained, float64."""
    assert trainer.probe_batch is not None
    inputs, targets = trainer.probe_batch
    parameters = trainer.gradients.parameters
    with undisturbed(trainer.model, trainer.device), torch.enable_grad():
        loss = function(trainer.model(inputs), targets)
        found: tuple[Tensor | None, ...] = torch.autograd.grad(loss, parameters, allow_unused=True)
    pieces = [
        torch.zeros_like(parameter) if each is None else each
        for parameter, each in zip(parameters, found, strict=True)
    ]
    return torch.cat([piece.detach().double().flatten() for piece in pieces])
