"""Regularizers in torch: the penalties themselves, and the numbers that the trainer and the model act on."""

from collections.abc import Iterable, Sequence
from functools import singledispatch
from typing import TypeVar

import torch
from torch import Tensor

from tui_dl.spec import regularizers as spec

_Kind = TypeVar("_Kind", bound=spec.Regularizer)


def penalty(regularizers: Iterable[spec.Regularizer], weights: Sequence[Tensor]) -> Tensor | None:
    """Sum all penalties on the weights: parameters with at least two dimensions, so no biases or norms.

    Returns:
        A 0-dim tensor that gradients flow through, or None where there is nothing to add.
    """
    total = None
    for regularizer in regularizers:
        for weight in weights:
            term = _penalty_of(regularizer, weight)
            if term is not None:
                total = term if total is None else total + term
    return total


def decay_rate(regularizers: Iterable[spec.Regularizer]) -> float:
    """Rate of decoupled weight decay: weights are multiplied by 1 - lr·rate before each update; 0 is none."""
    found = _find(regularizers, spec.WeightDecay)
    return found.rate if found else 0.0


def dropout_p(regularizers: Iterable[spec.Regularizer]) -> float:
    """Probability of zeroing a hidden unit while training; 0 is none."""
    found = _find(regularizers, spec.Dropout)
    return found.p if found else 0.0


def clip_norm(regularizers: Iterable[spec.Regularizer]) -> float | None:
    """Largest total norm of the gradient, or None where it is not clipped."""
    found = _find(regularizers, spec.GradientClipping)
    return found.max_norm if found else None


def early_stopping(regularizers: Iterable[spec.Regularizer]) -> spec.EarlyStopping | None:
    """When to stop for lack of improvement, or None for never."""
    return _find(regularizers, spec.EarlyStopping)


def _find(regularizers: Iterable[spec.Regularizer], kind: type[_Kind]) -> _Kind | None:
    return next((one for one in regularizers if isinstance(one, kind)), None)


@singledispatch
def _penalty_of(regularizer: spec.Regularizer, weight: Tensor) -> Tensor | None:
    """Return the term for one weight; None from a regularizer that adds nothing to the loss."""
    return None


@_penalty_of.register
def _(regularizer: spec.L1, weight: Tensor) -> Tensor | None:
    """strength·Σ|w|; torch's subgradient at 0 is 0."""
    return regularizer.strength * weight.abs().sum() if regularizer.strength > 0 else None


@_penalty_of.register
def _(regularizer: spec.L2, weight: Tensor) -> Tensor | None:
    """strength/2·Σw², its gradient strength·w; a norm's square would have none at 0."""
    if regularizer.strength == 0:
        return None
    flat = weight.reshape(-1)
    return (regularizer.strength / 2) * torch.dot(flat, flat)
