"""Every data set: types, splits, seeds and scaling; then what each generator promises."""

import subprocess
import sys

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tests.components.catalogue import DATA, name
from tui_dl.components.data import DataSplits, load_data
from tui_dl.components.data.scaling import fit_scaling
from tui_dl.components.data.splitting import split_indices
from tui_dl.spec import data as spec
from tui_dl.spec.data.sizes import held_out_count

SEED = 5


def _parts(splits: DataSplits) -> list[Tensor]:
    return [splits.train.inputs, splits.train.targets, splits.validation.inputs, splits.validation.targets]


def _same(first: DataSplits, second: DataSplits) -> bool:
    return all(torch.equal(a, b) for a, b in zip(_parts(first), _parts(second), strict=True))


def _unscaled(data: spec.AnyData) -> DataSplits:
    return load_data(msgspec.structs.replace(data, normalise="none"), SEED)


@pytest.mark.parametrize("data", DATA, ids=name)
def test_splits_have_the_declared_form(data: spec.AnyData) -> None:
    splits = load_data(data, SEED)
    for split in (splits.train, splits.validation):
        assert len(split) == len(split.targets) > 0
        assert split.inputs.shape[1:] == splits.input_shape
        assert split.inputs.dtype == torch.float32
        assert split.inputs.is_contiguous()
        assert split.targets.is_contiguous()
        assert split.inputs.isfinite().all()
        if data.task == "classification":
            assert (split.targets.dtype, split.targets.ndim) == (torch.int64, 1)
            assert set(split.targets.tolist()) == set(range(splits.outputs))
        else:
            assert (split.targets.dtype, tuple(split.targets.shape[1:])) == (torch.float32, (1,))
    assert splits.task == data.task
    assert len(splits.class_names) == (splits.outputs if data.task == "classification" else 0)
    assert len(set(splits.class_names)) == len(splits.class_names)


@pytest.mark.parametrize("data", DATA, ids=name)
def test_data_are_a_function_of_the_seed(data: spec.AnyData) -> None:
    assert _same(load_data(data, SEED), load_data(data, SEED))
    assert not _same(load_data(data, SEED), load_data(data, SEED + 1))
    assert len(load_data(data, 2**63 - 1).train) == len(load_data(data, 0).train)


@pytest.mark.parametrize("data", DATA, ids=name)
def test_global_generators_are_left_alone(data: spec.AnyData) -> None:
    of_torch, of_numpy = torch.get_rng_state(), np.random.get_state()[1].copy()  # type: ignore[index,union-attr]
    load_data(data, SEED)
    assert torch.equal(torch.get_rng_state(), of_torch)
    assert np.array_equal(np.random.get_state()[1], of_numpy)  # type: ignore[index]


@pytest.mark.parametrize("data", DATA, ids=name)
def test_scaling_is_fitted_on_train_alone(data: spec.AnyData) -> None:
    raw = _unscaled(data)
    standard = load_data(msgspec.structs.replace(data, normalise="standard"), SEED)
    varies = raw.train.inputs.amax(0) != raw.train.inputs.amin(0)
    mean, deviation = standard.train.inputs.mean(0), standard.train.inputs.std(0, correction=0)
    torch.testing.assert_close(mean, torch.zeros_like(mean), rtol=0, atol=1e-5)
    torch.testing.assert_close(deviation, varies.float(), rtol=1e-4, atol=1e-6)
    assert not torch.allclose(standard.validation.inputs.mean(0)[varies], mean[varies], atol=1e-4)
    minmax = load_data(msgspec.structs.replace(data, normalise="minmax"), SEED)
    assert torch.equal(minmax.train.inputs.amin(0), torch.zeros(raw.input_shape))
    assert torch.equal(minmax.train.inputs.amax(0), varies.float())


@pytest.mark.parametrize("data", DATA, ids=name)
@pytest.mark.parametrize("normalise", ["none", "standard", "minmax"])
def test_scaling_goes_there_and_back(data: spec.AnyData, normalise: str) -> None:
    raw, splits = _unscaled(data), load_data(msgspec.structs.replace(data, normalise=normalise), SEED)
    assert torch.equal(splits.scaling.apply(raw.validation.inputs), splits.validation.inputs)
    torch.testing.assert_close(
        splits.scaling.invert(splits.train.inputs), raw.train.inputs, rtol=1e-5, atol=1e-5
    )
    assert torch.equal(raw.scaling.apply(raw.train.inputs), raw.train.inputs)


