"""All that a run is made of, and how it is built from an experiment."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from torch import nn

from tui_dl.components.data import DataSplits, Split, load_data
from tui_dl.components.losses import build_loss
from tui_dl.components.models import build_model
from tui_dl.components.optimizers import base_rates, build_optimizer
from tui_dl.components.regularizers import dropout_p
from tui_dl.components.tasks import Task, task_for
from tui_dl.engine.training.batches import BatchSource, ResidentBatches
from tui_dl.engine.training.device import resolve_device
from tui_dl.engine.training.gradients import GradientBuffer
from tui_dl.engine.training.objective import Objective, objective
from tui_dl.engine.training.probe_batch import first_samples
from tui_dl.engine.training.rng import RandomState, derived_seed
from tui_dl.spec.optimizer_checks import refuse_moving_batches
from tui_dl.spec.rates import Rates

if TYPE_CHECKING:
    from collections.abc import Iterable

    import torch
    from torch import Tensor

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
        draws: whether a forward pass draws random numbers.
        probe: the fixed probe batch; None until somebody's own first batch came.
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

    @property
    def parameters(self) -> tuple[nn.Parameter, ...]:
        """What is trained, in the model's order."""
        return self.gradients.parameters

    def set_batch_size(self, batch_size: int) -> None:
        """Later batches have this size; the next begins where the last ended."""
        assert isinstance(self.batches, ResidentBatches)
        self.batches.batch_size = batch_size

    def plan_length(self, step: int) -> None:
        """Tell the schedule how long the run is planned to be, counted from here."""
        self.rates = dataclasses.replace(self.rates, total_steps=self.planned_steps(step))

    def planned_steps(self, step: int) -> int:
        """Updates in all when the planned epochs are over; 0 if their length is unknown."""
        remaining = self.batches.remaining_steps(self.experiment.training.epochs)
        return step + remaining if remaining or self.batches.steps_per_epoch else 0


def trainable(model: nn.Module) -> tuple[nn.Parameter, ...]:
    """The parameters that are trained, each once."""
    return tuple(parameter for parameter in model.parameters() if parameter.requires_grad)


def build_parts(experiment: Experiment) -> Parts:
    """Build everything anew: a pure function of the experiment.

    Raises:
        NotAvailable: if the device is not there or the model can't fit in memory.
    """
    device = resolve_device(experiment.training.device)
    splits = _on_device(load_data(experiment.data, experiment.seed), device)
    model = build_model(
        experiment.model, splits.input_shape, splits.outputs, derived_seed(experiment.seed, "weights")
    ).to(device)
    set_dropout(model, dropout_p(experiment.regularizers))
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
        objective=objective(
            build_loss(experiment.loss, splits.task, splits.outputs),
            experiment.loss.name,
            experiment.regularizers,
            parameters,
        ),
        task=task_for(splits),
        splits=splits,
        batches=ResidentBatches(
            splits.train.inputs, splits.train.targets, experiment.training.batch_size, experiment.seed
        ),
        validation=None,
        gradients=GradientBuffer(parameters),
        rates=Rates(base_rates(experiment.optimizer), experiment.schedule),
        random=RandomState(device, experiment.seed),
        draws=draws_numbers(model),
        probe=first_samples(splits.train.inputs, splits.train.targets),
    )
    parts.plan_length(0)
    return parts


def draws_numbers(model: nn.Module) -> bool:
    """Whether a forward pass of one of our models draws random numbers: swapping generators costs 2 µs."""
    return any(isinstance(module, nn.Dropout) and module.p > 0 for module in model.modules())


def set_dropout(model: nn.Module, p: float) -> None:
    """Insert dropout after each hidden layer, or edit or remove it."""
    change = getattr(model, "set_dropout", None)
    if change is not None:
        change(p)


def _on_device(splits: DataSplits, device: torch.device) -> DataSplits:
    if device.type == "cpu":
        return splits

    def moved(split: Split) -> Split:
        inputs: Tensor = split.inputs.to(device)
        return Split(inputs, split.targets.to(device))

    return dataclasses.replace(splits, train=moved(splits.train), validation=moved(splits.validation))
