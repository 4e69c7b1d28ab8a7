"""Noise on weights while training, and a bound on their length after each update."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from tui_dl.components.regularizers.finding import find
from tui_dl.spec import regularizers as spec


def weight_noise(regularizers: Iterable[spec.Regularizer]) -> float:
    """Standard deviation of the noise on each weight in a training pass; 0 is none."""
    found = find(regularizers, spec.WeightNoise)
    return found.sigma if found else 0.0


def noisy(weights: Mapping[str, Tensor], sigma: float, seed: int) -> dict[str, Tensor]:
    """Weights + sigma·ε with ε ~ N(0, 1), drawn in their order; the weights are left as they are.

    A gradient goes through to the weight itself, taken at the noisy one.
    """
    draws = noise_like(list(weights.values()), seed)
    return {name: weight + sigma * draw for (name, weight), draw in zip(weights.items(), draws, strict=True)}


def noise_like(weights: Sequence[Tensor], seed: int) -> tuple[Tensor, ...]:
    """ε ~ N(0, 1) of each weight's shape: the draws of a generator of the weights' device with this seed."""
    generator = torch.Generator(weights[0].device).manual_seed(seed)
    return tuple(
        torch.randn(weight.shape, generator=generator, dtype=weight.dtype, device=weight.device)
        for weight in weights
    )


def largest_norm(regularizers: Iterable[spec.Regularizer]) -> float | None:
    """Largest L2 norm of a unit's incoming weights after an update, or None where it is not bounded."""
    found = find(regularizers, spec.MaxNorm)
    return found.limit if found else None


def bound_norms_(weights: Iterable[Tensor], limit: float) -> None:
    """Scale each row (of a convolution: each filter) down to the limit where its L2 norm is larger, in place.

    Srivastava et al. (2014), section 5.1, by torch.renorm, which divides by norm + 1e-7: what was scaled ends
    just below the limit.
    """
    with torch.no_grad():
        for weight in weights:
            weight.renorm_(2, 0, limit)
