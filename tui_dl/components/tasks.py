"""Tasks: what outputs mean, and the metrics that judge them whatever loss is being made small."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Final, final

import torch
from torch import Tensor
from torch.nn import functional as F

from tui_dl.components.data import DataSplits
from tui_dl.components.heads import means, probabilities, variances
from tui_dl.components.losses.encoding import one_hot
from tui_dl.spec.heads import SOFTMAX, VALUE, Head


class Task(ABC):
    """What a model is for. Metrics keep their meaning when the loss is swapped.

    Each is a mean over samples, so that a batch, a chunk and a split are measured by one definition.
    """

    name: ClassVar[str]
    step_metrics_names: ClassVar[tuple[str, ...]]
    """Measured at every batch."""
    evaluation_metrics_names: tuple[str, ...]
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
    """One of several classes: outputs (N, classes) are logits, targets (N,) class indices.

    Metrics are of the logits and of softmax, whatever the head, so that they go on when the loss is swapped.
    """

    name = "classification"
    step_metrics_names = ("accuracy", "cross_entropy")
    evaluation_metrics_names = ("accuracy", "cross_entropy", "mse", "margin")
    losses_that_are_metrics = MappingProxyType({"cross_entropy": "cross_entropy"})

    def __init__(self, head: Head = SOFTMAX) -> None:
        self.head = head

    def of_samples(self, metric: str, outputs: Tensor, targets: Tensor) -> Tensor:
        """Hit or miss, -log p of the class, squared error of the probabilities, or the right logit's lead.

        Soft targets (N, classes), as mixing and smoothing make them, count by their probabilities; hit and
        lead are of the most probable class.
        """
        values = outputs.detach()
        if metric == "cross_entropy":
            return F.cross_entropy(values, targets, reduction="none")
        if metric == "mse":
            identity = torch.eye(values.shape[1], dtype=values.dtype, device=values.device)
            truth = targets if targets.is_floating_point() else one_hot(targets, identity)
            return (torch.softmax(values, 1) - truth).square_().mean(1)
        classes = targets.argmax(1) if targets.is_floating_point() else targets
        if metric == "accuracy":
            return values.argmax(1) == classes
        assert metric == "margin", metric
        return leads(values, classes)

    def predictions(self, outputs: Tensor) -> Tensor:
        """Class with the largest logit (N,)."""
        return outputs.argmax(1)

    def probabilities(self, outputs: Tensor) -> Tensor:
        """What the head makes of logits (N, classes): softmax over the classes, or a sigmoid of each."""
        return probabilities(self.head, outputs)


def leads(logits: Tensor, classes: Tensor) -> Tensor:
    """By how much the right logit exceeds the best other one (N,); 0 where there is no other."""
    if logits.shape[1] < 2:
        return (logits - logits)[:, 0]
    right = classes[:, None]
    others = logits.scatter(1, right, -math.inf).amax(1)
    return logits.gather(1, right)[:, 0] - others


@final
class Regression(Task):
    """Values: targets (N, values); outputs are these, or what else the head says."""

    name = "regression"
    step_metrics_names = ("mse", "mae")
    evaluation_metrics_names: tuple[str, ...] = ("mse", "mae")
    losses_that_are_metrics = MappingProxyType({"mse": "mse", "l1": "mae"})

    def __init__(self, head: Head = VALUE) -> None:
        self.head = head
        if head.kind == "mean_variance":
            self.evaluation_metrics_names = (*Regression.evaluation_metrics_names, *SPREAD_METRICS)

    def of_samples(self, metric: str, outputs: Tensor, targets: Tensor) -> Tensor:
        """Squared or absolute error of the prediction, mean over the values of a sample; or of its spread."""
        found = outputs.detach()
        errors = means(self.head, found) - targets
        if metric in SPREAD_METRICS:
            variance = variances(self.head, found)
            assert variance is not None, metric
            return _of_spread(metric, errors, variance).reshape(len(targets), -1).mean(1)
        errors = errors.reshape(len(targets), -1)  # (N,) outputs have no axis 1
        if metric == "mse":
            return errors.square_().mean(1)
        assert metric == "mae", metric
        return errors.abs_().mean(1)

    def predictions(self, outputs: Tensor) -> Tensor:
        """Return the predicted values (N, values)."""
        return means(self.head, outputs)

    def spreads(self, outputs: Tensor) -> Tensor | None:
        """Standard deviations that the model gives its predictions (N, values); None if it gives none."""
        variance = variances(self.head, outputs)
        return None if variance is None else variance.sqrt()


SPREAD_METRICS: Final = ("nll", "coverage", "sigma")
"""Measured of a head that gives a variance."""


def _of_spread(metric: str, errors: Tensor, variance: Tensor) -> Tensor:
    """-log of the normal density, whether the target lies within one σ, or σ: of each value."""
    if metric == "nll":
        return 0.5 * ((2 * math.pi * variance).log() + errors.square() / variance)
    if metric == "coverage":
        within = (errors.square() <= variance).to(errors.dtype)
        # A model that has diverged covers nothing, and is no number either.
        return within + 0 * (errors + variance)
    return variance.sqrt()


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


def task_for(splits: DataSplits, head: Head | None = None) -> Task:
    """Return the task that the data sets, with outputs read as the head says: by default logits or values."""
    if splits.task == Classification.name:
        return Classification(head or SOFTMAX)
    return Regression(head or VALUE)


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
