"""What a compiled step reads and moves: weights, state, rates, batches and noise, in one fixed row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from torch import Tensor

from tui_dl.engine.training.alterations import batch_alterations, next_batch
from tui_dl.engine.training.compiled.support import NotCompilable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_dl.engine.parts.parts import Parts

Batch = tuple[Tensor, ...]
"""Inputs and targets; then the labels, where targets are mixed from several samples'."""


@final
@dataclass(frozen=True)
class StepInputs:
    """What a step reads and moves.

    Attributes:
        moved: weights, buffers and the optimizer's state, each in a fixed order; written in place.
        rates: the rate of each parameter group, 0-dim float32.
        spreads: 0-dim bool: update even where loss or gradient is not finite.
        batches: each micro-batch, as altered for training.
        noise: draws of N(0, 1) for each weight that is noised; mostly none.
    """

    moved: tuple[Tensor, ...]
    rates: tuple[Tensor, ...]
    spreads: Tensor
    batches: tuple[Batch, ...]
    noise: tuple[Tensor, ...] = ()

    @property
    def flat(self) -> tuple[Tensor, ...]:
        """All in one row, as the graph takes them."""
        batches = (each for batch in self.batches for each in batch)
        return (*self.moved, *self.rates, self.spreads, *batches, *self.noise)


def moved_tensors(parts: Parts) -> tuple[Tensor, ...]:
    """All that a step writes into.

    Raises:
        NotCompilable: if the optimizer keeps something that is no tensor.
    """
    state = []
    for parameter in parts.parameters:
        values = parts.optimizer.state.get(parameter, {})
        for name in sorted(values):
            if isinstance(values[name], Tensor):
                state.append(values[name])
            elif values[name] is not None:
                raise NotCompilable(f"the optimizer keeps {name} as a number, not as a tensor")
    return (*parts.parameters, *parts.model.buffers(), *state)


def batches_of(parts: Parts, pairs: Sequence[tuple[Any, Any]]) -> tuple[Batch, ...]:
    """Micro-batches as a step takes them: former losses go by the labels that samples have, mixed or not."""
    alterations = batch_alterations(parts)
    if alterations is None or not alterations.mixes_classes:
        return tuple(pairs)
    return tuple((*pair, parts.batches.fetch_micro(index)[1]) for index, pair in enumerate(pairs))


def batches_ahead(parts: Parts) -> tuple[Batch, ...]:
    """The micro-batches of the next update."""
    return batches_of(parts, [next_batch(parts, index) for index in range(parts.batches.micro_batches)])
