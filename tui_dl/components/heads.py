"""Heads in torch: how outputs are read as probabilities, means and spreads."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from tui_dl.spec.heads import Head


def probabilities(head: Head, outputs: Tensor) -> Tensor:
    """Logits (N, C) as probabilities (N, C): of one class among all, or of each by itself."""
    return torch.sigmoid(outputs) if head.kind == "sigmoid" else torch.softmax(outputs, 1)


def means(head: Head, outputs: Tensor) -> Tensor:
    """The predicted values (N, V), in the units of the targets."""
    if head.kind == "mean_variance":
        return outputs[..., : outputs.shape[-1] // 2]
    return outputs.exp() if head.kind == "log_rate" else outputs


def variances(head: Head, outputs: Tensor) -> Tensor | None:
    """The predicted variances (N, V); None where the head has none of its own."""
    if head.kind != "mean_variance":
        return None
    return F.softplus(outputs[..., outputs.shape[-1] // 2 :]) + head.least_variance


def raw_of_variance(variance: float, least_variance: float) -> float:
    """The raw output of this variance v: r = log(exp(v - least) - 1), inverse to v = softplus(r) + least."""
    above = max(variance - least_variance, least_variance)
    # log(exp(x) - 1) = x + log(1 - exp(-x)), which does not overflow.
    return above + math.log(-math.expm1(-above))
