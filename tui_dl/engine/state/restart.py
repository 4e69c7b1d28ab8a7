"""Beginning again: from the same initial weights, or from another seed's."""

from __future__ import annotations

import copy
import dataclasses
from typing import TYPE_CHECKING, final

import torch

from tui_dl.engine.parts.parts import Parts, build_parts
from tui_dl.engine.training.iterable_batches import IterableBatches
from tui_dl.errors import ChangeRefused, SpecError
from tui_dl.spec.change import apply_change
from tui_dl.spec.plateau import PlateauState

if TYPE_CHECKING:
    from tui_dl.engine.training.batches import Position


@final
class InitialValues:
    """Where somebody's own run began; an experiment's is computed from its seed."""

    def __init__(self, parts: Parts) -> None:
        model = parts.model
        self.tensors = tuple(
            (tensor, tensor.detach().clone()) for tensor in (*model.parameters(), *model.buffers())
        )
        self.random = parts.random.state
        self.position: Position = parts.batches.position


def restarted_parts(parts: Parts, initial: InitialValues | None, seed: int | None) -> Parts:
    """What a restarted run is made of; the given parts keep their values if it is an experiment's.

    Raises:
        ChangeRefused: for another seed where weights are somebody's own, or a seed out of bounds.
    """
    if initial is None:
        experiment = parts.experiment
        if seed is not None:
            try:
                experiment = apply_change(experiment, {"seed": seed}, source="restart")
            except SpecError as error:
                raise ChangeRefused(str(error)) from error
        return build_parts(experiment)
    if seed is not None:
        raise ChangeRefused("seed: the weights are your own; without one they go back to where they began.")
    batches = parts.batches
    assert isinstance(batches, IterableBatches)
    if batches.is_one_shot:
        raise ChangeRefused("batches is a generator, which can't begin again; give a list or a DataLoader.")
    with torch.no_grad():
        for tensor, value in initial.tensors:
            tensor.copy_(value)
    parts.optimizer.state.clear()
    batches.return_to(initial.position, initial.random)
    parts.random.state = initial.random
    after = copy.copy(parts)
    after.rates = dataclasses.replace(parts.rates, plateau=PlateauState())
    after.plan_length(0)
    return after
