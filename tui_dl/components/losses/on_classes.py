"""Losses of a classification: logits (N, C) against class indices (N,) or probabilities (N, C)."""

from functools import singledispatch

import torch
from torch import Tensor
from torch.nn import functional as F

from tui_dl.components.losses.encoding import (
    LossFunction,
    WeightedLoss,
    is_soft,
    on_one_hot,
    weighted,
)
from tui_dl.components.losses.on_values import each_value, mean_of_values
from tui_dl.spec import losses as spec


@singledispatch
def loss_on_classes(loss: spec.Loss, classes: int, class_weights: Tensor | None) -> LossFunction:
    """Build the loss against one-hot targets: the mean over samples and classes.

    Args:
        loss: any loss that compares outputs with one-hot targets one by one, or one registered here.
        classes: how many.
        class_weights: (C,) or None.
    """
    if class_weights is None:
        return on_one_hot(mean_of_values(loss), classes)
    return weighted(on_one_hot(each_value(loss), classes), class_weights)


@loss_on_classes.register
def _(loss: spec.CrossEntropy, classes: int, class_weights: Tensor | None) -> LossFunction:
    if class_weights is None:
        return F.cross_entropy

    def cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets, weight=class_weights)

    return WeightedLoss(cross_entropy, class_weights, counts_soft_evenly=True)


@loss_on_classes.register
def _(loss: spec.Bce, classes: int, class_weights: Tensor | None) -> LossFunction:
    if class_weights is None:
        return on_one_hot(F.binary_cross_entropy_with_logits, classes)

    def each(outputs: Tensor, targets: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(outputs, targets, reduction="none").mean(1)

    return weighted(on_one_hot(each, classes), class_weights)


@loss_on_classes.register
def _(loss: spec.Hinge, classes: int, class_weights: Tensor | None) -> LossFunction:
    margin, power = loss.margin, loss.p

    def with_reduction(reduction: str) -> LossFunction:
        def hinge(outputs: Tensor, targets: Tensor) -> Tensor:
            if is_soft(targets):
                each = _expected_margin_loss(outputs, targets, margin, power)
                return each.mean() if reduction == "mean" else each
            found = F.multi_margin_loss(outputs, targets, p=power, margin=margin, reduction=reduction)
            # torch's kernel compares, and so loses a NaN among the logits; adding 0 alters nothing else.
            nothing = outputs * 0
            return found + (nothing.sum() if reduction == "mean" else nothing.sum(1))

        return hinge

    if class_weights is None:
        return with_reduction("mean")
    return weighted(with_reduction("none"), class_weights)


def _expected_margin_loss(outputs: Tensor, targets: Tensor, margin: float, power: int) -> Tensor:
    """Σ_y t_y · Σ_{j≠y} max(0, margin - x_y + x_j)ᵖ / C of each sample (N,)."""
    missing = (margin + outputs[:, None, :] - outputs[:, :, None]).clamp_min(0)  # (N, y, j)
    others = 1.0 - torch.eye(outputs.shape[1], dtype=outputs.dtype, device=outputs.device)
    of_class = (missing.pow(power) * others).sum(2) / outputs.shape[1]
    return (targets * of_class).sum(1)


@loss_on_classes.register
def _(loss: spec.Focal, classes: int, class_weights: Tensor | None) -> LossFunction:
    gamma, alpha = loss.gamma, loss.alpha

    def each(outputs: Tensor, targets: Tensor) -> Tensor:
        log_p = F.log_softmax(outputs, 1)
        if not is_soft(targets):
            log_p = log_p.gather(1, targets[:, None])
        # 1 - p without cancellation. Its power has no gradient at 0 for gamma below 1, hence the clamp.
        wrong = (-torch.expm1(log_p)).clamp_min(torch.finfo(outputs.dtype).tiny)
        found = -alpha * wrong.pow(gamma) * log_p
        return (targets * found).sum(1) if is_soft(targets) else found[:, 0]

    if class_weights is not None:
        return weighted(each, class_weights)

    def focal(outputs: Tensor, targets: Tensor) -> Tensor:
        return each(outputs, targets).mean()

    return focal
