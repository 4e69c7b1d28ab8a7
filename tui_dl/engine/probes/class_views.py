"""The views of other classifications: which classes are taken for which, and the samples that fare worst."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, final

import torch
from torch.nn import functional as F

from tui_dl.engine.probes.judging import Judge
from tui_dl.engine.probes.view import View, Wish
from tui_dl.wire.snapshots import ConfusionView, SamplesView

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from tui_dl.components.data import DataSplits
    from tui_dl.spec.heads import Head

LARGEST_PICTURE: Final = 32
"""Pixels across or down; a larger picture is averaged down to this at most."""


@final
class Confusion(View):
    """Validation split, inputs of any shape."""

    def __init__(self, splits: DataSplits, device: torch.device) -> None:
        self._judge = Judge(splits, device)
        self._class_names = splits.class_names

    def look(self, answer: Callable[[Tensor], Tensor], wish: Wish, head: Head | None = None) -> None:
        """Ask for the logits of every sample."""
        self._judge.look(answer, wish.sample, head)

    def reading(self) -> ConfusionView:
        """Counts by true and predicted class, the worst samples and the chosen one."""
        found = self._judge.verdict()
        return ConfusionView(self._class_names, found.counts, found.samples, found.chosen, found.undecided)


@final
class WorstSamples(View):
    """Validation split of pictures: inputs (N, height, width), or (N, channels, height, width) of 1 or 3."""

    def __init__(self, splits: DataSplits, device: torch.device) -> None:
        grey = _grey_levels(splits)
        self._height, self._width = grey.shape[-2:]
        pixels: NDArray[np.uint8] = grey.flatten(1).numpy()
        self._judge = Judge(splits, device, pixels)
        self._class_names = splits.class_names

    def look(self, answer: Callable[[Tensor], Tensor], wish: Wish, head: Head | None = None) -> None:
        """Ask for the logits of every sample."""
        self._judge.look(answer, wish.sample, head)

    def reading(self) -> SamplesView:
        """The worst samples first, the chosen one, and the counts over the whole split."""
        found = self._judge.verdict()
        return SamplesView(
            self._height,
            self._width,
            found.samples,
            self._class_names,
            found.counts,
            found.chosen,
            found.undecided,
        )


def is_picture(shape: tuple[int, ...]) -> bool:
    """Whether inputs of this shape are grey or coloured pictures."""
    return len(shape) == 2 or (len(shape) == 3 and shape[0] in (1, 3))


def _grey_levels(splits: DataSplits) -> Tensor:
    """uint8 (N, height, width): the mean of the channels, over the whole range of the split."""
    raw = splits.scaling.invert(splits.validation.inputs).float().cpu()
    grey = raw.mean(1) if raw.ndim == 4 else raw
    height, width = grey.shape[-2:]
    factor = math.ceil(max(height, width) / LARGEST_PICTURE)
    if factor > 1:
        grey = F.adaptive_avg_pool2d(grey[:, None], (-(-height // factor), -(-width // factor)))[:, 0]
    low, high = grey.min(), grey.max()
    return ((grey - low) / (high - low).clamp_min(1e-12) * 255.0).round().to(torch.uint8)
