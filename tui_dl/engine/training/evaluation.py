"""A whole split in eval mode: exact means of its metrics, by chunks as large as memory likes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch

from tui_dl.components.losses import WeightedLoss
from tui_dl.components.tasks import MetricSums, task_of_batch
from tui_dl.engine.training.iterable_batches import IterableBatches, pairs_of, sample_count
from tui_dl.engine.training.modes import evaluating
from tui_dl.errors import UsageError
from tui_dl.spec.wording import shown, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from torch import Tensor

    from tui_dl.components.tasks import Task
    from tui_dl.engine.parts.parts import Parts

CHUNK_SAMPLES: Final = 4096
SPLITS: Final = ("train", "validation", "test")


def evaluate(parts: Parts, split: str, progress: Callable[[int], None] | None = None) -> dict[str, float]:
    """Metrics over a whole split: loss (penalties included), the task's, and former losses.

    Modes, draws and gradients are left as they were, also by what `progress` raises: it is told after each
    chunk how many samples are done.

    Raises:
        UsageError: for a split that is not there, or empty.
    """
    if split not in SPLITS:
        raise UsageError(
            f"no split is called {shown(split)}; there are train, validation and, where the data has one, "
            f"test.{suggestion(split, SPLITS)}"
        )
    with evaluating(parts):
        return _Means(parts).over(_chunks(parts, split), progress)


def probe_loss(parts: Parts) -> float:
    """The objective on the fixed probe batch in eval mode."""
    if parts.probe is None:
        return float("nan")
    inputs, targets = parts.probe
    with evaluating(parts):
        return float(parts.objective.value(parts.forward(inputs), targets))


class _Means:
    """Sums over chunks, in float64."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._sums: dict[str, Tensor] = {}
        self._weights: dict[str, Tensor | float] = {}
        self._samples = 0

    def over(
        self, chunks: Iterable[tuple[Any, Any]], progress: Callable[[int], None] | None = None
    ) -> dict[str, float]:
        parts = self._parts
        task: Task | None = parts.task
        sums: MetricSums | None = None
        for inputs, targets in chunks:
            outputs = parts.forward(inputs)
            if sums is None:
                task = task or task_of_batch(outputs, targets)
                sums = MetricSums(task)
            count = sample_count(inputs, targets)
            self._samples += count
            if task is not None and task.evaluation_metrics_names:
                sums.add(outputs, targets)
            self._add(
                "loss", parts.objective.data_loss(outputs, targets), parts.objective.function, targets, count
            )
            for former in parts.objective.former:
                self._add(
                    f"loss.{former.name}", former.function(outputs, targets), former.function, targets, count
                )
            if progress is not None:
                progress(self._samples)
        if sums is None:
            raise UsageError("the split gives no batch: there is nothing to evaluate.")
        values = {name: float(total) / float(self._weights[name]) for name, total in self._sums.items()}
        penalties = parts.objective.penalty()
        if penalties is not None:
            values["loss"] += float(penalties)
        return {"loss": values.pop("loss"), **sums.means(), **values}

    def _add(self, name: str, mean: Tensor, function: object, targets: Any, count: int) -> None:
        """Take a chunk's mean by what it is a mean over: its samples, or their weights."""
        weight = function.total_weight(targets) if isinstance(function, WeightedLoss) else count
        total = mean.detach().double() * weight
        self._sums[name] = self._sums[name] + total if name in self._sums else total
        self._weights[name] = self._weights.get(name, 0.0) + weight


def _chunks(parts: Parts, split: str) -> Iterator[tuple[Any, Any]]:
    if parts.splits is not None:
        data = parts.splits.by_name.get(split)
        if data is None:
            raise UsageError("there is no test split; set data.test_share above 0 to put one away.")
        yield from zip(
            torch.split(data.inputs, CHUNK_SAMPLES), torch.split(data.targets, CHUNK_SAMPLES), strict=True
        )
    elif split == "test":
        raise UsageError("there is no test split: what from_parts was given to judge by is validation.")
    elif split == "train":
        assert isinstance(parts.batches, IterableBatches)
        yield from parts.batches.whole_pass()
    elif parts.validation is None:
        raise UsageError("there is no validation split: give from_parts validation=, an iterable of batches.")
    else:
        yield from pairs_of(parts.validation, parts.device)
