"""Label noise and class weights."""

import msgspec
import numpy as np
import pytest
import torch

from tests.components.catalogue import DATA, name
from tui_dl.components.data import load_data
from tui_dl.components.data.labels import class_weights, mislabelled
from tui_dl.spec import data as spec

CLASSES = [data for data in DATA if data.task == "classification"]
SEED = 4


@pytest.mark.parametrize("data", CLASSES, ids=name)
def test_noise_is_in_the_labels_of_train_alone(data: spec.AnyData) -> None:
    clean = load_data(data, SEED)
    noisy = load_data(msgspec.structs.replace(data, label_noise=0.3, test_share=0.0), SEED)
    wrong = clean.train.targets != noisy.train.targets
    assert int(wrong.sum()) == round(0.3 * len(clean.train))
    assert torch.equal(clean.train.inputs, noisy.train.inputs)
    assert torch.equal(clean.validation.targets, noisy.validation.targets)
    assert set(noisy.train.targets.tolist()) <= set(range(clean.outputs))
    other = load_data(msgspec.structs.replace(data, label_noise=0.3), SEED + 1)
    assert not torch.equal(other.train.targets, noisy.train.targets)


def test_each_other_class_is_as_likely() -> None:
    rng = np.random.default_rng(0)
    spoilt = mislabelled(np.full(9000, 2), 1.0, 4, rng)
    counts = np.bincount(spoilt, minlength=4)
    assert counts[2] == 0
    assert counts[[0, 1, 3]].min() > 2800


def test_less_noise_is_a_part_of_more() -> None:
    classes = np.arange(1000) % 5
    some, more = (mislabelled(classes, share, 5, np.random.default_rng(1)) for share in (0.1, 0.4))
    assert set(np.flatnonzero(some != classes)) < set(np.flatnonzero(more != classes))


def test_balanced_weights_are_scikit_learns() -> None:
    from sklearn.utils.class_weight import compute_class_weight

    classes = np.array([0] * 50 + [1] * 30 + [2] * 5)
    ours = class_weights("balanced", classes, 3)
    assert ours is not None
    np.testing.assert_allclose(
        ours.numpy(), compute_class_weight("balanced", classes=np.arange(3), y=classes), rtol=1e-6
    )
    assert class_weights("none", classes, 3) is None
    missing = class_weights("balanced", classes, 4)
    assert missing is not None
    assert missing[3] == 0


def test_weights_are_of_the_labels_that_train() -> None:
    splits = load_data(spec.BreastCancer(class_weights="balanced"), SEED)
    assert splits.class_weights is not None
    counts = splits.train.targets.bincount()
    torch.testing.assert_close(splits.class_weights, len(splits.train) / (2 * counts).float())
    given = load_data(spec.BreastCancer(class_weights=(1.0, 5.0)), SEED)
    assert given.class_weights is not None
    assert given.class_weights.tolist() == [1.0, 5.0]
    assert load_data(spec.BreastCancer(), SEED).class_weights is None
    assert load_data(spec.Sine(), SEED).class_weights is None
