"""The view of a regression over many inputs: what is predicted against what is true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

import numpy as np
import torch

from tui_dl.components.heads import means
from tui_dl.engine.probes.curve_view import outliers
from tui_dl.engine.probes.view import View, Wish, evenly_chosen
from tui_dl.spec.heads import VALUE
from tui_dl.wire.snapshots import CurveView

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

    from tui_dl.components.data import DataSplits
    from tui_dl.spec.heads import Head

POINTS: Final = 400
"""Points of a split that are sent at most, evenly chosen."""


@final
class PredictedByTrue(View):
    """Inputs of any shape, targets (N, 1). A perfect model's points lie on the line through (a, a)."""

    def __init__(self, splits: DataSplits, device: torch.device) -> None:
        parts = (splits.train, splits.validation)
        chosen = [evenly_chosen(len(split), POINTS) for split in parts]
        inputs = [split.inputs[each] for split, each in zip(parts, chosen, strict=True)]
        self._true = [
            split.targets[each].reshape(-1).double().cpu().numpy()
            for split, each in zip(parts, chosen, strict=True)
        ]
        self._asked = torch.cat([each.to(device) for each in inputs])
        self._outputs: Tensor | None = None
        self._head = VALUE

    def look(self, answer: Callable[[Tensor], Tensor], wish: Wish, head: Head | None = None) -> None:
        """Ask for the prediction at every point."""
        self._head, self._outputs = head or VALUE, answer(self._asked)

    def reading(self) -> CurveView:
        """Points of both splits, the line on which all would lie, and true minus predicted."""
        assert self._outputs is not None, "look first"
        outputs = self._outputs.reshape(len(self._asked), -1).double().cpu()
        predicted = means(self._head, outputs)[:, 0].numpy()
        of_train, of_validation = np.split(predicted, [len(self._true[0])])
        train, validation = self._true[0] - of_train, self._true[1] - of_validation
        low, high = _ends(*self._true)
        return CurveView(
            train_x=tuple(self._true[0].tolist()),
            train_y=tuple(of_train.tolist()),
            validation_x=tuple(self._true[1].tolist()),
            validation_y=tuple(of_validation.tolist()),
            grid_x=(low, high),
            grid_y=(low, high),
            train_residuals=tuple(train.tolist()),
            validation_residuals=tuple(validation.tolist()),
            outliers=outliers(train),
            train_rms=_rms(train),
            validation_rms=_rms(validation),
            is_against_true=True,
        )


def _ends(*parts: NDArray[np.float64]) -> tuple[float, float]:
    values = np.concatenate(parts)
    return float(values.min()), float(values.max())


def _rms(residuals: NDArray[np.float64]) -> float | None:
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sqrt(np.mean(np.square(residuals)))) if residuals.size else None
