"""A run made of somebody's own module, loss, optimizer and batches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from tui_dl.engine.parts.foreign_optimizer import described_optimizer
from tui_dl.engine.parts.parts import Parts, trainable
from tui_dl.engine.parts.softmax_twice import refuse_softmax_twice
from tui_dl.engine.training.gradients import GradientBuffer
from tui_dl.engine.training.iterable_batches import IterableBatches
from tui_dl.engine.training.objective import objective
from tui_dl.engine.training.rng import RandomState
from tui_dl.errors import UsageError
from tui_dl.spec.data import Digits
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.losses import CrossEntropy
from tui_dl.spec.models import LinearModel
from tui_dl.spec.optimizers import Sgd
from tui_dl.spec.rates import Rates
from tui_dl.spec.training import Training

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


def foreign_parts(
    model: nn.Module,
    loss: Callable[[Any, Any], Tensor],
    optimizer: torch.optim.Optimizer,
    batches: Iterable[Any],
    validation: Iterable[Any] | None,
) -> Parts:
    """Put somebody's own parts together.

    Raises:
        UsageError: if they don't fit together.
    """
    _refuse_misfits(model, loss, optimizer, batches, validation)
    refuse_softmax_twice(model, loss)
    owned = {parameter for group in optimizer.param_groups for parameter in group["params"]}
    parameters = tuple(parameter for parameter in trainable(model) if parameter in owned)
    device = parameters[0].device
    random = RandomState(device, None)
    described = described_optimizer(optimizer)
    # Data, model, loss and batches stand for themselves: no change reaches these declarations.
    stand_in = Experiment(
        data=Digits(),
        model=LinearModel(),
        loss=CrossEntropy(),
        optimizer=described or Sgd(),
        training=Training(batch_size=10**9),
    )
    return Parts(
        experiment=stand_in,
        is_foreign=True,
        knows_optimizer=described is not None,
        device=device,
        model=model,
        optimizer=optimizer,
        objective=objective(loss, "", (), parameters),
        task=None,
        splits=None,
        batches=IterableBatches(batches, random, device),
        validation=validation,
        gradients=GradientBuffer(parameters, skip_unused=True),
        rates=Rates(tuple(float(group["lr"]) for group in optimizer.param_groups)),
        random=random,
        draws=True,
        probe=None,
    )


def _refuse_misfits(
    model: object, loss: object, optimizer: object, batches: object, validation: object
) -> None:
    if not isinstance(model, nn.Module):
        raise UsageError(f"model must be a torch.nn.Module, not a {type(model).__name__}.")
    if not callable(loss):
        raise UsageError(f"loss must be callable with (outputs, targets), not a {type(loss).__name__}.")
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise UsageError(f"optimizer must be a torch.optim.Optimizer, not a {type(optimizer).__name__}.")
    for name, value in (("batches", batches), ("validation", validation)):
        if not isinstance(value, Iterable) and not (name == "validation" and value is None):
            raise UsageError(f"{name} must be an iterable of pairs, not a {type(value).__name__}.")
    trained = set(trainable(model))
    owned = {parameter for group in optimizer.param_groups for parameter in group["params"]}
    if not trained & owned:
        raise UsageError(
            "optimizer holds none of the model's trainable parameters; give it model.parameters()."
        )
    if strangers := len([each for each in owned if each not in set(model.parameters())]):
        raise UsageError(f"optimizer holds {strangers} parameters that are not the model's.")
