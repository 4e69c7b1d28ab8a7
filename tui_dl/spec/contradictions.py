"""Parts that are each well formed but make no sense together."""

from collections.abc import Callable, Iterable
from typing import get_args

from tui_dl.errors import SpecError
from tui_dl.spec.component import Component, component_name
from tui_dl.spec.data.sizes import split_sizes
from tui_dl.spec.data_checks import refuse_impossible_data
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.losses import AnyLoss, Loss
from tui_dl.spec.model_checks import refuse_impossible_models, refuse_misplaced
from tui_dl.spec.optimizer_checks import refuse_moving_batches, refuse_unfit_optimizer
from tui_dl.spec.regularizer_checks import REGULARIZER_CHECKS
from tui_dl.spec.regularizers import EarlyStopping
from tui_dl.spec.schedule_units import refuse_two_clocks
from tui_dl.spec.wording import listing


def refuse_contradictions(experiment: Experiment) -> None:
    """Check the parts that determine training against each other.

    Raises:
        SpecError: for the first contradiction, with the key that is to be changed and what would work.
    """
    for check in _CHECKS:
        check(experiment)


def _data(experiment: Experiment) -> None:
    refuse_impossible_data(experiment.data)


def _tuning(experiment: Experiment) -> None:
    """What takes validation's place must not decide anything."""
    if experiment.data.validation_share > 0:
        return
    problem = (
        "0 puts the test split in validation's place, by which nothing may be tuned; set it above 0, or take"
    )
    if _having(experiment.regularizers, EarlyStopping):
        raise SpecError(f"{problem} early_stopping away.", key="data.validation_share")
    if experiment.schedule.name == "plateau":
        raise SpecError(f"{problem} another schedule than plateau.", key="data.validation_share")


def _loss(experiment: Experiment) -> None:
    loss, data = experiment.loss, experiment.data
    if data.task not in loss.tasks:
        fitting = listing(losses_for(data.task))
        raise SpecError(
            f"{loss.name} is for {' and '.join(loss.tasks)}, but the data ({data.name}) is {data.task}; "
            f"use one of {fitting}.",
            key="loss",
        )


def losses_for(task: str) -> tuple[str, ...]:
    """Names of the losses that make sense for a task."""
    classes: tuple[type[Loss], ...] = get_args(AnyLoss)
    return tuple(component_name(cls) for cls in classes if task in cls.tasks)


def _full_batch(experiment: Experiment) -> None:
    sizes = split_sizes(experiment.data)
    if sizes is not None:
        refuse_moving_batches(experiment, sizes[0])


def _twice(experiment: Experiment) -> None:
    names = [regularizer.name for regularizer in experiment.regularizers]
    for name in names:
        if names.count(name) > 1:
            raise SpecError("appears twice; each regularizer may be there once.", key=f"regularizers.{name}")


def _having(components: Iterable[Component], cls: type[Component]) -> bool:
    return any(isinstance(component, cls) for component in components)


def _summed_gradients(experiment: Experiment) -> None:
    training = experiment.training
    if not training.zero_grad and training.precision == "float16":
        raise SpecError(
            "false sums scaled gradients of float16, whose scale changes under way; "
            "use training.precision float32 or bfloat16.",
            key="training.zero_grad",
        )
    if not training.zero_grad and experiment.optimizer.name == "lbfgs":
        raise SpecError(
            "false would have lbfgs search along sums of old gradients; use another optimizer.",
            key="training.zero_grad",
        )


_CHECKS: tuple[Callable[[Experiment], None], ...] = (
    _data,
    _tuning,
    _loss,
    refuse_unfit_optimizer,
    refuse_misplaced,
    refuse_impossible_models,
    _twice,
    _summed_gradients,
    refuse_two_clocks,
    *REGULARIZER_CHECKS,
    _full_batch,
)
