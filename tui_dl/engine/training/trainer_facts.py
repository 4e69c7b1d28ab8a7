"""What a trainer is made of and how far it has come, for whoever looks on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import Tensor, nn

    from tui_dl.components.data import DataSplits
    from tui_dl.components.tasks import Task
    from tui_dl.engine.parts.parts import Parts
    from tui_dl.engine.training.batch import Batch
    from tui_dl.engine.training.batch_loop import BatchLoop
    from tui_dl.engine.training.gradients import GradientBuffer
    from tui_dl.spec.experiment import Experiment
    from tui_dl.spec.rates import Rates


class TrainerFacts:
    """Everything that can be read of a trainer; nothing here moves it."""

    _loop: BatchLoop

    @property
    def _parts(self) -> Parts:
        return self._loop.parts

    # What it is made of

    @property
    def experiment(self) -> Experiment | None:
        """What is running, changes included; None for somebody's own parts."""
        return None if self._parts.is_foreign else self._parts.experiment

    @property
    def model(self) -> nn.Module:
        """The module in training, without hooks: an ordinary one that deep-copies."""
        return self._parts.model

    @property
    def optimizer(self) -> torch.optim.Optimizer:
        """Torch's optimizer. Its learning rate is written before each update."""
        return self._parts.optimizer

    @property
    def loss_function(self) -> Callable[[Any, Any], Tensor]:
        """(outputs, targets) to the data loss, 0-dim."""
        return self._parts.objective.function

    @property
    def training_loss_function(self) -> Callable[[Any, Any], Tensor]:
        """The same on training batches: labels are smoothed, if they are to be."""
        return self._parts.objective.training_function or self._parts.objective.function

    @property
    def device(self) -> torch.device:
        """Where the model and its data are."""
        return self._parts.device

    @property
    def task(self) -> Task | None:
        """What outputs mean; None until somebody's own first batch has shown it."""
        return self._parts.task

    @property
    def splits(self) -> DataSplits | None:
        """The data on the device; None for somebody's own."""
        return self._parts.splits

    @property
    def probe_batch(self) -> tuple[Any, Any] | None:
        """The fixed batch on which changes are judged; None until somebody's own first batch came."""
        return self._parts.probe

    @property
    def gradients(self) -> GradientBuffer:
        """All gradients, flat and by parameter."""
        return self._parts.gradients

    # Where it stands

    @property
    def step(self) -> int:
        """Updates made."""
        return self._loop.step

    @property
    def samples_seen(self) -> int:
        """Samples used in all updates."""
        return self._loop.samples_seen

    @property
    def epoch(self) -> int:
        """Complete passes over the training split."""
        return self._parts.batches.epoch

    @property
    def epoch_samples(self) -> int:
        """Samples of the present epoch that were used."""
        return self._parts.batches.samples

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch; 0 where it is unknown yet."""
        return self._parts.batches.steps_per_epoch

    @property
    def total_steps(self) -> int:
        """Updates in all when the planned epochs are over; 0 where unknown."""
        return self._parts.planned_steps(self.step)

    @property
    def lr(self) -> float:
        """Learning rate of the next update (of the first parameter group)."""
        rates = self._parts.rates
        if self._parts.is_foreign and rates.is_constant:
            return float(self.optimizer.param_groups[0]["lr"])
        return rates.bases[0] * rates.factor(self.step)

    @property
    def rates(self) -> Rates:
        """The rate as a function of the step."""
        return self._parts.rates

    # A batch

    @property
    def batch(self) -> Batch:
        """What the present batch has come to, while inside `phases`."""
        return self._loop.batch

    @property
    def clips(self) -> bool:
        """Whether gradients are clipped in place before the update."""
        return self._parts.objective.clips

    @property
    def clip_value(self) -> float | None:
        """Largest magnitude of a number of the gradient; None is no bound."""
        return self._parts.objective.clip_value

    @property
    def is_half_done(self) -> bool:
        """Whether `phases` was left inside a batch."""
        return self._loop.is_half_done
