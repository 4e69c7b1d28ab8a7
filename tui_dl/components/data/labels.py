"""Labels of the training split: some replaced by others on request, and how much each class weighs."""

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Classes = NDArray[np.int64]


def mislabelled(classes: Classes, share: float, count: int, rng: np.random.Generator) -> Classes:
    """Labels (N,) of which the share, rounded to whole samples, is replaced by another of `count` classes.

    Which samples, and which of the other classes each gets, is drawn evenly.
    """
    wrong = rng.permutation(len(classes))[: round(share * len(classes))]
    spoilt = classes.copy()
    spoilt[wrong] = (classes[wrong] + rng.integers(1, count, len(wrong))) % count
    return spoilt


def class_weights(
    wanted: Literal["none", "balanced"] | tuple[float, ...], classes: Classes, count: int
) -> Tensor | None:
    """Weights float32 (count,), None for all alike.

    Balanced is N / (count · N_c), as sklearn.utils.class_weight.compute_class_weight; 0 for a class that
    train has nothing of.
    """
    if wanted == "none":
        return None
    if isinstance(wanted, tuple):
        return torch.tensor(wanted, dtype=torch.float32)
    of_class = np.bincount(classes, minlength=count)
    balanced = len(classes) / (count * np.maximum(of_class, 1))
    return torch.from_numpy(np.where(of_class > 0, balanced, 0.0).astype(np.float32))
