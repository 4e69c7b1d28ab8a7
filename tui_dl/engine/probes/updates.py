"""Updates: whether the loss does what the gradient promised, and whether steps agree with one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

from tui_dl.engine.probes.norms import copies

if TYPE_CHECKING:
    from torch import Tensor

    from tui_dl.engine.training.trainer import Trainer

UPDATES: Final = 16
"""Consecutive updates that are looked at: one pair alone says little about noisy steps."""


def promise(trainer: Trainer, name: str) -> float | None:
    """(L(w + Δ) - L(w)) / (g·Δ) of the next update Δ on its own batch, without penalties.

    The gradient g promises g·Δ, the first term of the loss's Taylor series. The value is 1 where the step is
    so short that it holds, 0 where nothing is gained, negative where the step overshoots; None if no slope
    leads along Δ. With dropout the two losses draw different masks, and it is noise.
    """
    ahead = trainer.rehearsal()
    model = ahead.model
    parameters = [each for each in model.parameters() if each.requires_grad]
    gradient: list[Tensor] = []
    for phase in ahead.phases():
        if phase == "loss":
            loss = ahead.batch.data_loss
            assert loss is not None
            found: tuple[Tensor | None, ...] = torch.autograd.grad(
                loss, parameters, retain_graph=True, allow_unused=True
            )
            pairs = zip(found, parameters, strict=True)
            gradient = [torch.zeros_like(w) if g is None else g.detach() for g, w in pairs]
            before, start = float(loss.detach()), copies(parameters)
            inputs, targets = ahead.batch.inputs, ahead.batch.targets
    with torch.no_grad():
        step = [after - first for after, first in zip(parameters, start, strict=True)]
        promised = sum(float((g * d).sum()) for g, d in zip(gradient, step, strict=True))
        made = float(ahead.loss_function(model(inputs), targets)) - before
    return made / promised if promised else None


def cosine(trainer: Trainer, name: str) -> float | None:
    """Mean cosine between each of the next updates and the one before it, over all weights.

    1 where the steps go straight on, 0 where they know nothing of one another, -1 where each takes the last
    one back. None of somebody's own batches, which can't be looked at ahead.
    """
    if trainer.experiment is None:
        return None
    ahead = trainer.rehearsal(further=True)
    found: list[Tensor] = []
    last: Tensor | None = None
    before = _flat(ahead)
    for _ in range(UPDATES + 1):
        ahead.train_batch()
        after = _flat(ahead)
        step = after - before
        if last is not None:
            found.append(torch.nn.functional.cosine_similarity(step, last, dim=0))
        last, before = step, after
    return float(torch.stack(found).mean())


def _flat(trainer: Trainer) -> Tensor:
    return torch.cat([each.detach().double().flatten() for each in trainer.model.parameters()])
