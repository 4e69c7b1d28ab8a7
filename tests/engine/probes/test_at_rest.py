"""What instruments see without a batch is what lies there: compared with the tensors themselves."""

import math

import pytest
import torch
from torch import Tensor

from tests.engine.probes.observing import make_batch, trainer
from tui_dl.engine.probes.histograms import HistogramsProbe
from tui_dl.engine.probes.layers import LayersProbe
from tui_dl.engine.probes.optimizer_state import OptimizerProbe
from tui_dl.engine.training.trainer import Trainer
from tui_dl.wire.snapshots import Histogram, LayersRead


def of_layer(seen: Trainer, layer: str) -> tuple[Tensor, Tensor]:
    module = seen.model.get_submodule(layer)
    return module.weight, module.bias  # type: ignore[return-value]


def norm(*tensors: Tensor | None) -> float:
    held = [each for each in tensors if each is not None]
    return math.sqrt(sum(float(each.detach().double().square().sum()) for each in held))


def assert_is_of(found: Histogram, *tensors: Tensor) -> None:
    values = torch.cat([each.detach().double().reshape(-1) for each in tensors])
    assert found.total == values.numel() == sum(found.counts)
    assert found.mean == pytest.approx(float(values.mean()), rel=1e-5, abs=1e-12)
    assert found.std == pytest.approx(float(values.std(correction=0)), rel=1e-5, abs=1e-12)
    assert (found.lowest, found.highest) == (float(values.min()), float(values.max()))


def test_before_the_first_batch_there_are_weights_and_no_gradients() -> None:
    seen = trainer()
    layers, histograms = LayersProbe().at_rest(seen, None), HistogramsProbe().at_rest(seen, None)
    optimizer = OptimizerProbe().at_rest(seen, None)
    assert layers is not None
    assert histograms is not None
    assert optimizer is not None
    for one in layers.layers:
        assert one.weight_norm == pytest.approx(norm(*of_layer(seen, one.name)), rel=1e-5)
        assert (one.grad_norm, one.update_ratio, one.dead_share) == (None, None, None)
    assert layers.grad_ratio is None
    assert {one.kind for one in histograms.histograms} == {"weights"}
    for reading in (layers, histograms):
        assert "gradients come with the next batch" in reading.missing
    assert "nothing is held before the first update" in optimizer.missing
    assert all(one.first_moment_rms is None for one in optimizer.layers)


def test_after_a_batch_that_nobody_watched_all_that_lies_there_is_seen() -> None:
    seen = trainer()
    for _ in range(3):
        seen.train_batch()
    layers = LayersProbe().at_rest(seen, None)
    histograms = HistogramsProbe().at_rest(seen, None)
    assert layers is not None
    assert histograms is not None
    assert layers.missing == "updates and units come with the next batch"
    for one in layers.layers:
        weight, bias = of_layer(seen, one.name)
        assert one.weight_norm == pytest.approx(norm(weight, bias), rel=1e-5)
        assert one.grad_norm == pytest.approx(norm(weight.grad, bias.grad), rel=1e-5)
        assert one.update_ratio is None
    first, last = (of_layer(seen, f"layers.{place}")[0].grad for place in (0, 2))
    assert layers.grad_ratio == pytest.approx(norm(first) / norm(last), rel=1e-5)
    assert histograms.missing == ""
    for each in histograms.histograms:
        weight = of_layer(seen, each.layer)[0]
        assert weight.grad is not None
        assert_is_of(each, weight if each.kind == "weights" else weight.grad)


def test_gradients_that_an_undo_left_behind_are_not_shown() -> None:
    seen = trainer()
    for _ in range(2):
        seen.train_batch()
    seen.apply({"model.activation": "tanh"})
    seen.train_batch()
    seen.undo()
    layers = LayersProbe().at_rest(seen, None)
    assert layers is not None
    assert all(one.grad_norm is None for one in layers.layers)


def test_clipped_gradients_are_called_so() -> None:
    seen = trainer(changes={"regularizers": [{"name": "gradient_clipping", "max_norm": 1e-3}]})
    seen.train_batch()
    histograms = HistogramsProbe().at_rest(seen, None)
    assert histograms is not None
    assert histograms.missing == "gradients as clipped"


def test_what_a_batch_has_shown_of_this_step_is_shown_again() -> None:
    seen, probe = trainer(), LayersProbe()
    make_batch(seen, probe)
    whole = probe.reading()
    assert isinstance(whole, LayersRead)
    assert probe.at_rest(seen, whole) is whole


def test_a_look_leaves_a_batch_that_is_watched_as_it_is() -> None:
    seen, alone = trainer(), trainer()
    probes, undisturbed = (LayersProbe(), OptimizerProbe(), HistogramsProbe()), LayersProbe()
    for phase in seen.phases():
        for probe in probes:
            probe.observe(seen, phase)
            probe.at_rest(seen, None)
    make_batch(alone, undisturbed)
    assert probes[0].reading() == undisturbed.reading()
    assert all(probe.reading() is not None for probe in probes)


def test_the_watched_layers_update_and_moments_are_spread_as_their_tensors_are() -> None:
    seen, probe = trainer(), OptimizerProbe()
    probe.layer = "layers.1"
    seen.train_batch()
    before = [each.detach().clone() for each in of_layer(seen, "layers.1")]
    make_batch(seen, probe)
    weight, bias = of_layer(seen, "layers.1")
    reading = probe.reading()
    assert reading is not None
    by_kind = {each.kind: each for each in reading.histograms}
    assert set(by_kind) == {"update", "exp_avg", "exp_avg_sq"}
    assert_is_of(by_kind["update"], weight - before[0], bias - before[1])
    states = [seen.optimizer.state[each] for each in (weight, bias)]
    assert_is_of(by_kind["exp_avg"], *(state["exp_avg"] for state in states))
    assert_is_of(by_kind["exp_avg_sq"], *(state["exp_avg_sq"].sqrt() for state in states))
    resting = OptimizerProbe()
    resting.layer = "layers.1"
    at_rest = resting.at_rest(seen, None)
    assert at_rest is not None
    assert {each.kind for each in at_rest.histograms} == {"exp_avg", "exp_avg_sq"}
    assert at_rest.layers[0].first_moment_rms == reading.layers[0].first_moment_rms
    assert at_rest.layers[0].effective_step is None


def test_weights_that_are_not_finite_are_counted_and_the_others_shown() -> None:
    seen = trainer()
    weight = of_layer(seen, "layers.1")[0]
    with torch.no_grad():
        weight[0, :2] = torch.tensor([math.nan, math.inf])
    histograms = HistogramsProbe().at_rest(seen, None)
    layers = LayersProbe().at_rest(seen, None)
    assert histograms is not None
    assert layers is not None
    by_name = {each.layer: each for each in histograms.histograms}
    assert by_name["layers.1"].nonfinite == 2
    assert by_name["layers.1"].total - 2 == sum(by_name["layers.1"].counts)
    assert math.isfinite(by_name["layers.1"].low)
    norms = {each.name: each.weight_norm for each in layers.layers}
    assert not math.isfinite(norms["layers.1"] or 0.0)
    assert math.isfinite(norms["layers.0"] or math.nan)
