"""Penalties in the loss, decoupled decay before the update, and the soft threshold after it."""

from collections.abc import Iterable, Sequence
from functools import singledispatch

import torch
from torch import Tensor
from torch.nn import functional as F

from tui_dl.components.regularizers.finding import find
from tui_dl.spec import regularizers as spec


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
    found = find(regularizers, spec.WeightDecay)
    return found.rate if found else 0.0


def proximal_strength(regularizers: Iterable[spec.Regularizer]) -> float:
    """Strength of the proximal L1: weights move by lr·strength towards 0 after each update; 0 is none."""
    found = find(regularizers, spec.L1)
    return found.strength if found and found.method == "proximal" else 0.0


def soft_threshold_(weights: Iterable[Tensor], distance: float | Tensor) -> None:
    """Soft threshold, in place: w ← sign(w)·max(|w| - distance, 0), the proximal operator of distance·|w|.

    Parikh and Boyd, Proximal Algorithms (2014), section 6.5.2; by torch.nn.functional.softshrink, which takes
    no tensor (0-dim) for the distance: then by the same cases written out.
    """
    with torch.no_grad():
        for weight in weights:
            if isinstance(distance, Tensor):
                above, below = weight > distance, weight < -distance
                beyond = torch.where(above, weight - distance, weight + distance)
                weight.copy_(torch.where(above | below, beyond, weight * 0.0))
            else:
                weight.copy_(F.softshrink(weight, distance))


@singledispatch
def _penalty_of(regularizer: spec.Regularizer, weight: Tensor) -> Tensor | None:
    """Return the term for one weight; None from a regularizer that adds nothing to the loss."""
    return None


@_penalty_of.register
def _(regularizer: spec.L1, weight: Tensor) -> Tensor | None:
    """strength·Σ|w|; torch's subgradient at 0 is 0. The proximal one is no part of the loss."""
    if regularizer.method == "proximal":
        return None
    return _absolute(regularizer.strength, weight)


@_penalty_of.register
def _(regularizer: spec.L2, weight: Tensor) -> Tensor | None:
    """strength/2·Σw², its gradient strength·w; a norm's square would have none at 0."""
    return _squares(regularizer.strength, weight)


@_penalty_of.register
def _(regularizer: spec.ElasticNet, weight: Tensor) -> Tensor | None:
    """strength·(l1_ratio·Σ|w| + (1-l1_ratio)/2·Σw²)."""
    first = _absolute(regularizer.strength * regularizer.l1_ratio, weight)
    second = _squares(regularizer.strength * (1 - regularizer.l1_ratio), weight)
    if first is None or second is None:
        return second if first is None else first
    return first + second


def _absolute(strength: float, weight: Tensor) -> Tensor | None:
    return strength * weight.abs().sum() if strength > 0 else None


def _squares(strength: float, weight: Tensor) -> Tensor | None:
    if strength == 0:
        return None
    flat = weight.reshape(-1)
    return (strength / 2) * torch.dot(flat, flat)
