"""What regularizers do to a training batch, as functions of the batch and a seed."""

from collections.abc import Callable
from functools import singledispatch

from torch import Tensor

from tui_dl.components.regularizers.inputs import augmented, with_noise
from tui_dl.components.regularizers.targets import cut_mixed, mixed_up, probabilities
from tui_dl.spec import regularizers as spec

Transform = Callable[[Tensor, Tensor, int], tuple[Tensor, Tensor]]
"""(inputs, targets, seed) to new inputs and targets; nothing is altered in place."""


@singledispatch
def batch_transform(regularizer: spec.Regularizer, kind: str, classes: int) -> Transform | None:
    """What a regularizer does to a training batch; None if it leaves it alone.

    Args:
        regularizer: which.
        kind: of data, as its declaration says: image, points, ...
        classes: how many; 0 for values.
    """
    return None


@batch_transform.register
def _(regularizer: spec.Augmentation, kind: str, classes: int) -> Transform | None:
    numbers = regularizer
    if kind == "image":
        if not (numbers.shift or numbers.rotate or numbers.scale or numbers.flip):
            return None
        return lambda inputs, targets, seed: (augmented(inputs, numbers, seed), targets)
    return _noise(numbers.jitter)


@batch_transform.register
def _(regularizer: spec.InputNoise, kind: str, classes: int) -> Transform | None:
    return _noise(regularizer.sigma)


@batch_transform.register
def _(regularizer: spec.Mixup, kind: str, classes: int) -> Transform | None:
    return _mixing(mixed_up, regularizer.alpha, classes)


@batch_transform.register
def _(regularizer: spec.CutMix, kind: str, classes: int) -> Transform | None:
    return _mixing(cut_mixed, regularizer.alpha, classes)


def _noise(sigma: float) -> Transform | None:
    if not sigma:
        return None
    return lambda inputs, targets, seed: (with_noise(inputs, sigma, seed), targets)


def _mixing(
    mix: Callable[[Tensor, Tensor, float, int], tuple[Tensor, Tensor]], alpha: float, classes: int
) -> Transform:
    def mixed(inputs: Tensor, targets: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        values = probabilities(targets, classes, inputs.dtype) if classes else targets
        return mix(inputs, values, alpha, seed)

    return mixed
