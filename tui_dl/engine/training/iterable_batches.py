"""Batches out of anything that can be iterated: a list, a DataLoader, a generator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sized
from typing import TYPE_CHECKING, Any, final

import torch
from torch import Tensor

from tui_dl.engine.training.batches import BatchSource, Position
from tui_dl.errors import ChangeRefused, UsageError

if TYPE_CHECKING:
    from tui_dl.engine.training.rng import RandomState


@final
class IterableBatches(BatchSource):
    """Iterates anew each epoch. Whatever it draws comes from the run's own random state.

    Going back iterates anew from the random state in which that epoch began and skips what was used: exact
    for an iterable that draws from torch alone. A generator can't go back: it goes on with what comes next.

    Args:
        batches: gives pairs (inputs, targets).
        random: the run's random state.
        device: where the model is; tensors elsewhere are copied there.
    """

    def __init__(self, batches: Iterable[Any], random: RandomState, device: torch.device) -> None:
        self._batches = batches
        self._random = random
        self._device = device
        self._iterator: Iterator[Any] | None = None
        self.is_one_shot = isinstance(batches, Iterator)
        self._fetched: tuple[Any, Any] | None = None
        self._item: Any = None
        self._length = len(batches) if isinstance(batches, Sized) else 0
        self.epoch_random: tuple[Tensor, ...] = random.state
        """Random state in which the present epoch began."""
        self.boundary_random: tuple[Tensor, ...] | None = None
        """Random state before the batch that was fetched ahead; None if none was."""

    def fetch(self) -> tuple[Any, Any]:
        """The next pair, on the model's device.

        Raises:
            UsageError: if there is no batch (left), or it is not a pair.
        """
        if self._fetched is None:
            if self.boundary_random is None:
                before = self._random.state
                with self._random:
                    self._item = self._next_item()
                self.boundary_random = before
            # An item that is no pair is not passed over: whoever tries again is told again.
            self._fetched = _pair(self._item, self._device)
            self._item = None
        return self._fetched

    def _next_item(self) -> Any:
        if self._iterator is None:
            self._begin_epoch()
        assert self._iterator is not None
        try:
            return next(self._iterator)
        except StopIteration:
            pass
        if self.batches == 0:
            raise UsageError(self._nothing_left())
        self._length = self.batches
        self.epoch += 1
        self.samples = self.batches = 0
        self._begin_epoch()
        try:
            return next(self._iterator)
        except StopIteration:
            raise UsageError(self._nothing_left()) from None

    def _begin_epoch(self) -> None:
        # Inside the context the default generators are the run's own.
        self.epoch_random = self._random.current()
        self._iterator = iter(self._batches)

    def _nothing_left(self) -> str:
        if self.epoch == 0 and self.batches == 0:
            return "batches gives no batch: it must give pairs (inputs, targets)."
        return (
            f"batches is used up in epoch {self.epoch}: a generator can be iterated only once; give a list, "
            "a DataLoader, or an object whose __iter__ starts anew."
        )

    def advance(self) -> int:
        """The batch was used."""
        assert self._fetched is not None
        used = sample_count(*self._fetched)
        self._fetched = self.boundary_random = None
        self.samples += used
        self.batches += 1
        if self._length and self.batches >= self._length and not self.is_one_shot:
            self.epoch += 1
            self.samples = self.batches = 0
            self._iterator = None
        return used

    def seek(self, position: Position) -> None:
        """Go to a position of the present epoch."""
        self.return_to(position, self.epoch_random)

    def return_to(self, position: Position, epoch_random: tuple[Tensor, ...]) -> None:
        """Go to a position of the epoch that began in a random state; the caller then sets the present one.

        Where nothing was used since, nothing is iterated anew; a generator goes on where it is.
        """
        stays = position == self.position and epoch_random is self.epoch_random and self._fetched is None
        if self.is_one_shot or stays:
            return
        self._fetched = self.boundary_random = self._iterator = None
        self.epoch_random = epoch_random
        if position.batches:
            self._random.state = epoch_random
            with self._random:
                self._iterator = iter(self._batches)
                for _ in range(position.batches):
                    next(self._iterator, None)
        self.epoch, self.samples, self.batches = position.epoch, position.samples, position.batches

    def ahead(self, random: RandomState) -> IterableBatches:
        """Another source that gives what comes from here on, drawn from a random state of its own.

        Raises:
            ChangeRefused: where iterating anew would take batches away from this one.
        """
        # With workers that stay, a DataLoader has one iterator for all who iterate.
        shares = getattr(self._batches, "persistent_workers", False)
        if self.is_one_shot or shares:
            what = "batches has persistent_workers" if shares else "batches is a generator"
            raise ChangeRefused(f"{what}, so it can't be looked ahead without taking from the training.")
        found = random.state
        source = IterableBatches(self._batches, random, self._device)
        source.return_to(self.position, self.epoch_random)
        random.state = found
        return source

    @property
    def steps_per_epoch(self) -> int:
        """As many as the iterable says it has, or gave in its first pass; 0 while unknown."""
        return self._length

    def remaining_steps(self, epochs: int) -> int:
        """Batches to the end of so many epochs; 0 while the length is unknown."""
        if not self._length or self.epoch >= epochs:
            return 0
        return self._length - self.batches + (epochs - self.epoch - 1) * self._length

    def whole_pass(self) -> Iterator[tuple[Any, Any]]:
        """Another pass beside the training; the caller looks after the random state.

        Raises:
            UsageError: if it can be iterated only once.
        """
        if self.is_one_shot:
            raise UsageError("batches is a generator: a pass over it would take the training's batches away.")
        return pairs_of(self._batches, self._device)


def pairs_of(batches: Iterable[Any], device: torch.device) -> Iterator[tuple[Any, Any]]:
    """All pairs of an iterable, on a device.

    Raises:
        UsageError: for an item that is not a pair.
    """
    return (_pair(item, device) for item in batches)


def sample_count(inputs: Any, targets: Any) -> int:
    """Samples in a batch: the length of its targets, else of its inputs, else 1."""
    for part in (targets, inputs):
        if isinstance(part, Tensor):
            return len(part) if part.ndim else 1
    return len(targets) if isinstance(targets, Sized) else 1


def _pair(item: Any, device: torch.device) -> tuple[Any, Any]:
    if not isinstance(item, tuple | list) or len(item) != 2:
        shape = f"{type(item).__name__} of {len(item)}" if isinstance(item, Sized) else type(item).__name__
        raise UsageError(f"each of batches must be a pair (inputs, targets), not a {shape}.")
    return _on_device(item[0], device), _on_device(item[1], device)


def _on_device(value: Any, device: torch.device) -> Any:
    if isinstance(value, Tensor):
        return value if value.device == device else value.to(device, non_blocking=True)
    if isinstance(value, Mapping):
        return {key: _on_device(each, device) for key, each in value.items()}
    if isinstance(value, tuple | list) and not hasattr(value, "_fields"):
        return type(value)(_on_device(each, device) for each in value)
    return value
