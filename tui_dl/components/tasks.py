"""Tasks: what outputs mean, and the metrics that judge them whatever loss is being made small."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, final

import torch
from torch import Tensor
from torch.nn import functional as F

from tui_dl.components.data import DataSplits
from tui_dl.components.losses import one_hot


class Task(ABC):
    """What a model is for. Metrics keep their meaning when the loss is swapped.

    Each is a mean over samples, so that a batch, a chunk and a split are measured by one definition.
    """

    name: ClassVar[str]
    step_metrics_names: ClassVar[tuple[str, ...]]
    """Measured at every batch."""
    evaluation_metrics_names: ClassVar[tuple[str, ...]]
    """Measured over a whole split."""
    losses_that_are_metrics: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """By the loss's name, the metric that equals it on every batch and need not be measured again."""

    @abstractmethod
    def of_samples(self, metric: str, outputs: Tensor, targets: Tensor) -> Tensor:
        """Measure each sample by itself: (N,), on the device of the outputs, without gradients."""

    @abstractmethod
    def predictions(self, outputs: Tensor) -> Tensor:
        """Turn outputs into what is predicted, in the form of the targets."""

    def sample_metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Measure each sample: (N,) for each of `evaluation_metrics_names`."""
        return {name: self.of_samples(name, outputs, targets) for name in self.evaluation_metrics_names}

    def step_metrics(
        self, outputs: Tensor, targets: Tensor, data_loss: Tensor, loss_name: str
    ) -> dict[str, Tensor]:
        """Measure one batch: a 0-dim tensor for each of `step_metrics_names`, not read by the host.

        About 8 µs for a classification by cross entropy. A loop over many batches takes
        `tui_dl.components.step_metrics.StepMetrics`, which needs 2.
        """
        as_loss = self.losses_that_are_metrics.get(loss_name)
        return {
            name: data_loss.detach()
            if name == as_loss
            else self.of_samples(name, outputs, targets).mean(dtype=torch.float32)
            for name in self.step_metrics_names
        }


@final
class Classification(Task):
    """One of several classes: outputs (N, classes) are logits, targets (N,) class indices."""

    name = "classification"
    step_metrics_names = ("accuracy", "cross_entropy")
    evaluation_metrics_names = ("accuracy", "cross_entropy", "mse")
    losses_that_are_metrics = MappingProxyType({"cross_entropy": "cross_entropy"})

    def of_samples(self, metric: str, outputs: Tensor, targets: Tensor) -> Tensor:
        """Hit or miss, -log p of the class, or the mean squared error of softmax against one-hot."""
        values = outputs.detach()
        if metric == "accuracy":
            return values.argmax(1) == targets
        if metric == "cross_entropy":
            return F.cross_entropy(values, targets, reduction="none")
        assert metric == "mse", metric
        identity = torch.eye(values.shape[1], dtype=values.dtype, device=values.device)
        return (self.probabilities(values) - one_hot(targets, identity)).square_().mean(1)

    def predictions(self, outputs: Tensor) -> Tensor:
        """Class with the largest logit (N,)."""
        return outputs.argmax(1)

    def probabilities(self, outputs: Tensor) -> Tensor:
        """Softmax over the classes (N, classes)."""
        return torch.softmax(outputs, 1)


@final
class Regression(Task):
    """Values: outputs and targets (N, values)."""

    name = "regression"
    step_metrics_names = ("mse", "mae")
    evaluation_metrics_names = ("mse", "mae")
    losses_that_are_metrics = MappingProxyType({"mse": "mse", "l1": "mae"})

    def of_samples(self, metric: str, outputs: Tensor, targets: Tensor) -> Tensor:
        """Squared or absolute error, mean over the values of a sample."""
        errors = (outputs.detach() - targets).reshape(len(targets), -1)  # (N,) outputs have no axis 1
        if metric == "mse":
            return errors.square_().mean(1)
        assert metric == "mae", metric
        return errors.abs_().mean(1)

    def predictions(self, outputs: Tensor) -> Tensor:
        """Return the values themselves."""
        return outputs


@final
class Unmeasured(Task):
    """Anything else that someone brings: the loss is all that is known of it."""

    name = "other"
    step_metrics_names = ()
    evaluation_metrics_names = ()

    def of_samples(self, metric: str, outputs: Tensor, targets: Tensor) -> Tensor:
        """Fail: there is no metric to ask for."""
        raise AssertionError(metric)

    def predictions(self, outputs: Tensor) -> Tensor:
        """Return the outputs themselves."""
        return outputs


@final
class MetricSums:
    """Exact means over a split evaluated in chunks: sums in float64 on the device, read by the host once."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._sums: dict[str, Tensor] = {}
        self._samples = 0

    def add(self, outputs: Tensor, targets: Tensor, data_loss: Tensor | None = None) -> None:
        """Add a chunk; its loss, a mean over the chunk, counts by the chunk's samples."""
        for name, values in self._task.sample_metrics(outputs, targets).items():
            self._accumulate(name, values.sum(dtype=torch.float64))
        if data_loss is not None:
            self._accumulate("data_loss", data_loss.detach().double() * len(outputs))
        self._samples += len(outputs)

    def means(self) -> dict[str, float]:
        """Mean over all samples added, by metric; ``data_loss`` is among them if it was given."""
        if not self._sums:
            return {}
        values = (torch.stack(tuple(self._sums.values())) / self._samples).tolist()
        return dict(zip(self._sums, values, strict=True))

    def _accumulate(self, name: str, value: Tensor) -> None:
        self._sums[name] = self._sums[name] + value if name in self._sums else value


def task_for(splits: DataSplits) -> Task:
    """Return the task that the data sets."""
    return Classification() if splits.task == Classification.name else Regression()


def task_of_batch(outputs: Tensor, targets: Tensor) -> Task:
    """Recognise the task of a batch that someone brought: by the type and shape of its targets."""
    if (
        outputs.ndim == 2
        and targets.ndim == 1
        and targets.dtype == torch.int64
        and len(outputs) == len(targets)
    ):
        return Classification()
    if outputs.ndim >= 1 and outputs.shape == targets.shape and targets.is_floating_point():
        return Regression()
    return Unmeasured()
