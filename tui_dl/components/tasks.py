"""Tasks: what outputs mean, and the metrics that judge them whatever loss is being made small."""

from abc import ABC, abstractmethod
from typing import ClassVar, final

import torch
from torch import Tensor
from torch.nn import functional as F

from tui_dl.components.data import DataSplits
from tui_dl.components.losses import one_hot


class Task(ABC):
    """What a model is for. Metrics keep their meaning when the loss is swapped."""

    name: ClassVar[str]
    step_metrics_names: ClassVar[tuple[str, ...]]
    """Measured at every batch."""
    evaluation_metrics_names: ClassVar[tuple[str, ...]]
    """Measured over a whole split."""

    @abstractmethod
    def step_metrics(
        self, outputs: Tensor, targets: Tensor, data_loss: Tensor, loss_name: str
    ) -> dict[str, Tensor]:
        """Measure one batch: a 0-dim tensor on its device for each of `step_metrics_names`; no gradients.

        Nothing is read by the host. Where the loss is the metric, its tensor is taken.
        """

    @abstractmethod
    def sample_metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Measure each sample: a float tensor (N,) for each of `evaluation_metrics_names`."""

    @abstractmethod
    def predictions(self, outputs: Tensor) -> Tensor:
        """Turn outputs into what is predicted, in the form of the targets."""


@final
class Classification(Task):
    """One of several classes: outputs (N, classes) are logits, targets (N,) class indices."""

    name = "classification"
    step_metrics_names = ("accuracy", "cross_entropy")
    evaluation_metrics_names = ("accuracy", "cross_entropy", "mse")

    @torch.no_grad()
    def step_metrics(
        self, outputs: Tensor, targets: Tensor, data_loss: Tensor, loss_name: str
    ) -> dict[str, Tensor]:
        """Accuracy and cross entropy of a batch; with cross entropy as the loss about 5 µs on a CPU."""
        # Counting takes 3.4 µs where the mean of a cast takes 6.5; one division makes it a share.
        correct = (outputs.argmax(1) == targets).count_nonzero()
        is_loss = loss_name == "cross_entropy"
        return {
            "accuracy": correct / len(targets),
            "cross_entropy": data_loss.detach() if is_loss else F.cross_entropy(outputs, targets),
        }

    @torch.no_grad()
    def sample_metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Hit or miss, -log p of the class, and the mean squared error of softmax against one-hot."""
        identity = torch.eye(outputs.shape[1], dtype=outputs.dtype, device=outputs.device)
        errors = self.probabilities(outputs) - one_hot(targets, identity)
        return {
            "accuracy": (outputs.argmax(1) == targets).to(outputs.dtype),
            "cross_entropy": F.cross_entropy(outputs, targets, reduction="none"),
            "mse": errors.square_().mean(1),
        }

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

    @torch.no_grad()
    def step_metrics(
        self, outputs: Tensor, targets: Tensor, data_loss: Tensor, loss_name: str
    ) -> dict[str, Tensor]:
        """Mean squared and mean absolute error of a batch."""
        return {
            "mse": data_loss.detach() if loss_name == "mse" else F.mse_loss(outputs, targets),
            "mae": data_loss.detach() if loss_name == "l1" else F.l1_loss(outputs, targets),
        }

    @torch.no_grad()
    def sample_metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Squared and absolute error, mean over the values of a sample."""
        errors = (outputs - targets).flatten(1)
        return {"mse": errors.square().mean(1), "mae": errors.abs().mean(1)}

    def predictions(self, outputs: Tensor) -> Tensor:
        """Return the values themselves."""
        return outputs


@final
class Unmeasured(Task):
    """Anything else that someone brings: the loss is all that is known of it."""

    name = "other"
    step_metrics_names = ()
    evaluation_metrics_names = ()

    def step_metrics(
        self, outputs: Tensor, targets: Tensor, data_loss: Tensor, loss_name: str
    ) -> dict[str, Tensor]:
        """Nothing."""
        return {}

    def sample_metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Nothing."""
        return {}

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
