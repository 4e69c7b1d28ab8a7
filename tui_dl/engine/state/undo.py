"""Undo points: everything that a run goes on from, taken before a change and put back exactly."""

from __future__ import annotations

import copy
import dataclasses
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import torch
from torch import Tensor

from tui_dl.engine.parts.places import set_switches
from tui_dl.engine.training.iterable_batches import IterableBatches
from tui_dl.errors import ChangeRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import nn

    from tui_dl.components.data import DataSplits
    from tui_dl.engine.parts.parts import Parts
    from tui_dl.engine.training.batch_loop import BatchLoop
    from tui_dl.engine.training.batches import Position
    from tui_dl.spec.experiment import Experiment

LARGEST_BYTES: Final = 512 * 2**20


@final
@dataclass(frozen=True)
class UndoResult:
    """Where an undo led.

    Attributes:
        step: updates made at the undo point.
        label: the change that was taken back, in words.
        abandoned_step: how far the abandoned branch had come.
    """

    step: int
    label: str
    abandoned_step: int


@final
@dataclass(frozen=True)
class UndoPoint:
    """A run at a batch boundary: which objects it was made of, and copies of all their values."""

    label: str
    step: int
    samples_seen: int
    parts: Parts
    modules: tuple[tuple[nn.Module, str, nn.Module | None], ...]
    tensors: tuple[tuple[Tensor, Tensor], ...]
    optimizer_state: dict[Any, dict[str, Any]]
    groups: tuple[dict[str, Any], ...]
    random: tuple[Tensor, ...]
    epoch_random: tuple[Tensor, ...] | None
    position: Position
    batch_sizes: tuple[int, int] | None
    scaler: dict[str, float | int]
    n_bytes: int


