"""All that a run is made of, and how it is built from an experiment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

import torch
from torch import nn

from tui_dl.components.data import DataSplits, load_data
from tui_dl.components.models import build_model
from tui_dl.components.optimizers import base_rates, build_optimizer
from tui_dl.components.tasks import Task, task_for
from tui_dl.engine.parts.loss_parts import loss_function
from tui_dl.engine.parts.places import furnish, leaves_traces
from tui_dl.engine.training.batches import BatchSource, ResidentBatches
from tui_dl.engine.training.device import resolve_device
from tui_dl.engine.training.gradients import GradientBuffer
from tui_dl.engine.training.modes import evaluating
from tui_dl.engine.training.objective import Objective, objective
from tui_dl.engine.training.precision import Precision
from tui_dl.engine.training.probe_batch import first_samples
from tui_dl.engine.training.rng import RandomState, derived_seed
from tui_dl.errors import NotAvailable
from tui_dl.spec.optimizer_checks import refuse_moving_batches
from tui_dl.spec.rates import Rates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui_dl.engine.parts.fades import Fade
    from tui_dl.spec.experiment import Experiment


@final
@dataclass(slots=True)
class Parts:
    """What a run is made of. A change replaces fields; an undo point is a copy of it with the values.

    Attributes:
        experiment: what is running; of somebody's own parts it speaks for optimizer, schedule and
            regularizers alone.
        is_foreign: whether they are somebody's own (`Trainer.from_parts`).
        knows_optimizer: whether `experiment.optimizer` describes the optimizer.
        device: where all tensors are.
        model: the module.
        optimizer: torch's.
        objective: loss, penalties, clipping, decay.
        task: what outputs mean; None until somebody's own first batch shows it.
        splits: the data on the device; None for somebody's own.
        batches: where batches come from.
        validation: somebody's own validation batches; None if there are none.
        gradients: the flat buffer.
        rates: learning rate over the steps.
        random: generators.
        draws: whether a forward pass draws random numbers or moves running statistics.
        probe: the fixed probe batch; None until somebody's own first batch came.
        precision: what forward and backward are computed in.
        fades: activations that give way to others; mostly none.
    """

    experiment: Experiment
    is_foreign: bool
    knows_optimizer: bool
    device: torch.device
    model: nn.Module
    optimizer: torch.optim.Optimizer
    objective: Objective
    task: Task | None
    splits: DataSplits | None
    batches: BatchSource
    validation: Iterable[Any] | None
    gradients: GradientBuffer
    rates: Rates
    random: RandomState
    draws: bool
    probe: tuple[Any, Any] | None
    precision: Precision = field(default_factory=lambda: Precision("float32", torch.device("cpu")))
    fades: tuple[Fade, ...] = ()

    @property
    def parameters(self) -> tuple[nn.Parameter, ...]:
        """What is trained, in the model's order."""
        return self.gradients.parameters

    def forward(self, inputs: Any) -> Any:
        """The model's outputs, in the precision that is set."""
        return self.model(inputs) if self.precision.is_full else self.precision.forward(self.model, inputs)

    def set_batch_size(self, batch_size: int, accumulate: int = 1) -> None:
        """Later batches have this size, so many make an update; the next begins where the last ended."""
        assert isinstance(self.batches, ResidentBatches)
        self.batches.batch_size = batch_size
        self.batches.accumulate = accumulate

    def plan_length(self, step: int) -> None:
        """Tell the schedule how long the run and its epochs are planned to be, counted from here."""
        self.rates = self.rates.planned(
            self.planned_steps(step), self.batches.steps_per_epoch, epoch_shift(self.batches, step)
        )

    def planned_steps(self, step: int) -> int:
        """Updates in all when the planned epochs are over; 0 if their length is unknown."""
        remaining = self.batches.remaining_steps(self.experiment.training.epochs)
        return step + remaining if remaining or self.batches.steps_per_epoch else 0


def epoch_shift(batches: BatchSource, step: int) -> int:
    """Updates that all epochs so far would have taken at the present batch size, minus those made.

    It is counted from the end of the epoch that runs, so that it comes out the same at every later position.
    """
    rest = batches.remaining_steps(batches.epoch + 1)
    return (batches.epoch + 1) * batches.steps_per_epoch - rest - step if batches.steps_per_epoch else 0


def require_precision(parts: Parts) -> None:
    """Go forward once in the precision that is set, leaving no trace.

    Raises:
        NotAvailable: if torch can't do that here.
    """
    if parts.precision.is_full or parts.probe is None:
        return
    inputs, _ = parts.probe
    try:
        with evaluating(parts):
            parts.forward(inputs)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0]
        raise NotAvailable(
            f"training.precision: {parts.precision.name} does not work on {parts.device}: {reason}; "
            "float32 works everywhere."
        ) from error


def trainable(model: nn.Module) -> tuple[nn.Parameter, ...]:
    """The parameters that are trained, each once."""
    return tuple(parameter for parameter in model.parameters() if parameter.requires_grad)


def build_parts(experiment: Experiment) -> Parts:
    """Build everything anew: a pure function of the experiment.

    Raises:
        NotAvailable: if the device is not there or the model can't fit in memory.
    """
    device = resolve_device(experiment.training.device)
    splits = load_data(experiment.data, experiment.seed).moved(lambda tensor: tensor.to(device))
    function, loss_name = loss_function(experiment.loss, splits)
    head = experiment.loss.head(splits.task)
    outputs = head.outputs(splits.outputs)
    model = build_model(
        experiment.model, splits.input_shape, outputs, derived_seed(experiment.seed, "weights")
    ).to(device)
    furnish(model, experiment)
    model.train()
    parameters = trainable(model)
    refuse_moving_batches(experiment, len(splits.train.inputs))
    parts = Parts(
        experiment=experiment,
        is_foreign=False,
        knows_optimizer=True,
        device=device,
        model=model,
        optimizer=build_optimizer(experiment.optimizer, list(parameters)),
        objective=objective(function, loss_name, experiment.regularizers, parameters, classes=splits.classes),
        task=task_for(splits, head),
        splits=splits,
        batches=ResidentBatches(
            splits.train.inputs, splits.train.targets, experiment.training.batch_size, experiment.seed
        ),
        validation=None,
        gradients=GradientBuffer(parameters),
        rates=Rates(base_rates(experiment.optimizer), experiment.schedule),
        random=RandomState(device, experiment.seed),
        draws=leaves_traces(model),
        probe=first_samples(splits.train.inputs, splits.train.targets),
        precision=Precision(experiment.training.precision, device),
    )
    parts.set_batch_size(experiment.training.batch_size, experiment.training.accumulate)
    parts.plan_length(0)
    require_precision(parts)
    return parts
