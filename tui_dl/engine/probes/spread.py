"""Spread: how sure the model is: of values by the σ it predicts, of classes by lead and probability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

from tui_dl.components.tasks import Classification, Regression
from tui_dl.engine.probes.answers import answers

if TYPE_CHECKING:
    from torch import Tensor

    from tui_dl.engine.training.trainer import Trainer

CONFIDENT: Final = 0.99


def coverage(trainer: Trainer, name: str) -> float | None:
    """Share of validation targets within one predicted σ of the mean; None without a predicted σ."""
    return _of_validation(trainer, "coverage")


def mean_sigma(trainer: Trainer, name: str) -> float | None:
    """The predicted σ, its mean over the validation split; None without."""
    return _of_validation(trainer, "sigma")


def correlation(trainer: Trainer, name: str) -> float | None:
    """Pearson's correlation of the predicted σ with the noise's own, or with |residual| where it is unknown.

    Over the validation split; None without a predicted σ, or where either is the same everywhere.
    """
    task, splits = trainer.task, trainer.splits
    if splits is None or not isinstance(task, Regression):
        return None
    inputs, targets = splits.validation.inputs, splits.validation.targets
    outputs = answers(trainer.model, inputs)
    sigma = task.spreads(outputs)
    if sigma is None:
        return None
    noise = _noise(trainer, inputs)
    if noise is None:
        noise = (targets - task.predictions(outputs)).abs()
    pair = torch.stack([sigma.double().flatten(), noise.double().flatten()])
    found = float(torch.corrcoef(pair)[0, 1]) if (pair.std(1) > 0).all() else None
    return found


def margin(trainer: Trainer, name: str) -> float | None:
    """Lead of the right logit over the best other one, the mean over the train split."""
    task, splits = trainer.task, trainer.splits
    if splits is None or not isinstance(task, Classification):
        return None
    outputs = answers(trainer.model, splits.train.inputs)
    return float(task.of_samples("margin", outputs, splits.train.targets).double().mean())


def confident_share(trainer: Trainer, name: str) -> float | None:
    """Share of validation samples whose most probable class has a probability above 0.99."""
    task, splits = trainer.task, trainer.splits
    if splits is None or not isinstance(task, Classification):
        return None
    shares = task.probabilities(answers(trainer.model, splits.validation.inputs))
    # A model that has diverged is sure of nothing.
    return float((shares.amax(1) > CONFIDENT).double().mean()) if shares.isfinite().all() else None


def _of_validation(trainer: Trainer, metric: str) -> float | None:
    task, splits = trainer.task, trainer.splits
    if splits is None or task is None or metric not in task.evaluation_metrics_names:
        return None
    outputs = answers(trainer.model, splits.validation.inputs)
    return float(task.of_samples(metric, outputs, splits.validation.targets).double().mean())


def _noise(trainer: Trainer, inputs: Tensor) -> Tensor | None:
    """The noise's own σ (N, 1) of data that were made with one that grows with x; None of any other."""
    data, splits = trainer.experiment and trainer.experiment.data, trainer.splits
    ends = [getattr(data, end, None) for end in ("noise_left", "noise_right")]
    if splits is None or None in ends:
        return None
    # σ is linear in x, and a correlation knows no scale: its direction is all that matters.
    left, right = (float(end) for end in ends if end is not None)
    return splits.scaling.invert(inputs).reshape(len(inputs), -1)[:, :1] * (right - left)
