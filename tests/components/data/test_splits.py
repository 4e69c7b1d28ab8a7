"""The test split, the subset, and that neither alters what another setting has drawn."""

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tests.components.catalogue import DATA, name
from tui_dl.components.data import load_data
from tui_dl.components.data.splitting import stratified_choice
from tui_dl.errors import SpecError
from tui_dl.spec import data as spec
from tui_dl.spec.data.sizes import held_out_count, split_sizes

SEED = 3


def _with(data: spec.AnyData, **settings: object) -> spec.AnyData:
    return msgspec.structs.replace(data, normalise="none", **settings)


def _rows(inputs: Tensor, targets: Tensor) -> list[list[float]]:
    return sorted(torch.cat([inputs.flatten(1), targets.reshape(len(targets), -1).float()], 1).tolist())


@pytest.mark.parametrize("data", DATA, ids=name)
def test_the_three_splits_are_a_partition_of_all_samples(data: spec.AnyData) -> None:
    both, three = load_data(_with(data), SEED), load_data(_with(data, test_share=0.25), SEED)
    assert both.test is None
    assert three.test is not None
    assert set(three.by_name) == {"train", "validation", "test"}
    whole = _rows(*(torch.cat([getattr(each, kind) for each in three.by_name.values()]) for kind in _KINDS))
    assert whole == _rows(
        *(torch.cat([getattr(each, kind) for each in both.by_name.values()]) for kind in _KINDS)
    )
    count = len(both.train) + len(both.validation)
    assert len(three.test) == held_out_count(count, 0.25)
    assert split_sizes(_with(data, test_share=0.25)) == (len(three.train), len(three.validation))
    if data.task == "classification":
        shares = [
            split.targets.bincount(minlength=three.outputs) / len(split) for split in three.by_name.values()
        ]
        for share in shares[1:]:
            torch.testing.assert_close(share, shares[0], rtol=0, atol=0.04)


_KINDS = ("inputs", "targets")


@pytest.mark.parametrize("data", DATA, ids=name)
def test_what_is_put_away_depends_on_no_other_setting(data: spec.AnyData) -> None:
    once = load_data(_with(data, test_share=0.2), SEED).test
    again = load_data(_with(data, test_share=0.2, validation_share=0.5, subset=20), SEED).test
    assert once is not None
    assert again is not None
    assert torch.equal(once.inputs, again.inputs)
    assert torch.equal(once.targets, again.targets)


def test_scaling_knows_nothing_of_the_test_split() -> None:
    splits = load_data(spec.Wine(test_share=0.3), SEED)
    assert splits.test is not None
    mean = splits.train.inputs.mean(0)
    torch.testing.assert_close(mean, torch.zeros_like(mean), rtol=0, atol=1e-5)
    assert splits.test.inputs.mean(0).abs().max() > 0.01


@pytest.mark.parametrize("data", DATA, ids=name)
def test_a_subset_is_of_train_alone(data: spec.AnyData) -> None:
    whole, cut = load_data(_with(data), SEED), load_data(_with(data, subset=20), SEED)
    assert len(cut.train) == 20
    assert torch.equal(cut.validation.inputs, whole.validation.inputs)
    of_whole = {tuple(row) for row in whole.train.inputs.flatten(1).tolist()}
    assert all(tuple(row) in of_whole for row in cut.train.inputs.flatten(1).tolist())
    if data.task == "classification":
        assert len(set(cut.train.targets.tolist())) == whole.outputs


def test_scaling_is_fitted_on_the_subset() -> None:
    splits = load_data(spec.Digits(subset=200, normalise="minmax"), 0)
    assert splits.train.inputs.amax() == 1.0
    assert splits.validation.inputs.amax() > 1.0


def test_a_subset_larger_than_train_is_refused() -> None:
    with pytest.raises(
        SpecError, match=r"data.subset: 121 is more than the 120 training samples; 0 uses all"
    ):
        load_data(spec.Iris(subset=121), 0)


@given(classes=st.lists(st.integers(0, 6), min_size=4, max_size=120), data=st.data())
def test_any_choice_is_stratified(classes: list[int], data: st.DataObject) -> None:
    labels = np.array(classes)
    count = data.draw(st.integers(1, len(classes)))
    chosen = stratified_choice(labels, len(labels), count)
    assert len(set(chosen.tolist())) == len(chosen) == count
    if count >= len(set(classes)):
        assert set(labels[chosen]) == set(classes)
    for label in set(classes):
        exact = classes.count(label) * count / len(classes)
        # Where each class gets one at least, the largest give way.
        assert int((labels[chosen] == label).sum()) <= max(exact + 1, 1)
