"""Data in torch: the two splits of a data set, scaled, whole and in memory."""

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tui_dl.components.samples import draw_samples, spoil_training
from tui_dl.components.scaling import Scaling, fit_scaling
from tui_dl.components.splitting import split_indices
from tui_dl.spec.data import AnyData

__all__ = ["DataSplits", "Scaling", "Split", "load_data"]


@final
@dataclass(frozen=True)
class Split:
    """Inputs float32 (N, *input_shape), classes int64 (N,) or values float32 (N, 1); CPU, contiguous."""

    inputs: Tensor
    targets: Tensor

    def __len__(self) -> int:
        return len(self.inputs)


@final
@dataclass(frozen=True)
class DataSplits:
    """What a network learns from and what it is judged by.

    Attributes:
        train: samples for updates.
        validation: samples held out.
        task: "classification" or "regression".
        input_shape: shape of one sample's input.
        outputs: numbers that a model must give: one for each class, or one value.
        class_names: of a classification, by class index.
        scaling: what was done to the raw inputs.
    """

    train: Split
    validation: Split
    task: str
    input_shape: tuple[int, ...]
    outputs: int
    class_names: tuple[str, ...]
    scaling: Scaling

    @property
    def classes(self) -> int:
        """How many classes there are; 0 for values."""
        return self.outputs if self.task == "classification" else 0


def load_data(data: AnyData, seed: int) -> DataSplits:
    """Load or generate the data, split it and scale it: a pure function of both arguments.

    Splits are stratified by class; scaling is fitted on train alone; no global generator is touched. Samples
    and split draw from streams of their own, so that a data set's noise doesn't alter who is held out.
    """
    of_samples, of_split = (np.random.default_rng(one) for one in np.random.SeedSequence(seed).spawn(2))
    samples = draw_samples(data, of_samples)
    classified = data.task == "classification"
    classes = samples.targets.astype(np.int64, copy=False) if classified else None
    train, validation = split_indices(classes, len(samples.inputs), data.validation_share, of_split)
    raw_targets = samples.targets[train]
    if not classified:
        raw_targets = spoil_training(data, samples.inputs[train], raw_targets.astype(np.float32, copy=False))
    scaling = fit_scaling(data.normalise, samples.inputs[train])
    return DataSplits(
        train=_split(samples.inputs[train], raw_targets, scaling),
        validation=_split(samples.inputs[validation], samples.targets[validation], scaling),
        task=data.task,
        input_shape=samples.inputs.shape[1:],
        outputs=len(samples.class_names) if classified else 1,
        class_names=samples.class_names,
        scaling=scaling,
    )


def _split(
    inputs: NDArray[np.float32], targets: NDArray[np.int64] | NDArray[np.float32], scaling: Scaling
) -> Split:
    return Split(scaling.apply(torch.from_numpy(inputs)).contiguous(), torch.from_numpy(targets).contiguous())
