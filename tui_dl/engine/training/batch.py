"""The batch that is being trained on, and what is told of it when it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from tui_dl.components.step_metrics import StepMetrics

if TYPE_CHECKING:
    from torch import Tensor

    from tui_dl.components.tasks import Task
    from tui_dl.engine.training.scalars import Made


@final
class Batch:
    """What the phases of a batch have made so far; None before the phase that makes it.

    Attributes:
        inputs: (N, ...) as the model takes them.
        targets: (N, ...), as the loss takes them.
        altered_by: names of the regularizers that made inputs and targets what they are, in their order.
        labels: what metrics go by: the targets, but the samples' own classes where targets were mixed.
        outputs: the model's answer.
        loss: what is being minimised, 0-dim: data_loss + penalty.
        data_loss: the loss function's value, 0-dim.
        penalty: the penalties' value, 0-dim; None where there is none.
        grad_norm: L2 norm of the whole gradient before clipping, 0-dim.
        former: losses that are recorded only, 0-dim each, by their names in the records.
        lr: learning rate of the update (of the first parameter group).
        scaling: what the loss was scaled by, and whether the update was skipped; None without a scaler.
        has_gradients: whether the parameters' gradients are this batch's; a compiled step keeps none.
        micro: which of an update's micro-batches this is, counted from 1, and how many there are.
    """

    __slots__ = (
        "altered_by",
        "data_loss",
        "former",
        "grad_norm",
        "has_gradients",
        "inputs",
        "labels",
        "loss",
        "lr",
        "micro",
        "outputs",
        "penalty",
        "scaling",
        "targets",
    )

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Let go of everything."""
        self.inputs: Any = None
        self.targets: Any = None
        self.labels: Any = None
        self.altered_by: tuple[str, ...] = ()
        self.outputs: Any = None
        self.loss: Tensor | None = None
        self.data_loss: Tensor | None = None
        self.penalty: Tensor | None = None
        self.grad_norm: Tensor | None = None
        self.former: dict[str, Tensor] = {}
        self.lr: float | None = None
        self.scaling: tuple[float, bool] | None = None
        self.has_gradients = True
        self.micro: tuple[int, int] = (1, 1)

    def copy(self) -> Batch:
        """Another one that holds the same."""
        other = Batch()
        for name in Batch.__slots__:
            setattr(other, name, getattr(self, name))
        return other


@final
class BatchResult:
    """What one update was; its numbers are read from the device when asked for.

    Attributes:
        step: updates made, this one included.
        lr: learning rate of this update.
    """

    __slots__ = ("_former", "_grad_norm", "_loss", "_made", "_task", "lr", "step")

    def __init__(
        self,
        step: int,
        lr: float,
        scalars: tuple[Tensor, Tensor],
        measured: tuple[Task, Made, dict[str, Tensor]],
    ) -> None:
        self.step = step
        self.lr = lr
        self._loss, self._grad_norm = scalars
        self._task, self._made, self._former = measured

    @property
    def loss(self) -> float:
        """What was minimised on this batch, penalties included, before the update."""
        return float(self._loss)

    @property
    def grad_norm(self) -> float:
        """L2 norm of the whole gradient, before clipping."""
        return float(self._grad_norm)

    @property
    def metrics(self) -> dict[str, float]:
        """The task's metrics of this batch, before the update."""
        measuring = StepMetrics(self._task)
        measuring.add(*self._made)
        values = {**measuring.drain(), **self._former}
        return {name: float(value) for name, value in values.items()}

    def __getitem__(self, name: str) -> float:
        """A metric by its name, or loss, grad_norm, lr."""
        if name in ("loss", "grad_norm", "lr"):
            return float(getattr(self, name))
        return self.metrics[name]

    def __repr__(self) -> str:
        metrics = "".join(f", {name}={value:.6g}" for name, value in self.metrics.items())
        return f"BatchResult(step={self.step}, loss={self.loss:.6g}{metrics})"
