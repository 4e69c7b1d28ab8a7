"""The numbers of each step, left on the device until somebody reports them: one host read for many steps."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np
import torch

from tui_dl.components.step_metrics import StepMetrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from tui_dl.components.tasks import Task

    Made = tuple[Any, Any, Tensor, str]
    """Outputs, targets, data loss and the loss's name of a batch."""

HOST_NAMES: Final = ("lr", "epoch", "samples_seen")
"""Columns that the host knows."""

READ_EVERY_STEPS: Final = 256
KEPT_STEPS: Final = 2**17


@final
@dataclass(frozen=True)
class StepScalars:
    """Consecutive steps.

    Attributes:
        first_step: number of the first one; meaningless if there is none.
        names: what was measured.
        values: float64 (names, steps), exact.
    """

    first_step: int
    names: tuple[str, ...]
    values: NDArray[np.float64]


_NOTHING: Final = StepScalars(0, (), np.zeros((0, 0)))


@final
class ScalarRecorder:
    """Collects steps until somebody drains them.

    Memory is bounded: it reads the device by itself now and then, and of steps that nobody drains keeps the
    last 131072. A block holds consecutive steps with the same names: after a change, an undo or a restart a
    new one begins, and each call of `drain` gives one.
    """

    def __init__(self) -> None:
        self._blocks: deque[StepScalars] = deque()
        self._kept = 0
        self._names: tuple[str, ...] = ()
        self._device_names: tuple[str, ...] = ()
        self._has_penalty = False
        self._first_step = 0
        self._count = 0
        self._tensors: list[Tensor] = []
        self._metrics: StepMetrics | None = None
        self._host: list[float] = []

    def begin_block(self, device_names: Sequence[str], task: Task, *, has_penalty: bool) -> None:
        """From now on steps carry these tensors, in this order.

        Args:
            device_names: the first is loss; with a penalty data_loss and penalty follow.
            task: its metrics are measured besides, many batches at a time.
            has_penalty: whether there is one; else data_loss is loss and penalty is 0.
        """
        self.end_block()
        self._device_names = tuple(device_names)
        self._has_penalty = has_penalty
        others = [name for name in device_names if name not in ("loss", "data_loss", "penalty")]
        self._metrics = StepMetrics(task)
        self._names = ("loss", "data_loss", "penalty", *HOST_NAMES, *self._metrics.names, *others)

    def add(self, step: int, tensors: Sequence[Tensor], host: tuple[float, int, int], made: Made) -> None:
        """Take a step's numbers; nothing is read.

        Args:
            step: its number; the one after the last unless a block begins.
            tensors: 0-dim, one for each of the names; nobody writes into them any more.
            host: learning rate of the update, the epoch it belongs to, samples used so far in all.
            made: what metrics are measured of.
        """
        assert self._metrics is not None
        if not self._count:
            self._first_step = step
        self._count += 1
        self._tensors.extend(tensors)
        self._host += host
        self._metrics.add(*made)
        if self._count >= READ_EVERY_STEPS:
            self._read()

    def end_block(self) -> None:
        """What comes next doesn't follow on what came."""
        self._read()
        if self._blocks and self._blocks[-1] is not _NOTHING:
            self._blocks.append(_NOTHING)

    def drain(self) -> StepScalars:
        """The oldest consecutive steps not drained yet, usually all; empty when there are none left."""
        self._read()
        while self._blocks and self._blocks[0] is _NOTHING:
            self._blocks.popleft()
        if not self._blocks:
            return _NOTHING
        together = [self._blocks.popleft()]
        while self._blocks and self._blocks[0] is not _NOTHING:
            together.append(self._blocks.popleft())
        values = np.concatenate([block.values for block in together], axis=1)
        self._kept -= values.shape[1]
        return StepScalars(together[0].first_step, together[0].names, values)

    def _read(self) -> None:
        count = self._count
        if not count:
            return
        columns = len(self._device_names)
        assert self._metrics is not None
        scalars = torch.stack(self._tensors).double().view(count, columns).T
        device = torch.cat([scalars, *(values[None] for values in self._metrics.drain().values())])
        read = device.cpu().numpy()
        host = np.array(self._host, dtype=np.float64).reshape(count, len(HOST_NAMES)).T
        first = 3 if self._has_penalty else 1
        losses = read[:3] if self._has_penalty else np.stack([read[0], read[0], np.zeros(count)])
        values = np.concatenate([losses, host, read[columns:], read[first:columns]])
        self._blocks.append(StepScalars(self._first_step, self._names, values))
        self._first_step += count
        self._count = 0
        self._tensors.clear()
        self._host.clear()
        self._kept += count
        while self._kept > KEPT_STEPS:
            self._kept -= self._blocks.popleft().values.shape[1]
