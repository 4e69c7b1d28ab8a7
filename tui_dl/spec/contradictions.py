"""Parts that are each well formed but make no sense together."""

import math
from collections.abc import Callable, Iterable
from typing import get_args

from tui_dl.errors import SpecError
from tui_dl.spec.component import Component, component_name
from tui_dl.spec.data import AnyData, Digits, Line, Moons, Spiral
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.losses import AnyLoss, Loss
from tui_dl.spec.models import LinearModel
from tui_dl.spec.optimizer_checks import refuse_moving_batches, refuse_unfit_optimizer
from tui_dl.spec.regularizers import Dropout
from tui_dl.spec.wording import listing, number_text

DIGITS_SAMPLES = 1797


def split_sizes(data: AnyData) -> tuple[int, int]:
    """Samples to train and to validate on: the validation share is rounded up, and never takes all."""
    samples = DIGITS_SAMPLES if isinstance(data, Digits) else data.samples
    # Rounding first keeps 0.2 · 125 = 25.000000000000004 from becoming 26.
    validation = min(max(math.ceil(round(samples * data.validation_share, 9)), 1), samples - 1)
    return samples - validation, validation


def class_count(data: AnyData) -> int:
    """Number of classes, 0 for a regression."""
    if isinstance(data, Digits):
        return 10
    if isinstance(data, Spiral):
        return data.arms
    return 2 if isinstance(data, Moons) else 0


def refuse_contradictions(experiment: Experiment) -> None:
    """Check the parts that determine training against each other.

    Raises:
        SpecError: for the first contradiction, with the key that is to be changed and what would work.
    """
    for check in _CHECKS:
        check(experiment)


def _sizes(experiment: Experiment) -> None:
    data = experiment.data
    key = "data.validation_share" if isinstance(data, Digits) else "data.samples"
    train, validation = split_sizes(data)
    classes = class_count(data)
    least = max(classes, 1)
    if train < least or validation < least:
        each = f"each needs at least {least}, one per class" if classes else "each needs at least one"
        raise SpecError(
            f"{train + validation} samples with validation_share {number_text(data.validation_share)} leave "
            f"{train} to train and {validation} to validate; {each}.",
            key=key,
        )
    if classes and (train + validation) // classes < 2:
        raise SpecError(f"{train + validation} samples are too few for {classes} classes, 2 each.", key=key)


def _outliers(experiment: Experiment) -> None:
    data = experiment.data
    if isinstance(data, Line) and data.outliers > (train := split_sizes(data)[0]):
        raise SpecError(f"{data.outliers} is more than the {train} training samples.", key="data.outliers")


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
    refuse_moving_batches(experiment, split_sizes(experiment.data)[0])


def _dropout(experiment: Experiment) -> None:
    model = experiment.model
    if not _having(experiment.regularizers, Dropout):
        return
    if isinstance(model, LinearModel) or not model.hidden:
        what = "the linear model has" if isinstance(model, LinearModel) else "model.hidden is empty: there is"
        raise SpecError(
            f"{what} no hidden layer to drop units from; use a model with hidden layers or take it away.",
            key="regularizers.dropout",
        )


def _twice(experiment: Experiment) -> None:
    names = [regularizer.name for regularizer in experiment.regularizers]
    for name in names:
        if names.count(name) > 1:
            raise SpecError("appears twice; each regularizer may be there once.", key=f"regularizers.{name}")


def _having(components: Iterable[Component], cls: type[Component]) -> bool:
    return any(isinstance(component, cls) for component in components)


_CHECKS: tuple[Callable[[Experiment], None], ...] = (
    _sizes,
    _outliers,
    _loss,
    refuse_unfit_optimizer,
    _dropout,
    _twice,
    _full_batch,
)
