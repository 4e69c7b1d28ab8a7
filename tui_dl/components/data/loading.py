"""From a declared data set to its splits in torch: drawn, split, filled, scaled."""

from dataclasses import dataclass, field
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

from tui_dl.components.data.filling import fit_filling
from tui_dl.components.data.labels import class_weights, mislabelled
from tui_dl.components.data.samples import Inputs, Samples, draw_samples, spoil_training
from tui_dl.components.data.scaling import Scaling, fit_scaling
from tui_dl.components.data.splits import DataSplits, Split
from tui_dl.components.data.splitting import Indices, split_indices, stratified_choice
from tui_dl.errors import SpecError
from tui_dl.spec.data import AnyData
from tui_dl.spec.data.base import Labelled

Targets = NDArray[np.int64] | NDArray[np.float32]


@final
@dataclass(frozen=True)
class _Streams:
    """Random numbers for each purpose, so that one setting doesn't alter what another draws."""

    samples: np.random.Generator
    split: np.random.Generator
    test: np.random.Generator
    labels: np.random.Generator

    @classmethod
    def of(cls, seed: int) -> "_Streams":
        # A stream's numbers don't depend on how many are spawned: new purposes go to the end.
        children = np.random.SeedSequence(seed).spawn(len(cls.__dataclass_fields__))
        return cls(*(np.random.default_rng(child) for child in children))


@final
@dataclass(frozen=True)
class _Chosen:
    """Which samples are in which split; an own test split is no part of them."""

    train: Indices
    validation: Indices
    test: Indices = field(default_factory=lambda: np.empty(0, dtype=np.int64))


def load_data(data: AnyData, seed: int) -> DataSplits:
    """Load or generate the data, split it and scale it: a pure function of both and of the user's files.

    Splits are stratified by class; filling and scaling are fitted on train alone; no global generator is
    touched.

    Raises:
        NotAvailable: if files can't be had or can't be used.
        SpecError: if a setting does not fit what is in them.
    """
    streams = _Streams.of(seed)
    samples = draw_samples(data, streams.samples)
    is_classified = data.task == "classification"
    classes = samples.targets.astype(np.int64, copy=False) if is_classified else None
    chosen = _choose(data, samples, classes, streams)
    inputs, targets = samples.inputs[chosen.train], samples.targets[chosen.train]
    if not is_classified:
        targets = spoil_training(data, inputs, targets.astype(np.float32, copy=False))
    elif isinstance(data, Labelled):
        targets = _noisy(data, samples, targets.astype(np.int64, copy=False), streams)
    filling = fit_filling(samples.fill, inputs)
    scaling = fit_scaling(data.normalise, filling.apply(inputs), whole=samples.is_scaled_whole)

    def split(raw: Inputs, of_them: Targets) -> Split:
        return _split(filling.apply(raw), of_them, scaling)

    test = _test_split(samples, chosen)
    of_test = None if test is None else split(*test)
    held_out = split(samples.inputs[chosen.validation], samples.targets[chosen.validation])
    return DataSplits(
        train=split(inputs, targets),
        # A data set with a test split of its own may do without: that judges it then, and nothing is tuned.
        validation=of_test if of_test is not None and not len(chosen.validation) else held_out,
        task=data.task,
        input_shape=samples.inputs.shape[1:],
        outputs=len(samples.class_names) if is_classified else samples.targets.shape[1],
        class_names=samples.class_names,
        scaling=scaling,
        test=of_test,
        class_weights=_weights(data, samples, targets),
    )


def _choose(data: AnyData, samples: Samples, classes: Indices | None, streams: _Streams) -> _Chosen:
    """The test split is taken first, then validation from the rest, then what trains is cut to the subset."""
    kept = np.arange(len(samples.inputs))
    test = kept[:0]
    test_share = getattr(data, "test_share", 0.0)
    if test_share > 0 and samples.test is None:
        kept, test = split_indices(classes, len(kept), test_share, streams.test)
        kept.sort()
    of_kept = None if classes is None else classes[kept]
    if data.validation_share > 0 or samples.test is None:
        train, validation = split_indices(of_kept, len(kept), data.validation_share, streams.split)
    else:
        train, validation = streams.split.permutation(len(kept)), kept[:0]
    train, validation = kept[train], kept[validation]
    if data.subset > len(train):
        raise SpecError(
            f"{data.subset} is more than the {len(train)} training samples; 0 uses all.", key="data.subset"
        )
    if data.subset:
        train = train[stratified_choice(None if classes is None else classes[train], len(train), data.subset)]
    return _Chosen(train, validation, test)


def _test_split(samples: Samples, chosen: _Chosen) -> tuple[Inputs, Targets] | None:
    if samples.test is not None:
        return samples.test.inputs.copy(), samples.test.targets.copy()
    return (samples.inputs[chosen.test], samples.targets[chosen.test]) if len(chosen.test) else None


def _noisy(data: Labelled, samples: Samples, classes: Indices, streams: _Streams) -> Indices:
    if data.label_noise == 0:
        return classes
    if len(samples.class_names) < 2:
        raise SpecError("needs a second class to mistake a label for.", key="data.label_noise")
    return mislabelled(classes, data.label_noise, len(samples.class_names), streams.labels)


def _weights(data: AnyData, samples: Samples, targets: Targets) -> torch.Tensor | None:
    if not isinstance(data, Labelled) or data.task != "classification":
        return None
    count = len(samples.class_names)
    if isinstance(data.class_weights, tuple) and len(data.class_weights) != count:
        raise SpecError(
            f"must be one weight for each of the {count} classes, not {len(data.class_weights)}.",
            key="data.class_weights",
        )
    return class_weights(data.class_weights, targets.astype(np.int64, copy=False), count)


def _split(inputs: Inputs, targets: Targets, scaling: Scaling) -> Split:
    """`inputs` is a copy that may be written to."""
    scaled = torch.from_numpy(inputs).to(torch.float32, memory_format=torch.contiguous_format)
    # In place, as `Scaling.apply` would to the bit: large sets of pictures take three times the memory else.
    return Split(scaled.sub_(scaling.shift).div_(scaling.scale), torch.from_numpy(targets).contiguous())
