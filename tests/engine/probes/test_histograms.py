import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from tests.engine.probes.observing import make_batch, trainer, trainer_of
from tui_dl.engine.probes.histograms import BINS, HistogramsProbe, histogram_rows


def row(values: Tensor) -> tuple[float, float, int, int, float, float, np.ndarray]:
    low, high, zeros, nonfinite, mean, std, _, _, _, _, *counts = histogram_rows(values[None])[0].tolist()
    return low, high, int(zeros), int(nonfinite), mean, std, np.array(counts)


def outside(values: Tensor) -> tuple[int, int, float, float]:
    below, above, lowest, highest = histogram_rows(values[None])[0, 6:10].tolist()
    return int(below), int(above), lowest, highest


@pytest.mark.parametrize("size", [1, 2, 7, 640, 4096, 100_000])
def test_counts_are_numpys(size: int) -> None:
    values = torch.randn(size, generator=torch.Generator().manual_seed(size)) * 0.1
    low, high, zeros, nonfinite, mean, std, counts = row(values)
    exact = values.double().numpy()
    expected, _ = np.histogram(np.clip(exact, low, high), BINS, (low, high))
    assert np.array_equal(counts, expected)
    assert (zeros, nonfinite) == (0, 0)
    assert mean == pytest.approx(exact.mean(), abs=1e-12)
    assert std == pytest.approx(exact.std(), abs=1e-12)


def test_the_range_is_that_of_the_values() -> None:
    values = torch.rand(1000)
    low, high, *_ = row(values)
    assert (low, high) == (float(values.min()), float(values.max()))


def test_one_outlier_does_not_press_all_else_into_one_bin() -> None:
    values = torch.cat([torch.randn(4095), torch.tensor([1e9])])
    low, high, _, _, _, _, counts = row(values)
    assert high < 20
    assert counts.sum() == 4096
    assert counts[-1] >= 1
    assert (counts > 0).sum() > BINS / 4
    assert low == pytest.approx(float(values.min()))
    assert outside(values) == (0, 1, low, 1e9)
    assert outside(-values) == (1, 0, -1e9, -low)


@given(st.lists(st.floats(width=32, allow_nan=True, allow_infinity=True), min_size=1, max_size=60))
def test_what_lies_outside_of_the_range_is_numpys(values: list[float]) -> None:
    tensor = torch.tensor(values, dtype=torch.float32)
    low, high, *_ = row(tensor)
    exact = tensor.double().numpy()
    exact = exact[np.isfinite(exact)]
    below, above, lowest, highest = outside(tensor)
    assert (below, above) == (int((exact < low).sum()), int((exact > high).sum()))
    if exact.size:
        assert (lowest, highest) == (exact.min(), exact.max())


@pytest.mark.parametrize("width", [8, 16, 32, 64, 100])
def test_columns_that_are_always_zero_do_not_decide_the_range(width: int) -> None:
    values = torch.randn(64, width, generator=torch.Generator().manual_seed(width))
    values[:, ::8] = 0.0
    below, above, *_ = outside(values.reshape(-1))
    assert below + above <= 0.01 * values.numel()


@pytest.mark.parametrize("constant", [0.0, 1.0, -3.5, 1e-30, 3e38])
def test_a_constant_is_in_the_middle(constant: float) -> None:
    low, high, zeros, _, mean, std, counts = row(torch.full((100,), constant))
    assert low < constant < high or (low < 0 < high and constant == 0)
    assert counts[BINS // 2] == 100
    assert zeros == (100 if constant == 0 else 0)
    assert mean == pytest.approx(constant, rel=1e-6)
    assert std == pytest.approx(0, abs=abs(constant) * 1e-6)


def test_mostly_zeros_show_what_is_left() -> None:
    values = torch.zeros(10_000)
    values[5] = 2.0
    low, high, zeros, _, _, _, counts = row(values)
    assert (low, high, zeros) == (0.0, 2.0, 9_999)
    assert counts[0] == 9_999
    assert counts[-1] == 1


def test_what_is_not_finite_is_counted_apart() -> None:
    values = torch.tensor([1.0, math.nan, math.inf, -math.inf, 3.0])
    low, high, _, nonfinite, mean, std, counts = row(values)
    assert (low, high, nonfinite, counts.sum(), mean, std) == (1.0, 3.0, 3, 2, 2.0, 1.0)


@pytest.mark.parametrize("values", [torch.empty(0), torch.full((5,), math.nan)], ids=["empty", "all nan"])
def test_nothing_to_count(values: Tensor) -> None:
    low, high, zeros, nonfinite, mean, _, counts = row(values)
    assert low < high
    assert (zeros, nonfinite, counts.sum()) == (0, len(values), 0)
    assert math.isnan(mean)


@given(st.lists(st.floats(width=32, allow_nan=True, allow_infinity=True), max_size=60))
def test_whatever_is_in_it_every_value_is_counted_once(values: list[float]) -> None:
    tensor = torch.tensor(values, dtype=torch.float32)
    low, high, zeros, nonfinite, _, _, counts = row(tensor)
    assert low < high
    assert math.isfinite(low)
    assert math.isfinite(high)
    assert counts.sum() + nonfinite == len(values)
    assert nonfinite == int((~tensor.isfinite()).sum())
    assert zeros == int((tensor == 0).sum())


@pytest.mark.parametrize("ends", [(-1e308, 1e308), (0.0, 5e-324)])
def test_the_ends_of_double_precision(ends: tuple[float, float]) -> None:
    *_, counts = row(torch.tensor(ends, dtype=torch.float64))
    assert counts.sum() == 2


def test_weights_and_gradients_of_each_layer() -> None:
    seen, probe = trainer(), HistogramsProbe()
    before = {name: value.detach().clone() for name, value in seen.model.named_parameters()}
    gradients: dict[str, Tensor] = {}
    for phase in seen.phases():
        probe.observe(seen, phase)
        if phase == "backward":
            gradients = {
                name: p.grad.clone() for name, p in seen.model.named_parameters() if p.grad is not None
            }
    reading = probe.reading()
    assert reading is not None
    labels = [(each.layer, each.kind) for each in reading.histograms]
    assert labels == [(f"layers.{layer}", kind) for layer in range(3) for kind in ("weights", "gradients")]
    for each in reading.histograms:
        source = before if each.kind == "weights" else gradients
        values = source[f"{each.layer}.weight"].double()
        assert each.total == values.numel() == sum(each.counts)
        assert each.mean == pytest.approx(float(values.mean()), rel=1e-6)
        assert each.std == pytest.approx(float(values.std(correction=0)), rel=1e-6)
        assert each.zeros == int((values == 0).sum())


def test_one_layer_is_looked_at_alone() -> None:
    seen, probe = trainer(), HistogramsProbe()
    probe.layer = "layers.1"
    make_batch(seen, probe)
    reading = probe.reading()
    assert reading is not None
    assert {each.layer for each in reading.histograms} == {"layers.1"}
    probe.layer = "gone"
    make_batch(seen, probe)
    reading = probe.reading()
    assert reading is not None
    assert len(reading.histograms) == 6


def test_a_norm_shows_its_scales_and_a_frozen_layer_nothing() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 2))
    model[0].requires_grad_(False)
    probe = HistogramsProbe()
    make_batch(trainer_of(model, torch.randn(5, 3)), probe)
    reading = probe.reading()
    assert reading is not None
    assert {each.layer: each.total for each in reading.histograms} == {"1": 8, "2": 8}
