"""Views of a regression: the fit with its points and band, residuals, outliers."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from tests.engine.probes.looking import look
from tests.engine.probes.observing import trainer
from tui_dl.engine.probes.answers import answers
from tui_dl.engine.probes.curve_view import outliers
from tui_dl.engine.probes.task_views import TaskProbe
from tui_dl.engine.training.trainer import Trainer
from tui_dl.spec.preset import from_toml
from tui_dl.wire.snapshots import CurveView


@pytest.mark.parametrize("normalise", ["none", "standard", "minmax"])
def test_a_curve_is_in_the_units_of_the_data(normalise: str) -> None:
    seen = trainer("outliers", {"data.normalise": normalise})
    splits = seen.splits
    assert splits is not None
    view = look(seen)
    assert isinstance(view, CurveView)
    raw = trainer("outliers", {"data.normalise": "none"}).splits
    assert raw is not None
    assert view.train_x == pytest.approx(raw.train.inputs.flatten().tolist(), abs=1e-6)
    assert view.validation_y == pytest.approx(raw.validation.targets.flatten().tolist())
    assert view.grid_x[0] == pytest.approx(min(view.train_x + view.validation_x), abs=1e-6)
    assert view.grid_x[-1] == pytest.approx(max(view.train_x + view.validation_x), abs=1e-6)
    scale, shift = float(splits.scaling.scale), float(splits.scaling.shift)
    weight, bias = (parameter.item() for parameter in seen.model.parameters())
    expected = [weight * (x - shift) / scale + bias for x in view.grid_x]
    assert view.grid_y == pytest.approx(expected, abs=1e-5)


def test_many_points_are_thinned() -> None:
    view = look(trainer("outliers", {"data.samples": 5000}))
    assert isinstance(view, CurveView)
    assert len(view.train_x) == len(view.train_y) == 400


def test_a_regression_over_several_inputs_shows_what_is_predicted_by_what_is_true() -> None:
    seen = Trainer(from_toml('data = "diabetes"\nmodel = "mlp"', "test"))
    view = look(seen)
    assert isinstance(view, CurveView)
    assert view.is_against_true
    splits = seen.splits
    assert splits is not None
    assert view.train_x == pytest.approx(splits.train.targets.flatten().tolist())
    assert view.validation_x == pytest.approx(splits.validation.targets.flatten().tolist())
    predicted = answers(seen.model, splits.validation.inputs).flatten()
    assert view.validation_y == pytest.approx(predicted.tolist(), abs=1e-6)
    assert view.grid_x == view.grid_y == (25.0, 346.0)
    left = splits.validation.targets.flatten() - predicted
    assert view.validation_residuals == pytest.approx(left.tolist(), abs=1e-3)
    assert view.validation_rms == pytest.approx(left.square().mean().sqrt().item(), rel=1e-5)


def test_residuals_are_targets_minus_answers() -> None:
    seen = trainer("outliers", {"data.normalise": "standard"})
    for _ in range(30):
        seen.train_batch()
    view = look(seen)
    splits = seen.splits
    assert splits is not None
    assert isinstance(view, CurveView)
    for split, residuals, rms in (
        (splits.train, view.train_residuals, view.train_rms),
        (splits.validation, view.validation_residuals, view.validation_rms),
    ):
        by_hand = (split.targets - answers(seen.model, split.inputs)).flatten()
        assert residuals == pytest.approx(by_hand.tolist(), abs=1e-5)
        assert rms == pytest.approx(float(by_hand.square().mean().sqrt()), abs=1e-5)


def test_the_points_that_were_moved_away_are_the_outliers() -> None:
    seen = trainer("outliers", {"loss": "l1"})
    clean = trainer("outliers", {"data.outliers": 0}).splits
    for _ in range(400):
        seen.train_batch()
    view = look(seen)
    assert seen.splits is not None
    assert clean is not None
    moved = (seen.splits.train.targets - clean.train.targets).flatten().abs() > 1
    assert isinstance(view, CurveView)
    assert list(view.outliers) == moved.nonzero().flatten().tolist()
    assert len(view.outliers) == 8


def test_few_or_equal_residuals_have_no_outliers() -> None:
    assert outliers(np.array([0.0, 0.0, 9.0])) == ()
    assert outliers(np.array([0.0] * 9 + [9.0])) == ()
    assert outliers(np.array([math.nan] * 9)) == ()
    assert outliers(np.array([-1.0, 0.0, 1.0, 0.5, -0.5, math.nan, 90.0])) == (6,)


def gaussian(normalise: str = "none") -> Trainer:
    seen = trainer("outliers", {"data.normalise": normalise, "loss": "gaussian_nll"})
    for _ in range(5):
        seen.train_batch()
    return seen


@pytest.mark.parametrize("normalise", ["none", "standard"])
def test_a_curve_has_the_band_that_the_model_predicts(normalise: str) -> None:
    seen = gaussian(normalise)
    view, splits = look(seen), seen.splits
    assert isinstance(view, CurveView)
    assert splits is not None
    grid = torch.tensor(view.grid_x).reshape(-1, 1)
    outputs = answers(seen.model, splits.scaling.apply(grid))
    sigma = (torch.nn.functional.softplus(outputs[:, 1]) + 1e-6).sqrt()
    assert view.grid_y == pytest.approx(outputs[:, 0].tolist(), abs=1e-5)
    assert view.grid_sigma == pytest.approx(sigma.tolist(), rel=1e-4)
    inputs, targets = splits.validation.inputs, splits.validation.targets
    outputs = answers(seen.model, inputs)
    within = (targets - outputs[:, :1]).square() <= torch.nn.functional.softplus(outputs[:, 1:]) + 1e-6
    assert view.validation_coverage == pytest.approx(within.double().mean().item())
    assert view.validation_coverage == pytest.approx(seen.evaluate()["coverage"])
    assert view.train_coverage is not None


def test_a_curve_follows_the_loss_that_is_swapped() -> None:
    seen = gaussian()
    probe = TaskProbe()
    views = []
    for loss in ("gaussian_nll", "mse", "gaussian_nll"):
        seen.apply({"loss": loss})
        views.append(probe.at_rest(seen, None))
    assert [bool(view.grid_sigma) for view in views if isinstance(view, CurveView)] == [True, False, True]
    assert isinstance(views[1], CurveView)
    assert views[1].train_coverage is None
    assert views[1].grid_y == pytest.approx(views[0].grid_y, abs=1e-4)  # type: ignore[union-attr]


def test_counts_are_shown_as_counts() -> None:
    above = {"data.slope": 0.1, "data.intercept": 2.0, "data.outliers": 0, "data.noise": 0.1}
    seen = trainer("outliers", {**above, "loss": "poisson_nll"})
    view = look(seen)
    assert isinstance(view, CurveView)
    inputs = torch.tensor(view.grid_x).reshape(-1, 1)
    assert seen.splits is not None
    expected = answers(seen.model, seen.splits.scaling.apply(inputs)).exp()
    assert view.grid_y == pytest.approx(expected.flatten().tolist(), rel=1e-4)


def test_an_outlier_is_one_by_what_the_model_expects_there() -> None:
    """Points that lie far where much noise is predicted are none; where little is, they are."""
    seen = trainer("outliers", {"data.outliers": 0, "data.noise": 0.0, "loss": "gaussian_nll"})
    splits = seen.splits
    assert splits is not None
    with torch.no_grad():
        affine = next(module for module in seen.model.modules() if isinstance(module, nn.Linear))
        # μ = 0, and σ from tiny at the left to large at the right.
        affine.weight.copy_(torch.tensor([[0.0], [6.0]]))
        affine.bias.copy_(torch.tensor([0.0, -4.0]))
        sigma = (torch.nn.functional.softplus(affine(splits.train.inputs)[:, 1:]) + 1e-6).sqrt()
        noise = torch.linspace(-1, 1, len(sigma))[:, None]
        splits.train.targets.copy_(noise * sigma)
        left = int(splits.train.inputs.argmin())
        splits.train.targets[left] = 20 * sigma[left]
    view = TaskProbe().at_rest(seen, None)
    assert isinstance(view, CurveView)
    assert view.outliers == (left,)