@pytest.mark.parametrize("normalise", ["standard", "minmax"])
def test_a_constant_column_keeps_scale_1(normalise: str) -> None:
    # A column of 0.1 has a float64 mean that is not 0.1: its deviation is 1e-17, not 0.
    inputs = np.tile(np.array([[0.1, 0.0, 3.0]], dtype=np.float32), (7, 1))
    inputs[0, 2] = 5.0
    scaling = fit_scaling(normalise, inputs)
    assert scaling.scale[:2].tolist() == [1.0, 1.0]
    assert not scaling.apply(torch.from_numpy(inputs))[:, :2].any()
    assert scaling.apply(torch.tensor([[0.6, 2.0, 3.0]]))[0, :2].tolist() == pytest.approx([0.5, 2.0])


def test_digits_are_the_bundled_ones_split_1437_to_360_and_stratified() -> None:
    splits = load_data(spec.Digits(normalise="none"), 0)
    assert (len(splits.train), len(splits.validation)) == (1437, 360)
    assert (splits.input_shape, splits.outputs, splits.class_names) == ((8, 8), 10, tuple("0123456789"))
    from sklearn.datasets import load_digits

    both = torch.cat([splits.train.inputs, splits.validation.inputs]).flatten(1)
    assert sorted(both.tolist()) == sorted(load_digits().data.tolist())
    for label in range(10):
        in_train = (splits.train.targets == label).sum().item()
        held_out = (splits.validation.targets == label).sum().item()
        assert held_out == pytest.approx(360 / 1797 * (in_train + held_out), abs=1)


def test_moons_without_noise_are_scikit_learns() -> None:
    from sklearn.datasets import make_moons

    for samples in (4, 7, 100):
        splits = load_data(spec.Moons(samples=samples, noise=0), SEED)
        points, classes = make_moons(samples, shuffle=False)
        ours = torch.cat([splits.train.inputs, splits.validation.inputs]).double()
        labels = torch.cat([splits.train.targets, splits.validation.targets])
        for label in (0, 1):
            mine = np.array(sorted(ours[labels == label].tolist()))
            np.testing.assert_allclose(mine, np.array(sorted(points[classes == label].tolist())), atol=1e-6)


@given(
    arms=st.integers(1, 20),
    samples=st.integers(20, 300),
    turns=st.floats(0, 20),
    seed=st.integers(0, 2**63 - 1),
)
def test_a_spirals_points_lie_on_their_arms(arms: int, samples: int, turns: float, seed: int) -> None:
    splits = load_data(spec.Spiral(samples=samples, arms=arms, turns=turns, noise=0), seed)
    assert splits.outputs == arms
    for split in (splits.train, splits.validation):
        radius = split.inputs.double().norm(dim=1)
        angle = 2 * np.pi * (turns * radius + split.targets / arms)
        where = radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
        torch.testing.assert_close(where, split.inputs.double(), rtol=0, atol=1e-4)
        assert ((radius > 0) & (radius < 1 + 1e-6)).all()


def test_a_spirals_classes_are_balanced_and_one_arm_is_one_class() -> None:
    splits = load_data(spec.Spiral(samples=400, arms=2), 0)
    assert splits.train.targets.bincount().tolist() == [160, 160]
    alone = load_data(spec.Spiral(arms=1), 0)
    assert (alone.outputs, alone.class_names) == (1, ("arm 0",))
    assert not alone.train.targets.any()


def test_fewer_samples_than_arms_is_odd_but_works() -> None:
    splits = load_data(spec.Spiral(samples=4, arms=20), 0)
    assert (len(splits.train), len(splits.validation), splits.outputs) == (3, 1, 20)


def _fit(splits: DataSplits) -> tuple[float, float]:
    """Slope and intercept of least squares on train."""
    x = torch.cat([splits.train.inputs, torch.ones_like(splits.train.inputs)], dim=1).double()
    slope, intercept = torch.linalg.lstsq(x, splits.train.targets.double()).solution[:, 0].tolist()
    return slope, intercept


