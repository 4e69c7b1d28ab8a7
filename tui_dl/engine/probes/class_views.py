"""The views of other classifications: which classes are taken for which, and the samples that fare worst."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

import torch

from tui_dl.engine.probes.view import View
from tui_dl.wire.snapshots import ConfusionView, SamplesView, SampleView

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from tui_dl.components.data import DataSplits

SAMPLES: Final = 24
"""Samples that are shown at most."""
MOST_CLASSES: Final = 64
"""Above this a confusion matrix is not to be read, and is left empty."""


@final
class Confusion(View):
    """Validation split, inputs of any shape."""

    def __init__(self, splits: DataSplits, device: torch.device) -> None:
        self._inputs, self._targets = (
            part.to(device) for part in (splits.validation.inputs, splits.validation.targets)
        )
        self._class_names, self._classes = splits.class_names, splits.outputs
        self._counts: Tensor | None = None

    def look(self, answer: Callable[[Tensor], Tensor]) -> None:
        """Ask for the class of every sample."""
        self._counts = confusion(answer(self._inputs).argmax(1), self._targets, self._classes)

    def reading(self) -> ConfusionView:
        """Counts by true and predicted class."""
        assert self._counts is not None, "look first"
        return ConfusionView(self._class_names, _rows(self._counts.tolist(), self._classes))


@final
class WorstSamples(View):
    """Validation split of grey images, inputs (N, height, width) or (N, 1, height, width)."""

    def __init__(self, splits: DataSplits, device: torch.device) -> None:
        self._inputs, self._targets = (
            part.to(device) for part in (splits.validation.inputs, splits.validation.targets)
        )
        self._class_names, self._classes = splits.class_names, splits.outputs
        self._height, self._width = splits.input_shape[-2:]
        self._true = self._targets.tolist()
        raw = splits.scaling.invert(splits.validation.inputs).flatten(1).double().cpu()
        low, high = raw.min(), raw.max()
        levels = (raw - low) / (high - low).clamp_min(1e-12) * 255.0
        self._pixels = levels.round().to(torch.uint8).numpy()
        self._numbers: Tensor | None = None

    def look(self, answer: Callable[[Tensor], Tensor]) -> None:
        """Ask for the probability that each sample's own class gets."""
        probabilities = answer(self._inputs).softmax(1)
        predicted = probabilities.argmax(1)
        of_true = probabilities.gather(1, self._targets[:, None])[:, 0].nan_to_num(0.0)
        worst = of_true.topk(min(SAMPLES, len(of_true)), largest=False)
        counts = confusion(predicted, self._targets, self._classes)
        parts = (worst.indices, predicted[worst.indices], worst.values, counts)
        self._numbers = torch.cat([part.double() for part in parts])

    def reading(self) -> SamplesView:
        """The worst samples first, and the counts over the whole split."""
        assert self._numbers is not None, "look first"
        numbers = self._numbers.tolist()
        shown = min(SAMPLES, len(self._true))
        indices, predicted, probabilities = (numbers[part * shown : (part + 1) * shown] for part in range(3))
        samples = tuple(
            SampleView(
                index=int(index),
                pixels=self._pixels[int(index)].tobytes(),
                true_class=self._true[int(index)],
                predicted_class=int(guess),
                probability=probability,
            )
            for index, guess, probability in zip(indices, predicted, probabilities, strict=True)
        )
        counts = _rows(numbers[3 * shown :], self._classes)
        return SamplesView(self._height, self._width, samples, self._class_names, counts)


def confusion(predicted: Tensor, true: Tensor, classes: int) -> Tensor:
    """Counts int64 (classes²,), row by row of the true class; empty for more than `MOST_CLASSES`."""
    if classes > MOST_CLASSES:
        return torch.empty(0, dtype=torch.int64, device=true.device)
    counts = torch.zeros(classes * classes, dtype=torch.int64, device=true.device)
    return counts.scatter_add_(0, true * classes + predicted, torch.ones_like(true))


def _rows(counts: list[float], classes: int) -> tuple[tuple[int, ...], ...]:
    return tuple(
        tuple(int(count) for count in counts[start : start + classes])
        for start in range(0, len(counts), classes)
    )
