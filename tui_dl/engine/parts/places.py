"""What stands behind the layers of one of our models, put there as an experiment declares it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from tui_dl.components.models import ResNet, Stack
from tui_dl.components.norms import dropout_at, norms_at

if TYPE_CHECKING:
    from tui_dl.spec.experiment import Experiment


def furnish(model: Stack, experiment: Experiment) -> None:
    """Put norms and dropout behind the layers of a model that has neither yet."""
    for place, norm in enumerate(norms_at(experiment.regularizers, experiment.model)):
        if norm is not None:
            model.set_norm(norm, place)
    for place, p in enumerate(dropout_at(experiment.regularizers, experiment.model)):
        model.set_dropout(p, place)


def set_switches(model: nn.Module, experiment: Experiment) -> None:
    """Set what of a model is no module: whether a residual network adds its shortcuts."""
    if isinstance(model, ResNet):
        model.skip = bool(getattr(experiment.model, "skip", True))


def leaves_traces(model: nn.Module) -> bool:
    """Whether a forward pass of one of our models draws random numbers or moves running statistics.

    What does neither is spared the swapping of generators, 2 µs a batch.
    """
    return any(
        (isinstance(module, nn.Dropout) and module.p > 0)
        or isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)
        for module in model.modules()
    )
