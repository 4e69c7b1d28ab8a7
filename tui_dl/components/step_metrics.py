"""Metrics of every batch, measured many batches at a time: a quarter of the cost, the same numbers."""

from itertools import groupby
from typing import final

import torch
from torch import Tensor

from tui_dl.components.tasks import Task

MOST_BATCHES = 256
MOST_NUMBERS = 1 << 20
"""Most that is held back, in batches and in outputs (4 MiB): a batch of millions is measured at once."""


@final
class StepMetrics:
    """Holds outputs and targets back and measures them together when asked, or when enough have come.

    Values don't depend on how many batches are measured together: each sample is measured by itself, and
    a batch's mean is summed over its own row in float64. They stay on the device until someone reads them.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._held: list[tuple[Tensor, Tensor, Tensor, str]] = []
        self._held_numbers = 0
        self._measured: list[dict[str, Tensor]] = []

    @property
    def names(self) -> tuple[str, ...]:
        """What is measured, in the order of the columns."""
        return self._task.step_metrics_names

    def add(self, outputs: Tensor, targets: Tensor, data_loss: Tensor, loss_name: str) -> None:
        """Take a batch: its outputs and targets, the loss that was made of them and the loss's name."""
        if not self.names:
            return
        self._held.append((outputs.detach(), targets, data_loss.detach(), loss_name))
        self._held_numbers += outputs.numel()
        if len(self._held) >= MOST_BATCHES or self._held_numbers >= MOST_NUMBERS:
            self._measure()

    def drain(self) -> dict[str, Tensor]:
        """Return float64 (batches,) for each name, of all batches since the last drain, in their order."""
        self._measure()
        parts, self._measured = self._measured, []
        return {name: torch.cat([part[name] for part in parts]) for name in self.names} if parts else {}

    def clear(self) -> None:
        """Forget the batches that were not drained."""
        self._held, self._held_numbers, self._measured = [], 0, []

    def _measure(self) -> None:
        """Measure what is held back; consecutive batches of one size and one loss go together."""
        held, self._held, self._held_numbers = self._held, [], 0
        for (_, _, loss_name), group in groupby(held, lambda one: (one[0].shape, one[1].shape, one[3])):
            outputs, targets, losses, _ = zip(*group, strict=True)
            self._measured.append(self._of_equals(outputs, targets, losses, loss_name))

    def _of_equals(
        self,
        outputs: tuple[Tensor, ...],
        targets: tuple[Tensor, ...],
        losses: tuple[Tensor, ...],
        loss_name: str,
    ) -> dict[str, Tensor]:
        batches, samples = len(outputs), len(outputs[0])
        as_loss = self._task.losses_that_are_metrics.get(loss_name)
        all_outputs, all_targets = torch.cat(outputs), torch.cat(targets)
        columns = {}
        for name in self.names:
            if name == as_loss:
                columns[name] = torch.stack(losses).double()
            else:
                each = self._task.of_samples(name, all_outputs, all_targets)
                columns[name] = each.view(batches, samples).sum(1, dtype=torch.float64) / samples
        return columns
