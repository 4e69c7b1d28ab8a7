"""The next batch, or the next few, on copies: exactly what they will do, without doing it."""

from __future__ import annotations

import copy
import dataclasses
from typing import TYPE_CHECKING, Any, final

import torch
from msgspec import structs

from tui_dl.components.optimizers.lbfgs import mend
from tui_dl.engine.parts.parts import trainable
from tui_dl.engine.state.undo import boundary_random, summed_gradients
from tui_dl.engine.training.batches import BatchSource, Position
from tui_dl.engine.training.gradients import GradientBuffer
from tui_dl.engine.training.iterable_batches import IterableBatches
from tui_dl.engine.training.rng import RandomState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_dl.engine.parts.parts import Parts
    from tui_dl.engine.training.batch_loop import BatchLoop


@final
class OneBatch(BatchSource):
    """What one update takes, again and again, at the place where it was fetched."""

    def __init__(self, batches: Sequence[tuple[Any, Any]], position: Position) -> None:
        self._batches = batches
        self.seek(position)

    def fetch(self) -> tuple[Any, Any]:
        """The batch, or the first of its micro-batches."""
        return self._batches[0]

    @property
    def micro_batches(self) -> int:
        """As many as were fetched."""
        return len(self._batches)

    def fetch_micro(self, index: int) -> tuple[Any, Any]:
        """One of them."""
        return self._batches[index]

    def advance(self) -> int:
        """It stays."""
        return 0

    def seek(self, position: Position) -> None:
        """Say where it belongs."""
        self.epoch, self.samples, self.batches = position.epoch, position.samples, position.batches

    @property
    def steps_per_epoch(self) -> int:
        """Unknown."""
        return 0

    def remaining_steps(self, epochs: int) -> int:
        """Unknown."""
        return 0


def batches_ahead(loop: BatchLoop, random: RandomState) -> BatchSource:
    """A source of its own for the batch that the loop makes next (or is making) and those after it.

    Args:
        loop: of the run; its own source stays where it is.
        random: what somebody's own batches draw from, in the state of the boundary.

    Raises:
        ChangeRefused: if looking ahead would take the training's batches away.
    """
    batches = loop.parts.batches
    if not isinstance(batches, IterableBatches):
        return copy.copy(batches)
    random.state = boundary_random(loop.parts)
    return batches.ahead(random)


def rehearsal_parts(loop: BatchLoop, *, further: bool = False) -> Parts:
    """Parts that will make the very batch that the loop makes next (or is making), draws of dropout included.

    With `further` those after it come too.

    Model, optimizer and random state are copies: nothing that happens to them reaches the loop. What is only
    read (the data) is shared.

    Raises:
        ChangeRefused: if looking further ahead would take the training's batches away.
    """
    parts = loop.parts
    # Together, so that the copied optimizer and objective hold the copied model's parameters.
    model, optimizer, objective = copy.deepcopy((parts.model, parts.optimizer, parts.objective))
    if isinstance(optimizer, torch.optim.LBFGS):
        mend(optimizer)
    random = RandomState(parts.device, None)
    random.state = parts.random.state
    if loop.before is not None:
        random.state, buffers = loop.before
        with torch.no_grad():
            for buffer, value in zip(model.buffers(), buffers, strict=True):
                buffer.copy_(value)
    # What is rehearsed once is not worth compiling.
    training = structs.replace(parts.experiment.training, compile="off")
    gradients = GradientBuffer(trainable(model), skip_unused=parts.is_foreign)
    if summed_gradients(parts):
        gradients.fill(loop.sums or parts.gradients.flats)
    return dataclasses.replace(
        parts,
        experiment=structs.replace(parts.experiment, training=training),
        model=model,
        optimizer=optimizer,
        objective=objective,
        # As they were fetched: what is altered of a batch is a function of its position and comes again.
        batches=batches_ahead(loop, random)
        if further
        else OneBatch(loop.raw_micro(), parts.batches.position),
        gradients=gradients,
        random=random,
        precision=parts.precision.copy(),
    )