@final
class UndoStack:
    """The newest undo points, as many as fit in a number of bytes, but always one."""

    def __init__(
        self, largest_bytes: int = LARGEST_BYTES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._points: deque[UndoPoint] = deque()
        self._largest_bytes = largest_bytes
        self._clock = clock
        self._last_field = ""
        self._last_step = -1
        self._last_time_s = 0.0
        self.coalesce_within_s = 0.0

    @property
    def depth(self) -> int:
        """How many there are."""
        return len(self._points)

    @property
    def label(self) -> str:
        """What the newest takes back."""
        return self._points[-1].label if self._points else ""

    @property
    def experiments(self) -> Iterator[Experiment]:
        """What was running at each point, the newest first."""
        return (point.parts.experiment for point in reversed(self._points))

    def push(self, point: UndoPoint, single_field: str, after: Parts | None = None) -> None:
        """Keep the point, which was taken before a change that was made.

        Quick changes of one field, as a key held down makes them, are one: the first point stays.

        Args:
            point: where the run was.
            single_field: path of the one field that was changed; empty if it was more than that.
            after: what is trained now; what a point alone still holds of the parts before it counts too.
        """
        now_s = self._clock()
        is_quick = point.step == self._last_step or now_s - self._last_time_s <= self.coalesce_within_s
        coalesces = bool(single_field and single_field == self._last_field and is_quick and self._points)
        self._last_field, self._last_step, self._last_time_s = single_field, point.step, now_s
        if coalesces:
            return
        held = 0 if after is None else _held_alone(point.parts, after)
        self._points.append(dataclasses.replace(point, n_bytes=point.n_bytes + held))
        while len(self._points) > 1 and sum(each.n_bytes for each in self._points) > self._largest_bytes:
            self._points.popleft()

    def pop(self) -> UndoPoint:
        """Take the newest point.

        Raises:
            ChangeRefused: if there is none.
        """
        if not self._points:
            raise ChangeRefused("there is nothing to undo: no change was made, or it lies too far back.")
        self._last_field = ""
        return self._points.pop()

    def clear(self) -> None:
        """Forget all."""
        self._points.clear()
        self._last_field = ""

    def point(self, loop: BatchLoop, label: str) -> UndoPoint:
        """Take a point; nothing is altered."""
        parts = loop.parts
        tensors = tuple(
            (tensor, tensor.detach().clone())
            for tensor in (*parts.model.parameters(), *parts.model.buffers(), *summed_gradients(parts))
        )
        state = {parameter: copied_state(values) for parameter, values in parts.optimizer.state.items()}
        batches = parts.batches
        is_iterable = isinstance(batches, IterableBatches)
        training = parts.experiment.training
        held = [copied for _, copied in tensors]
        held += [
            tensor for values in state.values() for value in values.values() for tensor in _tensors(value)
        ]
        return UndoPoint(
            label=label,
            step=loop.step,
            samples_seen=loop.samples_seen,
            parts=copy.copy(parts),
            modules=tuple(
                (parent, name, child)
                for parent in parts.model.modules()
                for name, child in parent._modules.items()
            ),
            tensors=tensors,
            optimizer_state=state,
            groups=tuple(
                {key: value for key, value in group.items() if key != "params"}
                for group in parts.optimizer.param_groups
            ),
            random=boundary_random(parts),
            epoch_random=batches.epoch_random if isinstance(batches, IterableBatches) else None,
            position=batches.position,
            batch_sizes=None if is_iterable else (training.batch_size, training.accumulate),
            scaler=parts.precision.state(),
            n_bytes=sum(tensor.nbytes for tensor in held),
        )

    def restore(self, point: UndoPoint, loop: BatchLoop) -> None:
        """Put everything back as it was; the point is used up by it."""
        parts = point.parts
        for parent, name, child in point.modules:
            parent._modules[name] = child
        with torch.no_grad():
            for tensor, value in point.tensors:
                tensor.copy_(value)
        optimizer = parts.optimizer
        optimizer.state.clear()
        optimizer.state.update(point.optimizer_state)
        for group, saved in zip(optimizer.param_groups, point.groups, strict=True):
            parameters = group["params"]
            group.clear()
            group.update({"params": parameters, **saved})
        batches = parts.batches
        if isinstance(batches, IterableBatches):
            assert point.epoch_random is not None
            batches.return_to(point.position, point.epoch_random)
        else:
            batches.seek(point.position)
            assert point.batch_sizes is not None
            parts.set_batch_size(*point.batch_sizes)
        parts.random.state = point.random
        parts.precision.load(point.scaler)
        loop.step, loop.samples_seen = point.step, point.samples_seen
        parts.gradients.attach()
        if not parts.is_foreign:
            set_switches(parts.model, parts.experiment)
        loop.adopt(parts)


def _tensors(value: Any) -> list[Tensor]:
    """A value of an optimizer's state that is a tensor, or a list with some."""
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, Tensor)]


def _held_alone(before: Parts, after: Parts) -> int:
    """Bytes of a network and of data that are no longer trained: after a fresh start a point keeps both."""
    held: list[Tensor] = []
    if before.model is not after.model:
        held += [*before.model.parameters(), *before.model.buffers(), *before.gradients.flats]
    if before.splits is not None and before.splits is not after.splits:
        held += _tensors_of(before.splits)
    return sum(tensor.nbytes for tensor in held)


def _tensors_of(splits: DataSplits) -> Iterator[Tensor]:
    """All that lies on the device of the splits, whichever there are."""
    for split in vars(splits).values():
        yield from (value for value in getattr(split, "__dict__", {}).values() if isinstance(value, Tensor))


def boundary_random(parts: Parts) -> tuple[Tensor, ...]:
    """The random state at the batch boundary: before what a batch that was fetched ahead has drawn."""
    batches = parts.batches
    if isinstance(batches, IterableBatches) and batches.boundary_random is not None:
        return batches.boundary_random
    return parts.random.state


def summed_gradients(parts: Parts) -> tuple[Tensor, ...]:
    """The gradients' buffers where no batch resets them, so that the next one adds to them."""
    return () if parts.experiment.training.zero_grad else parts.gradients.flats


def copied_state(values: dict[str, Any]) -> dict[str, Any]:
    """One parameter's optimizer state with tensors of its own."""
    return {
        name: value.detach().clone() if isinstance(value, Tensor) else copy.deepcopy(value)
        for name, value in values.items()
    }