def test_a_line_has_its_slope_and_intercept() -> None:
    assert _fit(load_data(spec.Line(noise=0), SEED)) == pytest.approx((2.0, 1.0), abs=1e-5)
    assert _fit(load_data(spec.Line(slope=-3, intercept=0.5), SEED)) == pytest.approx((-3, 0.5), abs=0.1)


def test_outliers_are_the_largest_x_of_train_alone() -> None:
    clean = load_data(spec.Line(), SEED)
    spoilt = load_data(spec.Line(outliers=8), SEED)
    assert torch.equal(spoilt.train.inputs, clean.train.inputs)
    assert torch.equal(spoilt.validation.inputs, clean.validation.inputs)
    assert torch.equal(spoilt.validation.targets, clean.validation.targets)
    moved = (spoilt.train.targets - clean.train.targets)[:, 0]
    at = moved.nonzero()[:, 0]
    assert set(at.tolist()) == set(clean.train.inputs[:, 0].topk(8).indices.tolist())
    torch.testing.assert_close(moved[at], torch.full((8,), -10.0))
    assert _fit(spoilt)[0] < 0 < _fit(clean)[0]


def test_outliers_stay_the_same_points_under_any_scaling() -> None:
    plain, scaled = (load_data(spec.Line(outliers=8, normalise=how), SEED) for how in ("none", "standard"))
    assert torch.equal(plain.train.targets, scaled.train.targets)


def test_more_outliers_than_points_move_them_all() -> None:
    clean, spoilt = load_data(spec.Line(), SEED), load_data(spec.Line(outliers=1_000_000), SEED)
    torch.testing.assert_close(spoilt.train.targets, clean.train.targets - 10)
    assert torch.equal(spoilt.validation.targets, clean.validation.targets)


def test_a_sine_has_its_frequency_and_noise() -> None:
    splits = load_data(spec.Sine(samples=4000, frequency=2.5, noise=0.2), SEED)
    errors = splits.train.targets - torch.sin(2 * np.pi * 2.5 * splits.train.inputs)
    assert errors.std().item() == pytest.approx(0.2, rel=0.05)
    assert errors.mean().item() == pytest.approx(0, abs=0.02)


def test_noise_does_not_alter_who_is_held_out() -> None:
    quiet, loud = (load_data(spec.Moons(noise=noise), SEED) for noise in (0.0, 1e6))
    assert torch.equal(quiet.train.targets, loud.train.targets)
    assert loud.train.inputs.isfinite().all()


@given(
    classes=st.lists(st.integers(0, 6), min_size=4, max_size=200),
    share=st.floats(0.01, 0.9),
    seed=st.integers(0, 2**32),
)
def test_any_split_is_a_stratified_partition(classes: list[int], share: float, seed: int) -> None:
    labels = np.array(classes)
    train, validation = split_indices(labels, len(labels), share, np.random.default_rng(seed))
    assert sorted([*train, *validation]) == list(range(len(labels)))
    assert len(validation) == held_out_count(len(labels), share) > 0
    assert len(train) > 0
    for label in set(classes):
        count = classes.count(label)
        held_out = int((labels[validation] == label).sum())
        assert abs(held_out - count * len(validation) / len(labels)) <= 1 + 1e-9


def test_a_class_of_one_stays_in_train() -> None:
    labels = np.array([0] * 8 + [1] * 8 + [2])
    for seed in range(50):
        train, _ = split_indices(labels, 17, 0.6, np.random.default_rng(seed))
        assert 2 in labels[train]


@pytest.mark.parametrize(
    ("samples", "share", "held_out"), [(1797, 0.2, 360), (125, 0.2, 25), (4, 0.9, 3), (4, 0.01, 1)]
)
def test_the_share_is_rounded_up_and_never_all(samples: int, share: float, held_out: int) -> None:
    assert held_out_count(samples, share) == held_out


def test_only_bundled_data_wait_for_scikit_learn() -> None:
    script = """
import sys
from tui_dl.components.data import load_data
from tui_dl.spec import data
for one in (data.Spiral(), data.Moons(), data.Circles(), data.Blobs(), data.Xor(), data.Line()):
    load_data(one, 0)
assert "sklearn" not in sys.modules
load_data(data.Digits(), 0)
assert "sklearn" in sys.modules
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
