import math

import numpy as np
import pytest
import torch
from torch import nn

from tests.engine.probes.observing import make_batch, trainer, trainer_of, weights
from tui_dl.engine.probes.layers import LayersProbe
from tui_dl.engine.probes.measure import instrument_of
from tui_dl.engine.probes.optimizer_state import OptimizerProbe
from tui_dl.engine.probes.registry import measures
from tui_dl.spec.metrics import LAYER_METRICS, METRICS, metric_info

DROPOUT = {"regularizers": [{"name": "dropout", "p": 0.5}, {"name": "l2", "strength": 1e-3}]}


def measure(seen: object, name: str) -> float | None:
    instrument = instrument_of(name, measures())
    assert instrument is not None
    return instrument(seen, name)


def test_every_documented_metric_can_be_measured() -> None:
    by_evaluation = {
        each.name for each in METRICS if each.name.startswith(("train.", "validation.", "test.", "gap."))
    }
    names = set(measures()) | by_evaluation
    assert {each.name for each in METRICS} <= names
    assert {f"*.{each.name}" for each in LAYER_METRICS} <= names
    for name in measures():
        full = name.replace("losses.*", "losses.mse.l1").replace("*", "layers.0")
        assert metric_info(full) is not None


@pytest.mark.parametrize(
    "changes", [{}, DROPOUT, {"optimizer": "adagrad"}], ids=["plain", "dropout", "adagrad"]
)
def test_before_a_batch_the_values_are_those_that_it_will_show(changes: dict[str, object]) -> None:
    seen = trainer(changes=changes)
    for _ in range(3):
        seen.train_batch()
    names = [f"layers.{layer}.{each.name}" for layer in range(3) for each in LAYER_METRICS]
    measured = {name: measure(seen, name) for name in (*names, "grad_ratio", "optimizer.effective_step")}
    scalars = {name: measure(seen, name) for name in ("grad_norm", "data_loss", "penalty", "lr")}
    layers, optimizer = LayersProbe(), OptimizerProbe()
    seen.drain_scalars()
    make_batch(seen, layers, optimizer)
    shown, state = layers.reading(), optimizer.reading()
    assert shown is not None
    assert state is not None
    for layer in shown.layers:
        for each in LAYER_METRICS:
            assert measured[f"{layer.name}.{each.name}"] == getattr(layer, each.name)
    assert measured["grad_ratio"] == shown.grad_ratio
    assert measured["optimizer.effective_step"] == state.effective_step
    steps = seen.drain_scalars()
    assert scalars == {name: steps.values[steps.names.index(name), -1] for name in scalars}


@pytest.mark.parametrize("preset", ["digits-mlp", "linear-collapse", "outliers"])
def test_measuring_everything_changes_nothing(preset: str) -> None:
    measured, plain = (trainer(preset, DROPOUT if preset != "outliers" else {}) for _ in range(2))
    for _ in range(3):
        for name in measures():
            measure(measured, name.replace("*", "layers.0"))
        assert measured.train_batch().loss == plain.train_batch().loss
    first, second = weights(measured), weights(plain)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert measured.step == plain.step
    assert measured.epoch_samples == plain.epoch_samples


def test_a_half_done_batch_is_rehearsed_from_its_beginning() -> None:
    seen, whole = trainer(changes=DROPOUT), trainer(changes=DROPOUT)
    for phase in seen.phases():
        if phase == "backward":
            break
    assert measure(seen, "grad_norm") == whole.train_batch().grad_norm
    assert seen.train_batch().step == 1
    first, second = weights(seen), weights(whole)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_running_statistics_are_left_alone() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    seen = trainer_of(model, torch.randn(8, 3))
    seen.train_batch()
    before = weights(seen)
    assert measure(seen, "grad_norm") == seen.rehearsal().train_batch().grad_norm
    after = weights(seen)
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("normalise", ["none", "standard"])
def test_slope_is_that_of_least_squares_once_it_is_fitted(normalise: str) -> None:
    seen = trainer("outliers", {"data.normalise": normalise})
    view = seen.splits
    assert view is not None
    x = view.scaling.invert(view.train.inputs).double().flatten().numpy()
    y = view.train.targets.double().flatten().numpy()
    slope, intercept = np.polyfit(x, y, 1)
    scale, shift = float(view.scaling.scale), float(view.scaling.shift)
    with torch.no_grad():
        seen.model.layers[0].weight.fill_(slope * scale)
        seen.model.layers[0].bias.fill_(intercept + slope * shift)
    assert measure(seen, "fit.slope") == pytest.approx(slope, rel=1e-5)
    assert measure(trainer(), "fit.slope") is None


def test_residual_is_zero_for_identity_and_not_for_relu() -> None:
    linear = trainer("linear-collapse")
    for _ in range(20):
        linear.train_batch()
    residual = measure(linear, "collapse.residual")
    assert residual is not None
    assert residual < 1e-12
    linear.apply({"model.activation": "relu"})
    bent = measure(linear, "collapse.residual")
    assert bent is not None
    assert bent > 0.05


def test_residual_by_hand() -> None:
    changes = {"model.activation": "relu", "model.hidden": [3]}
    seen, twin = trainer("linear-collapse", changes), trainer("linear-collapse", changes)
    splits = seen.splits
    assert splits is not None
    first, last = (layer.double() for layer in twin.model.layers)
    x = splits.validation.inputs.double()
    with torch.no_grad():
        f, g = last(torch.relu(first(x))), last(first(x))
    expected = float(((f - g).square().mean() / f.square().mean()).sqrt())
    assert measure(seen, "collapse.residual") == pytest.approx(expected, rel=1e-9)


def test_residual_needs_matrices_that_multiply() -> None:
    seen = trainer()
    seen.model.add_module("beside", nn.Conv1d(1, 1, 3))
    assert measure(seen, "collapse.residual") is None


def test_share_of_small_weights_leaves_biases_out() -> None:
    seen = trainer("outliers", {"model": {"name": "mlp", "hidden": [4]}})
    with torch.no_grad():
        for parameter in seen.model.parameters():
            parameter.fill_(0.0 if parameter.ndim == 1 else 1.0)
        seen.model.layers[0].weight[0] = 0.00099
        seen.model.layers[1].weight[0, 0] = -0.001001
    assert measure(seen, "weights.share_below_1e-3") == 1 / 8


def test_what_is_not_finite_or_not_there_has_no_value() -> None:
    seen = trainer()
    assert measure(seen, "layers.7.grad_norm") is None
    assert measure(seen, "layers.2.dead_share") is None
    with torch.no_grad():
        seen.model.layers[0].weight.fill_(math.inf)
    assert measure(seen, "grad_norm") is None
