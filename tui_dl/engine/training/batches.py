"""Where batches come from: a source with a position, and the one whose data lies on the device."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import torch

from tui_dl.engine.training.rng import seeded_generator

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True)
class Position:
    """Where a source stands at a batch boundary.

    Attributes:
        epoch: complete passes.
        samples: samples of the present pass that were used.
        batches: batches of the present pass that were used.
    """

    epoch: int = 0
    samples: int = 0
    batches: int = 0


class BatchSource(ABC):
    """Batches one after another, pass after pass.

    Attributes:
        epoch: complete passes.
        samples: samples of the present pass that were used.
        batches: batches of the present pass that were used.
    """

    epoch: int = 0
    samples: int = 0
    batches: int = 0

    @abstractmethod
    def fetch(self) -> tuple[Any, Any]:
        """The next inputs and targets; the same again until `advance`."""

    @abstractmethod
    def advance(self) -> int:
        """What the next update takes was used: one batch, or its micro-batches. Returns the samples."""

    @property
    def micro_batches(self) -> int:
        """Batches whose gradients the next update takes together."""
        return 1

    @property
    def is_whole(self) -> bool:
        """Whether the next update takes as many samples as most do."""
        return True

    def fetch_micro(self, index: int) -> tuple[Any, Any]:
        """One of the next update's micro-batches; the first is what `fetch` gives."""
        assert index == 0
        return self.fetch()

    @abstractmethod
    def seek(self, position: Position) -> None:
        """Go to a position; the next fetch gives what came there."""

    @property
    @abstractmethod
    def steps_per_epoch(self) -> int:
        """Batches in a whole pass; 0 while unknown."""

    @abstractmethod
    def remaining_steps(self, epochs: int) -> int:
        """Batches from here to the end of so many passes in all; 0 if unknown or past it."""

    @property
    def position(self) -> Position:
        """Where it stands."""
        return Position(self.epoch, self.samples, self.batches)


@final
class ResidentBatches(BatchSource):
    """A split that lies whole on the device; its order in an epoch is a pure function of (seed, epoch).

    An update takes `accumulate` batches together, or as many as are left of the epoch: so its position is
    still an epoch and a number of samples.

    Args:
        inputs: (N, ...) on the device.
        targets: (N, ...) there too.
        batch_size: samples per batch; the last one of an epoch may be smaller.
        seed: of the order.
    """

    def __init__(self, inputs: Tensor, targets: Tensor, batch_size: int, seed: int) -> None:
        assert len(inputs) == len(targets) > 0
        self.inputs = inputs
        self.targets = targets
        self.batch_size = batch_size
        self.accumulate = 1
        self._seed = seed
        self._count = len(inputs)
        self._order_epoch = -1
        self._order = torch.empty(0, dtype=torch.int64)

    def fetch(self) -> tuple[Tensor, Tensor]:
        """Fresh contiguous copies: an unaligned view into the data would give other last bits."""
        return self.fetch_micro(0)

    @property
    def micro_batches(self) -> int:
        """Batches that the next update takes together."""
        if self.accumulate == 1:
            return 1
        return min(self.accumulate, -(-(self._count - self.samples) // self.batch_size))

    @property
    def is_whole(self) -> bool:
        """False for what is left of an epoch, if that is less than an update takes."""
        return self.samples == 0 or self.samples + self.batch_size * self.accumulate <= self._count

    def fetch_micro(self, index: int) -> tuple[Tensor, Tensor]:
        """One of the next update's batches, in copies too."""
        if self._order_epoch != self.epoch:
            generator = seeded_generator(self._seed, "order", self.epoch)
            self._order = torch.randperm(self._count, generator=generator).to(self.inputs.device)
            self._order_epoch = self.epoch
        first = self.samples + index * self.batch_size
        chosen = self._order[first : first + self.batch_size]
        return self.inputs.index_select(0, chosen), self.targets.index_select(0, chosen)

    def advance(self) -> int:
        """What an update takes was used; after the last of an epoch the next epoch begins."""
        self.batches += self.micro_batches
        used = min(self.batch_size * self.accumulate, self._count - self.samples)
        self.samples += used
        if self.samples == self._count:
            self.epoch += 1
            self.samples = 0
            self.batches = 0
        return used

    def seek(self, position: Position) -> None:
        """Go to a position."""
        assert 0 <= position.samples < self._count
        self.epoch, self.samples, self.batches = position.epoch, position.samples, position.batches

    @property
    def steps_per_epoch(self) -> int:
        """Updates in a pass of this batch size throughout."""
        return -(-self._count // (self.batch_size * self.accumulate))

    def remaining_steps(self, epochs: int) -> int:
        """Updates from here to the end of so many epochs in all."""
        if self.epoch >= epochs:
            return 0
        rest_of_epoch = -(-(self._count - self.samples) // (self.batch_size * self.accumulate))
        return rest_of_epoch + (epochs - self.epoch - 1) * self.steps_per_epoch
