"""Splitting of samples into two, and choosing some: seeded, and stratified by class to within one sample."""

import numpy as np
from numpy.typing import NDArray

from tui_dl.spec.data.sizes import held_out_count

Indices = NDArray[np.int64]


def split_indices(
    classes: Indices | None, samples: int, share: float, rng: np.random.Generator
) -> tuple[Indices, Indices]:
    """Draw (kept, held out) indices, each in random order, that partition the samples.

    With classes (samples,), each class is held out in proportion, by largest remainder; one that would vanish
    from what is kept gives way where another can take its place.
    """
    held_out = held_out_count(samples, share)
    order = rng.permutation(samples)
    if classes is None:
        return order[held_out:], order[:held_out]
    chosen = np.zeros(samples, dtype=bool)
    shuffled = classes[order]
    for label, quota in _quotas(classes, held_out).items():
        chosen[np.flatnonzero(shuffled == label)[:quota]] = True
    return order[~chosen], order[chosen]


def stratified_choice(classes: Indices | None, samples: int, count: int) -> Indices:
    """Indices of `count` of the samples, in their order: the first ones of each class.

    With classes (samples,), each is there in proportion, by largest remainder, and with one sample at least
    where there is room for that. The samples come in random order.
    """
    if classes is None:
        return np.arange(count)
    labels, counts = np.unique(classes, return_counts=True)
    exact = counts * (count / samples)
    quotas = np.maximum(np.floor(exact).astype(np.int64), int(count >= len(labels)))
    while (missing := count - int(quotas.sum())) != 0:
        # One of 1 is the only sample of its class.
        room = np.where(quotas > 1, quotas - exact, -np.inf) if missing < 0 else exact - quotas
        quotas[np.argmax(room)] += np.sign(missing)
    chosen = [np.flatnonzero(classes == label)[:quota] for label, quota in zip(labels, quotas, strict=True)]
    return np.sort(np.concatenate(chosen))


def _quotas(classes: Indices, held_out: int) -> dict[int, int]:
    """How many of each class to hold out; the sum is held_out."""
    labels, counts = np.unique(classes, return_counts=True)
    exact = counts * (held_out / len(classes))
    quotas = np.floor(exact).astype(np.int64)
    vanishing = quotas + 1 >= counts
    by_need = np.lexsort((labels, quotas - exact, vanishing))
    quotas[by_need[: held_out - int(quotas.sum())]] += 1
    return dict(zip(labels.tolist(), quotas.tolist(), strict=True))
