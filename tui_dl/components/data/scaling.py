"""Scaling of inputs: fitted on the training split alone, applied to all that the network ever sees."""

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tui_dl.components.data.samples import Inputs


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


def fit_scaling(normalise: str, inputs: Inputs, *, whole: bool = False) -> Scaling:
    """Fit on the training inputs (N, *input_shape).

    "standard" goes to mean 0 and deviation 1, "minmax" to [0, 1]; "none" changes nothing.
    A constant column keeps scale 1: it goes to 0 in training and stays finite wherever it varies elsewhere.

    Args:
        normalise: which of them.
        inputs: what is fitted on.
        whole: all pixels of a picture, or of each channel of (N, channels, height, width), count as one.
            A pixel in a corner that is lit once in 60000 pictures would else become 245 deviations there.
    """
    assert len(inputs) > 0, "nothing to fit on"
    columns = _by_channel(inputs) if whole else inputs
    low, high = columns.min(axis=0), columns.max(axis=0)
    if normalise == "standard":
        shift, scale = _moments(columns)
    elif normalise == "minmax":
        shift, scale = low.astype(np.float64), high.astype(np.float64) - low
    else:
        assert normalise == "none", normalise
        shift, scale = np.zeros(columns.shape[1:]), np.ones(columns.shape[1:])
    # A constant column's mean may be off by a rounding, which a deviation of 1e-17 would blow up.
    constant = (low == high) | (scale.astype(np.float32) == 0)
    if normalise == "standard":
        shift = np.where(constant, low, shift)
    scale = np.where(constant, 1.0, scale)
    if whole:
        shift, scale = (_over_pixels(each, inputs.shape[1:]) for each in (shift, scale))
    return Scaling(_tensor(shift), _tensor(scale))


def _by_channel(pictures: Inputs) -> Inputs:
    """(N · pixels, channels)."""
    if pictures.ndim != 4:
        return pictures.reshape(-1, 1)
    return np.moveaxis(pictures, 1, -1).reshape(-1, pictures.shape[1])


def _over_pixels(values: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """One value a channel (channels,) over the shape of a picture."""
    return np.broadcast_to(values.reshape(-1, 1, 1) if len(shape) == 3 else values.reshape(()), shape)


def _moments(columns: Inputs) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of each column."""
    if columns.dtype != np.uint8:
        return columns.mean(axis=0, dtype=np.float64), columns.std(axis=0, dtype=np.float64)
    # Of bytes, how often each of the 256 occurs says it all, without a copy that is eight times as large.
    levels = np.arange(256, dtype=np.float64)
    shares = [np.bincount(column, minlength=256) / len(column) for column in columns.T]
    means = np.array([share @ levels for share in shares])
    spread = [share @ (levels - mean) ** 2 for share, mean in zip(shares, means, strict=True)]
    return means, np.sqrt(np.array(spread))


def _tensor(values: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
