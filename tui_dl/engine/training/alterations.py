"""What regularizers alter while training: each batch after it was fetched, and the weights in a pass.

All draws of a batch are a pure function of (seed, regularizer, epoch, samples used of it), like the order of
an epoch: nothing has to be saved or put back, a batch that comes again is the same again, and no other
stream of random numbers is moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import torch

from tui_dl.components.regularizers import batch_transform, noise_like, noisy
from tui_dl.engine.training.rng import derived_seed

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from tui_dl.components.regularizers.batches import Transform
    from tui_dl.engine.parts.parts import Parts
    from tui_dl.engine.training.batches import BatchSource

ORDER: Final = ("augmentation", "input_noise", "mixup", "cutmix")
"""What is done to a batch is done in this order, whichever way the regularizers are listed."""


@final
@dataclass(frozen=True)
class BatchAlterations:
    """What is done to a training batch.

    Attributes:
        transforms: by the regularizer's name, in their order.
        seed: of the run.
        mixes_classes: whether targets become probabilities (N, classes).
    """

    transforms: tuple[tuple[str, Transform], ...]
    seed: int
    mixes_classes: bool

    def apply(
        self, inputs: Tensor, targets: Tensor, source: BatchSource, micro: int = 0
    ) -> tuple[Tensor, Tensor]:
        """New inputs and targets for the batch, or the micro-batch of it, at which the source stands."""
        place = (source.epoch, source.samples, *((micro,) if micro else ()))
        with torch.no_grad():
            for name, transform in self.transforms:
                seed = derived_seed(self.seed, name, *place)
                inputs, targets = transform(inputs, targets, seed)
        return inputs, targets


def batch_alterations(parts: Parts) -> BatchAlterations | None:
    """What the run's regularizers do to a training batch; None if nothing, and for somebody's own batches."""
    experiment, splits = parts.experiment, parts.splits
    if splits is None:
        return None
    classes = splits.classes
    found = {
        regularizer.name: transform
        for regularizer in experiment.regularizers
        if (transform := batch_transform(regularizer, experiment.data.kind, classes)) is not None
    }
    if not found:
        return None
    mixes = bool(classes) and not found.keys().isdisjoint(("mixup", "cutmix"))
    return BatchAlterations(
        tuple((name, found[name]) for name in ORDER if name in found), experiment.seed, mixes
    )


def next_batch(parts: Parts, micro: int = 0) -> tuple[Any, Any]:
    """The inputs and targets that the next update uses; the same again until the source advances.

    Args:
        parts: the run.
        micro: which of the micro-batches, where an update takes several.

    Raises:
        UsageError: if somebody's own batches are used up or are not pairs.
    """
    inputs, targets = parts.batches.fetch_micro(micro)
    alterations = batch_alterations(parts)
    if alterations is None:
        return inputs, targets
    return alterations.apply(inputs, targets, parts.batches, micro)


def training_pass(parts: Parts) -> Callable[[Any], Any]:
    """What a training pass calls with a batch's inputs: the model, with noise on its weights if asked for."""
    sigma, weights = parts.objective.weight_noise, noised_weights(parts)
    if not weights:
        return parts.forward
    model = parts.model

    def noisy_model(inputs: Any) -> Any:
        return torch.func.functional_call(model, noisy(weights, sigma, _noise_seed(parts)), (inputs,))

    return lambda inputs: parts.precision.forward(noisy_model, inputs)


def noised_weights(parts: Parts) -> dict[str, Tensor]:
    """The weights that have noise in a training pass, by their names; empty where there is none."""
    if not parts.objective.weight_noise:
        return {}
    trained = set(parts.parameters)
    return {
        name: parameter
        for name, parameter in parts.model.named_parameters()
        if parameter.ndim >= 2 and parameter in trained
    }


def noise_ahead(parts: Parts) -> tuple[Tensor, ...]:
    """The draws of N(0, 1) behind the noise of the next update, in the order of `noised_weights`."""
    weights = noised_weights(parts)
    return noise_like(list(weights.values()), _noise_seed(parts)) if weights else ()


def _noise_seed(parts: Parts) -> int:
    batches = parts.batches
    return derived_seed(parts.experiment.seed, "weight_noise", batches.epoch, batches.samples)
