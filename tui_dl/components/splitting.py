"""Splitting of samples into train and validation: seeded, and stratified by class to within one sample."""

import math

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def validation_count(samples: int, share: float) -> int:
    """Samples to hold out: the share rounded up, at least one, and never all."""
    # Rounding keeps 0.2 · 125 = 25.000000000000004 from becoming 26.
    return min(max(math.ceil(round(samples * share, 9)), 1), samples - 1)


def split_indices(
    classes: Indices | None, samples: int, share: float, rng: np.random.Generator
) -> tuple[Indices, Indices]:
    """Draw (train, validation) indices, each in random order, that partition the samples.

    With classes (samples,), each class is held out in proportion, by largest remainder; one that would vanish
    from train gives way where another can take its place.
    """
    held_out = validation_count(samples, share)
    order = rng.permutation(samples)
    if classes is None:
        return order[held_out:], order[:held_out]
    chosen = np.zeros(samples, dtype=bool)
    shuffled = classes[order]
    for label, quota in _quotas(classes, held_out).items():
        chosen[np.flatnonzero(shuffled == label)[:quota]] = True
    return order[~chosen], order[chosen]


def _quotas(classes: Indices, held_out: int) -> dict[int, int]:
    """How many of each class to hold out; the sum is held_out."""
    labels, counts = np.unique(classes, return_counts=True)
    exact = counts * (held_out / len(classes))
    quotas = np.floor(exact).astype(np.int64)
    vanishing = quotas + 1 >= counts
    by_need = np.lexsort((labels, quotas - exact, vanishing))
    quotas[by_need[: held_out - int(quotas.sum())]] += 1
    return dict(zip(labels.tolist(), quotas.tolist(), strict=True))
