"""What each of the generated sets promises of its points, and the bundled ones of theirs."""

import numpy as np
import pytest
import torch
from torch import Tensor

from tui_dl.components.data import DataSplits, load_data, true_deviation
from tui_dl.spec import data as spec

SEED = 6


def _all(splits: DataSplits) -> tuple[Tensor, Tensor]:
    inputs = torch.cat([splits.train.inputs, splits.validation.inputs]).double()
    return inputs, torch.cat([splits.train.targets, splits.validation.targets])


@pytest.mark.parametrize("samples", [4, 7, 100])
def test_circles_without_noise_are_scikit_learns(samples: int) -> None:
    from sklearn.datasets import make_circles

    inputs, labels = _all(load_data(spec.Circles(samples=samples, noise=0, factor=0.3), SEED))
    points, classes = make_circles(samples, shuffle=False, factor=0.3)
    for label in (0, 1):
        mine, theirs = inputs[labels == label].numpy(), points[classes == label]
        distances = np.linalg.norm(mine[:, None] - theirs[None], axis=2)
        assert distances.min(axis=0).max() < 1e-6
        assert sorted(distances.argmin(axis=1)) == list(range(len(theirs)))


def test_blobs_lie_around_their_centres() -> None:
    inputs, labels = _all(load_data(spec.Blobs(samples=4000, centres=4, distance=5, noise=0.5), SEED))
    for label in range(4):
        angle = torch.tensor(2 * np.pi * label / 4)
        centre = 5 * torch.stack([angle.cos(), angle.sin()]).double()
        own = inputs[labels == label]
        torch.testing.assert_close(own.mean(0), centre, rtol=0, atol=0.08)
        assert own.std(0).tolist() == pytest.approx([0.5, 0.5], rel=0.1)


def test_xor_without_noise_is_told_by_the_signs() -> None:
    inputs, labels = _all(load_data(spec.Xor(noise=0), SEED))
    assert torch.equal((inputs[:, 0] * inputs[:, 1] < 0).long(), labels)
    quarters = 2 * (inputs[:, 0] > 0).long() + (inputs[:, 1] > 0).long()
    assert quarters.bincount().tolist() == [100] * 4
    assert inputs.abs().max() <= 1


def test_heteroscedastic_noise_grows_as_declared() -> None:
    data = spec.Heteroscedastic(samples=20_000)
    inputs, targets = _all(load_data(data, SEED))
    x = inputs.numpy()
    deviation = true_deviation(data, x)
    assert deviation is not None
    assert (deviation.min(), deviation.max()) == pytest.approx((0.05, 0.55), abs=1e-3)
    assert (x.min(), x.max()) == pytest.approx((-2, 2), abs=1e-3)
    scattered = (targets.double().numpy() - np.sin(2 * x)) / deviation
    for low in (-2, -1, 0, 1):
        inside = scattered[(x >= low) & (x < low + 1)]
        assert inside.std() == pytest.approx(1, abs=0.04)
        assert inside.mean() == pytest.approx(0, abs=0.05)


def test_the_deviation_is_known_where_it_was_put_in() -> None:
    x = np.array([[-2.0], [0.0], [2.0], [9.0]])
    growing = spec.Heteroscedastic(noise_left=0.4, noise_right=0.0)
    assert np.ravel(true_deviation(growing, x)).tolist() == pytest.approx([0.4, 0.2, 0, 0])
    assert np.ravel(true_deviation(spec.Line(noise=0.3), x)).tolist() == [0.3] * 4
    assert true_deviation(spec.Diabetes(), x) is None


@pytest.mark.parametrize(
    ("data", "samples", "inputs", "outputs", "first"),
    [
        (spec.Iris(), 150, 4, 3, "setosa"),
        (spec.Wine(), 178, 13, 3, "class_0"),
        (spec.BreastCancer(), 569, 30, 2, "malignant"),
        (spec.Diabetes(), 442, 10, 1, ""),
    ],
)
def test_bundled_sets_are_the_known_ones(
    data: spec.AnyData, samples: int, inputs: int, outputs: int, first: str
) -> None:
    splits = load_data(data, 0)
    assert len(splits.train) + len(splits.validation) == samples == data.fixed_samples
    assert (splits.input_shape, splits.outputs) == ((inputs,), outputs)
    assert splits.class_names[:1] == ((first,) if first else ())


def test_diabetes_is_not_scaled_by_samples_that_are_held_out() -> None:
    inputs, targets = _all(load_data(spec.Diabetes(normalise="none"), 0))
    ages = inputs[:, 0]
    assert (ages.min(), ages.max()) == (19, 79)
    assert (targets.min(), targets.max()) == (25, 346)
