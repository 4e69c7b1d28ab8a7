"""Norms in torch, and which regularizers put which of them, or dropout, behind which layers."""

from collections.abc import Iterable
from typing import cast, final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tui_dl.spec.model_checks import layers_in
from tui_dl.spec.models import Model
from tui_dl.spec.regularizers import AnyRegularizer, BatchNorm, Dropout, LayerNorm

Norm = BatchNorm | LayerNorm


@final
class BatchNorm1d(nn.BatchNorm1d):
    """torch's, but a batch of one sample, which has no statistics of its own, takes the running ones."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """Normalise (N, units)."""
        if self.training and len(input) == 1:
            return _by_running_statistics(self, input)
        return super().forward(input)


@final
class BatchNorm2d(nn.BatchNorm2d):
    """torch's, but a batch of one sample takes the running statistics, whatever its height and width."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's name
        """Normalise (N, channels, height, width)."""
        if self.training and len(input) == 1:
            return _by_running_statistics(self, input)
        return super().forward(input)


def _by_running_statistics(norm: nn.BatchNorm1d | nn.BatchNorm2d, values: Tensor) -> Tensor:
    return F.batch_norm(
        values, norm.running_mean, norm.running_var, norm.weight, norm.bias, False, 0.0, norm.eps
    )


def build_norm(norm: Norm, units: int, *, is_image: bool) -> nn.Module:
    """Build a fresh norm: γ=1, β=0; a batch norm's running mean is 0 and its running variance 1.

    Args:
        norm: what is declared.
        units: units, or channels of an image.
        is_image: whether it normalises (N, channels, height, width).
    """
    if isinstance(norm, BatchNorm):
        kind = BatchNorm2d if is_image else BatchNorm1d
        return kind(units, eps=norm.eps, momentum=norm.momentum)
    return nn.GroupNorm(1, units, norm.eps) if is_image else nn.LayerNorm(units, norm.eps)


def edited_norm(module: nn.Module, norm: Norm) -> nn.Module:
    """A norm with other numbers and the very parameters and statistics of one of the same kind."""
    if isinstance(norm, BatchNorm):
        assert isinstance(module, BatchNorm1d | BatchNorm2d)
        made: nn.Module = type(module)(module.num_features, eps=norm.eps, momentum=norm.momentum)
    elif isinstance(module, nn.GroupNorm):
        made = nn.GroupNorm(1, module.num_channels, norm.eps)
    else:
        assert isinstance(module, nn.LayerNorm)
        made = nn.LayerNorm(module.normalized_shape, norm.eps)
    made._parameters.update(module._parameters)
    made._buffers.update(module._buffers)
    return made.train(module.training)


def preserve(module: nn.Module, values: Tensor) -> None:
    """Set a fresh batch norm so that in eval mode it gives back what it takes.

    Running statistics are those of the values, γ = √(σ² + ε) and β = μ: γ·(x - μ)/√(σ² + ε) + β = x.

    Args:
        module: the batch norm.
        values: (N, units) or (N, channels, height, width), N at least 2: what it will normalise.
    """
    assert isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)
    mean, variance = cast("Tensor", module.running_mean), cast("Tensor", module.running_var)
    with torch.no_grad():
        by_unit = values.detach().movedim(1, -1).flatten(0, -2)
        mean.copy_(by_unit.mean(0))
        variance.copy_(by_unit.var(0))
        module.weight.copy_((variance + module.eps).sqrt())
        module.bias.copy_(mean)


def norms_at(regularizers: Iterable[AnyRegularizer], model: Model) -> tuple[Norm | None, ...]:
    """The norm at each place of a model."""
    found: list[Norm | None] = [None] * model.places
    for regularizer in regularizers:
        if isinstance(regularizer, BatchNorm | LayerNorm):
            for place in layers_in(regularizer, model):
                found[place] = regularizer
    return tuple(found)


def dropout_at(regularizers: Iterable[AnyRegularizer], model: Model) -> tuple[float, ...]:
    """The probability of dropping a unit at each place of a model; 0 is none."""
    found = [0.0] * model.places
    for regularizer in regularizers:
        if isinstance(regularizer, Dropout):
            for place in layers_in(regularizer, model):
                found[place] = regularizer.p
    return tuple(found)
