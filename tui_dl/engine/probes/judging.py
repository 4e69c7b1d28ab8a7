"""How a classifier fares on the validation split: every sample judged, the worst first, one in full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

import numpy as np
import torch

from tui_dl.components import heads
from tui_dl.spec.heads import SOFTMAX
from tui_dl.wire.snapshots import ChosenSample, SampleView

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

    from tui_dl.components.data import DataSplits
    from tui_dl.spec.heads import Head

SAMPLES: Final = 48
"""Samples that are shown at most."""
MOST_CLASSES: Final = 128
"""Above this a confusion matrix is not to be read, and is left empty."""
MOST_INPUTS: Final = 12
"""A sample of more numbers than this is not shown as numbers."""


@final
@dataclass(frozen=True)
class Verdict:
    """What was found, on the host.

    Attributes:
        predicted: (N,) classes; -1 where the outputs are not finite.
        counts: by true and predicted class; empty for more than `MOST_CLASSES`.
        samples: the worst first.
        chosen: the one in full.
        undecided: how many have outputs that are not finite.
    """

    predicted: NDArray[np.int64]
    counts: tuple[tuple[int, ...], ...]
    samples: tuple[SampleView, ...]
    chosen: ChosenSample | None
    undecided: int


@final
class Judge:
    """Validation split, inputs of any shape; `pixels` uint8 (N, height · width) where they are pictures."""

    def __init__(
        self, splits: DataSplits, device: torch.device, pixels: NDArray[np.uint8] | None = None
    ) -> None:
        validation = splits.validation
        self._inputs, self._targets = validation.inputs.to(device), validation.targets.to(device)
        self._true = validation.targets.cpu().numpy()
        self._classes = splits.outputs
        self._pixels = pixels
        self._raw: NDArray[np.float64] | None = None
        if pixels is None and validation.inputs[0].numel() <= MOST_INPUTS:
            self._raw = splits.scaling.invert(validation.inputs).flatten(1).double().cpu().numpy()
        self._numbers: Tensor | None = None
        self._is_pinned = False
        self._head = SOFTMAX

    def look(self, answer: Callable[[Tensor], Tensor], sample: int | None, head: Head | None = None) -> None:
        """Ask for logits (N, classes); all that is wanted of them stays in one tensor on the device."""
        logits, self._head = answer(self._inputs), head or SOFTMAX
        probabilities = heads.probabilities(self._head, logits)
        decided = probabilities.isfinite().all(1)
        confidence, predicted = probabilities.max(1)
        of_true = probabilities.gather(1, self._targets[:, None])[:, 0].where(decided, 0.0)
        worst = of_true.argsort(stable=True)[:SAMPLES]
        self._is_pinned = sample is not None and 0 <= sample < len(self._true)
        chosen = worst[:1] if not self._is_pinned else torch.tensor([sample], device=worst.device)
        parts = (
            predicted.where(decided, -1),
            of_true,
            confidence.where(decided, 0.0),
            logits[chosen].flatten(),
            probabilities[chosen].flatten(),
            chosen,
            worst,
        )
        self._numbers = torch.cat([part.double() for part in parts])

    def verdict(self) -> Verdict:
        """What the last look showed; one read from the device."""
        assert self._numbers is not None, "look first"
        samples, classes = len(self._true), self._classes
        sizes = (samples, samples, samples, classes, classes, 1)
        parts = np.split(self._numbers.cpu().numpy(), np.cumsum(sizes))
        predicted, of_true, confidence, logits, probabilities, chosen, worst = parts
        guesses = predicted.astype(np.int64)

        def view(index: int) -> SampleView:
            return SampleView(
                index=index,
                pixels=b"" if self._pixels is None else self._pixels[index].tobytes(),
                true_class=int(self._true[index]),
                predicted_class=int(guesses[index]),
                probability=float(of_true[index]),
                confidence=float(confidence[index]),
            )

        index = int(chosen[0])
        return Verdict(
            predicted=guesses,
            counts=confusion(guesses, self._true, classes),
            samples=tuple(view(int(one)) for one in worst),
            chosen=ChosenSample(
                sample=view(index),
                logits=tuple(logits.tolist()),
                probabilities=tuple(probabilities.tolist()),
                rank=1 + int((of_true < of_true[index]).sum()),
                inputs=() if self._raw is None else tuple(self._raw[index].tolist()),
                is_pinned=self._is_pinned,
                squashed_by="sigmoid" if self._head.kind == "sigmoid" else "softmax",
            ),
            undecided=int((guesses < 0).sum()),
        )


def confusion(
    predicted: NDArray[np.int64], true: NDArray[np.int64], classes: int
) -> tuple[tuple[int, ...], ...]:
    """counts[true][predicted] of what is predicted at all; empty for more than `MOST_CLASSES`."""
    if classes > MOST_CLASSES:
        return ()
    decided = predicted >= 0
    places = true[decided] * classes + predicted[decided]
    counts = np.bincount(places, minlength=classes * classes).reshape(classes, classes)
    return tuple(tuple(row) for row in counts.tolist())
