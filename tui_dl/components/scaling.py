"""Scaling of inputs: fitted on the training split alone, applied to all that the network ever sees."""

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@final
@dataclass(frozen=True)
class Scaling:
    """x ↦ (x - shift) / scale for each input by itself; both tensors have the shape of one sample's input."""

    shift: Tensor
    scale: Tensor

    def apply(self, inputs: Tensor) -> Tensor:
        """Scale raw inputs (N, *input_shape) as the network expects them."""
        return (inputs - self.shift.to(inputs.device)) / self.scale.to(inputs.device)

    def invert(self, inputs: Tensor) -> Tensor:
        """Turn scaled inputs (N, *input_shape) into raw ones again, to rounding."""
        return inputs * self.scale.to(inputs.device) + self.shift.to(inputs.device)


def fit_scaling(normalise: str, inputs: NDArray[np.float32]) -> Scaling:
    """Fit on the training inputs (N, *input_shape).

    "standard" goes to mean 0 and deviation 1, "minmax" to [0, 1]; "none" changes nothing.
    A constant column keeps scale 1: it goes to 0 in training and stays finite wherever it varies elsewhere.
    """
    assert len(inputs) > 0, "nothing to fit on"
    low, high = inputs.min(axis=0), inputs.max(axis=0)
    if normalise == "standard":
        shift, scale = inputs.mean(axis=0, dtype=np.float64), inputs.std(axis=0, dtype=np.float64)
    elif normalise == "minmax":
        shift, scale = low.astype(np.float64), high.astype(np.float64) - low
    else:
        assert normalise == "none", normalise
        shift, scale = np.zeros(inputs.shape[1:]), np.ones(inputs.shape[1:])
    # A constant column's mean may be off by a rounding, which a deviation of 1e-17 would blow up.
    constant = (low == high) | (scale.astype(np.float32) == 0)
    if normalise == "standard":
        shift = np.where(constant, low, shift)
    scale = np.where(constant, 1.0, scale)
    return Scaling(_tensor(shift), _tensor(scale))


def _tensor(values: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
