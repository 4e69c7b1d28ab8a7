"""Weights in levels: each against the weight that it stands for, and no trace of having looked."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn

from tests.engine.probes.observing import make_batch, trainer, trainer_of, weights
from tui_dl.engine.probes.matrix import MOST_COLUMNS, MOST_ROWS, NOT_FINITE, MatrixProbe, read_matrix
from tui_dl.wire.pictures import MatrixRead


def looked(
    preset: str, layer: str = "", changes: dict[str, object] | None = None
) -> tuple[MatrixRead, Tensor]:
    seen, probe = trainer(preset, changes), MatrixProbe()
    probe.layer = layer
    make_batch(seen, probe)
    reading = probe.reading()
    assert isinstance(reading, MatrixRead)
    module = seen.model.get_submodule(reading.layer)
    assert isinstance(module.weight, Tensor)
    return reading, module.weight.detach()


def levels(reading: MatrixRead) -> NDArray[np.int8]:
    return np.frombuffer(reading.levels, np.int8).reshape(reading.rows, reading.columns)


def test_each_level_is_its_weight_after_the_update() -> None:
    reading, weight = looked("digits-mlp", "layers.1")
    assert (reading.layer, reading.shape, reading.rows, reading.columns) == ("layers.1", (64, 64), 64, 64)
    scale = float(weight.abs().max())
    assert reading.scale == pytest.approx(scale)
    assert (levels(reading) == (weight / scale * 127).round().numpy()).all()
    assert reading.lowest == pytest.approx(float(weight.min()))
    assert reading.highest == pytest.approx(float(weight.max()))
    assert (reading.negative, reading.zeros, reading.nonfinite) == (int((weight < 0).sum()), 0, 0)
    assert (reading.units, reading.pictures) == (0, b"")


def test_a_first_layer_on_pictures_has_one_for_each_unit() -> None:
    reading, weight = looked("matrix-of-models")
    assert (reading.shape, reading.units, reading.height, reading.width) == ((10, 64), 10, 8, 8)
    found = np.frombuffer(reading.pictures, np.int8).reshape(10, 8, 8)
    scaled = (weight / weight.abs().max() * 127).round().reshape(10, 8, 8)
    assert (found == scaled.numpy()).all()
    assert looked("outliers")[0].units == 0


def test_filters_are_pictures_where_they_look_at_an_image() -> None:
    model = {"model": {"name": "cnn", "channels": [3, 4], "hidden": [8]}}
    first, weight = looked("digits-mlp", "", model)
    assert first.shape == tuple(weight.shape)
    assert (first.rows, first.columns) == (3, weight[0].numel())
    assert (first.units, first.height, first.width) == (3, *weight.shape[2:])


def test_in_a_block_the_largest_stands_for_all() -> None:
    weight = torch.randn(3 * MOST_ROWS - 5, 2 * MOST_COLUMNS - 3)
    weight[0, 0] = -9.0
    reading = read_matrix("large", weight)
    assert reading.rows <= MOST_ROWS
    assert reading.columns <= MOST_COLUMNS
    assert levels(reading)[0, 0] == -127
    for row, column in ((1, 1), (reading.rows - 1, reading.columns - 1), (40, 7)):
        block = weight[3 * row : 3 * row + 3, 2 * column : 2 * column + 2].flatten()
        largest = block[block.abs().argmax()]
        assert levels(reading)[row, column] == round(float(largest) / 9 * 127)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 5).flatmap(
        lambda wide: st.lists(
            st.lists(st.floats(width=32), min_size=wide, max_size=wide), min_size=1, max_size=5
        )
    )
)
def test_any_weights_have_levels(rows: list[list[float]]) -> None:
    weight = torch.tensor(rows)
    reading = read_matrix("any", weight)
    found, finite = levels(reading), weight.isfinite().numpy()
    assert (found[~finite] == NOT_FINITE).all()
    assert (found[finite] >= -127).all()
    assert reading.nonfinite == int((~finite).sum())
    assert (reading.lowest is None) == (not finite.any())
    for level, value in zip(found[finite], weight.numpy()[finite], strict=True):
        assert level == 0 or (level > 0) == (value > 0)


def test_a_chosen_layer_without_a_matrix_has_no_picture() -> None:
    changes = {"regularizers": [{"name": "batch_norm"}]}
    seen, probe = trainer("digits-mlp", changes), MatrixProbe()
    norm = next(name for name, each in seen.model.named_modules() if isinstance(each, nn.BatchNorm1d))
    probe.layer = norm
    assert probe.at_rest(seen, None) is None


def test_somebodys_own_layer_is_shown_and_nothing_of_it_changes() -> None:
    model = nn.Sequential(nn.Linear(3, 2))
    seen, probe = trainer_of(model, torch.randn(4, 3)), MatrixProbe()
    before = weights(seen)
    reading = probe.at_rest(seen, None)
    assert isinstance(reading, MatrixRead)
    assert reading.shape == (2, 3)
    assert math.isclose(reading.scale, float(before["0.weight"].abs().max()), rel_tol=1e-6)
    assert all(torch.equal(before[name], value) for name, value in weights(seen).items())
