"""Losses between outputs and targets of one shape (N, V), number by number."""

import math
from functools import singledispatch

from torch import Tensor
from torch.nn import functional as F

from tui_dl.components.heads import means, variances
from tui_dl.components.losses.encoding import LossFunction
from tui_dl.components.missing import no_builder
from tui_dl.spec import losses as spec

HALF_LOG_2_PI = 0.5 * math.log(2 * math.pi)


@singledispatch
def mean_of_values(loss: spec.Loss) -> LossFunction:
    """Build the function to the mean over samples and values, 0-dim."""
    no_builder(loss, "losses/on_values")


@singledispatch
def each_value(loss: spec.Loss) -> LossFunction:
    """Build the function to each sample's loss (N,): the mean, or as declared the sum, over its values."""
    no_builder(loss, "losses/on_values")


@mean_of_values.register
def _(loss: spec.Mse) -> LossFunction:
    if loss.reduction == "mean":
        return F.mse_loss
    each = each_value(loss)

    def summed_mse(outputs: Tensor, targets: Tensor) -> Tensor:
        return each(outputs, targets).mean()

    return summed_mse


@each_value.register
def _(loss: spec.Mse) -> LossFunction:
    is_sum = loss.reduction == "sum_over_outputs"

    def mse(outputs: Tensor, targets: Tensor) -> Tensor:
        squares = F.mse_loss(outputs, targets, reduction="none")
        return squares.sum(1) if is_sum else squares.mean(1)

    return mse


@mean_of_values.register
def _(loss: spec.L1Loss) -> LossFunction:
    return F.l1_loss


@each_value.register
def _(loss: spec.L1Loss) -> LossFunction:
    def l1(outputs: Tensor, targets: Tensor) -> Tensor:
        return F.l1_loss(outputs, targets, reduction="none").mean(1)

    return l1


@mean_of_values.register
def _(loss: spec.Huber) -> LossFunction:
    delta = loss.delta

    def huber(outputs: Tensor, targets: Tensor) -> Tensor:
        return F.huber_loss(outputs, targets, delta=delta)

    return huber


@each_value.register
def _(loss: spec.Huber) -> LossFunction:
    delta = loss.delta

    def huber(outputs: Tensor, targets: Tensor) -> Tensor:
        return F.huber_loss(outputs, targets, reduction="none", delta=delta).mean(1)

    return huber


@mean_of_values.register
def _(loss: spec.GaussianNll) -> LossFunction:
    """Torch's formula without its check for negative variances: there can be none, and it costs a read."""
    head, constant = loss.head("regression"), HALF_LOG_2_PI if loss.full else 0.0

    def gaussian_nll(outputs: Tensor, targets: Tensor) -> Tensor:
        variance = variances(head, outputs)
        squares = (means(head, outputs) - targets) ** 2
        each = 0.5 * (squares if variance is None else variance.log() + squares / variance)
        return (each + constant if constant else each).mean()

    return gaussian_nll


@mean_of_values.register
def _(loss: spec.PoissonNll) -> LossFunction:
    full = loss.full

    def poisson_nll(outputs: Tensor, targets: Tensor) -> Tensor:
        return F.poisson_nll_loss(outputs, targets, full=full)

    return poisson_nll
