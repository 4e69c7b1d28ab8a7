import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.engine.probes.observing import make_batch, trainer, trainer_of
from tui_dl.engine.probes.answers import answers
from tui_dl.engine.probes.curve_view import outliers
from tui_dl.engine.probes.judging import SAMPLES, confusion
from tui_dl.engine.probes.task_views import TaskProbe, view_of
from tui_dl.engine.probes.view import Wish
from tui_dl.engine.training.trainer import Trainer
from tui_dl.spec.preset import from_toml
from tui_dl.wire.snapshots import ConfusionView, CurveView, Reading, RegionsView, SamplesView


def look(seen: Trainer, sample: int | None = None, grid: tuple[int, int] = (0, 0)) -> Reading | None:
    probe = TaskProbe()
    probe.sample, probe.grid = sample, grid
    for phase in seen.phases():
        probe.observe(seen, phase)
    return probe.reading()


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


@pytest.mark.parametrize("shape", [(28, 28), (3, 32, 32)])
def test_pictures_of_any_usual_shape_are_grey_levels_with_names(
    shape: tuple[int, ...], tmp_path: Path
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, *shape), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", x=pixels, y=np.array(["cat", "dog"] * 20))
    seen = trainer("digits-mlp", {"data": {"name": "npz", "path": str(tmp_path / "a.npz")}})
    view = look(seen, sample=3)
    assert isinstance(view, SamplesView)
    assert (view.height, view.width) == shape[-2:]
    assert view.class_names == ("cat", "dog")
    assert np.sum(view.counts) == 8
    assert view.chosen is not None
    shown = np.frombuffer(view.chosen.sample.pixels, np.uint8).reshape(shape[-2:]).astype(float)
    splits = seen.splits
    assert splits is not None
    raw = splits.scaling.invert(splits.validation.inputs[3:4])[0].numpy()
    grey = raw.mean(0) if raw.ndim == 3 else raw
    assert np.corrcoef(shown.ravel(), grey.ravel())[0, 1] > 0.999


def test_regions_have_the_largest_y_at_the_top() -> None:
    seen = trainer("linear-collapse", {"model.hidden": [], "data.normalise": "standard"})
    with torch.no_grad():
        # Class 1 where y > 0, surely so away from the line.
        seen.model.layers[0].weight.copy_(torch.tensor([[0.0, -50.0], [0.0, 50.0]]))
        seen.model.layers[0].bias.zero_()
    view = look(seen)
    assert isinstance(view, RegionsView)
    classes = np.frombuffer(view.classes, np.uint8).reshape(view.rows, view.columns)
    confidence = np.frombuffer(view.confidence, np.uint8).reshape(view.rows, view.columns)
    assert (view.rows, view.columns) == (40, 60)
    assert (classes[0] == 1).all()
    assert (classes[-1] == 0).all()
    assert confidence[0].min() == 255
    assert len(view.points_x) == len(view.points_y) == len(view.points_class) > 0
    assert view.x_range[0] < min(view.points_x) < max(view.points_x) < view.x_range[1]


def test_regions_are_the_models_own_answers() -> None:
    seen = trainer("linear-collapse", {"model.activation": "relu"})
    view = look(seen)
    assert isinstance(view, RegionsView)
    width = (view.x_range[1] - view.x_range[0]) / view.columns
    height = (view.y_range[1] - view.y_range[0]) / view.rows
    column, line = 7, 31
    point = torch.tensor(
        [[view.x_range[0] + (column + 0.5) * width, view.y_range[1] - (line + 0.5) * height]]
    )
    probabilities = answers(seen.model, point).softmax(1)[0]
    place = line * view.columns + column
    assert view.classes[place] == int(probabilities.argmax())
    assert view.confidence[place] == pytest.approx(float(probabilities.max()) * 255, abs=1)


def test_samples_come_worst_first_with_their_own_pixels() -> None:
    seen = trainer()
    for _ in range(30):
        seen.train_batch()
    view = look(seen)
    splits = seen.splits
    assert splits is not None
    assert isinstance(view, SamplesView)
    probabilities = answers(seen.model, splits.validation.inputs).softmax(1)
    targets = splits.validation.targets
    of_true = probabilities[torch.arange(len(targets)), targets]
    expected = of_true.sort().values[:SAMPLES].tolist()
    assert [sample.probability for sample in view.samples] == pytest.approx(expected)
    raw = trainer(changes={"data.normalise": "none"}).splits
    assert raw is not None
    for sample in view.samples:
        assert sample.true_class == int(targets[sample.index])
        assert sample.predicted_class == int(probabilities[sample.index].argmax())
        pixels = np.frombuffer(sample.pixels, np.uint8).reshape(view.height, view.width)
        assert np.allclose(pixels, raw.validation.inputs[sample.index].numpy() / 16 * 255, atol=1)
    counts = np.array(view.counts)
    assert counts.sum() == len(targets)
    assert counts.trace() == int((probabilities.argmax(1) == targets).sum())
    assert counts.sum(1).tolist() == torch.bincount(targets, minlength=10).tolist()


def test_confusion_has_the_true_class_first() -> None:
    assert confusion(np.array([1, 1, 0, -1]), np.array([0, 0, 1, 1]), 2) == ((0, 2), (1, 0))
    assert confusion(np.array([1]), np.array([0]), 1000) == ()


def test_other_inputs_get_a_confusion_matrix_and_their_numbers() -> None:
    seen = trainer("linear-collapse", {"data.normalise": "standard"})
    splits = seen.splits
    assert splits is not None
    view = view_of(dataclasses.replace(splits, input_shape=(5,)), seen.device)
    assert view is not None
    view.look(lambda inputs: answers(seen.model, inputs), Wish(sample=7))
    reading = view.reading()
    assert isinstance(reading, ConfusionView)
    assert sum(map(sum, reading.counts)) == len(splits.validation.targets)
    assert reading.chosen is not None
    raw = splits.scaling.invert(splits.validation.inputs)[7]
    assert reading.chosen.inputs == pytest.approx(raw.tolist())


@pytest.mark.parametrize(
    ("preset", "sample"), [("digits-mlp", 11), ("linear-collapse", 3), ("digits-mlp", None)]
)
def test_a_chosen_sample_is_shown_number_by_number(preset: str, sample: int | None) -> None:
    seen = trainer(preset)
    for _ in range(5):
        seen.train_batch()
    view = look(seen, sample)
    assert isinstance(view, SamplesView | RegionsView)
    chosen = view.chosen
    assert chosen is not None
    assert chosen.is_pinned == (sample is not None)
    splits = seen.splits
    assert splits is not None
    index = chosen.sample.index
    logits = answers(seen.model, splits.validation.inputs)
    assert chosen.logits == pytest.approx(logits[index].tolist(), abs=1e-6)
    by_hand = np.exp(np.array(chosen.logits) - max(chosen.logits))
    assert chosen.probabilities == pytest.approx((by_hand / by_hand.sum()).tolist(), abs=1e-6)
    assert chosen.sample.predicted_class == int(np.argmax(chosen.logits))
    assert chosen.sample.confidence == pytest.approx(max(chosen.probabilities))
    assert chosen.sample.true_class == int(splits.validation.targets[index])
    of_true = logits.softmax(1)[torch.arange(len(logits)), splits.validation.targets]
    assert chosen.rank == 1 + int((of_true < of_true[index]).sum())
    if sample is None:
        assert chosen.sample == view.samples[0]
        assert chosen.rank == 1
    else:
        assert index == sample


@pytest.mark.parametrize("sample", [-1, 360, 10**12])
def test_a_sample_that_is_not_there_is_the_worst_one(sample: int) -> None:
    view = look(trainer(), sample)
    assert isinstance(view, SamplesView)
    assert view.chosen is not None
    assert view.chosen.sample == view.samples[0]


@pytest.mark.parametrize(
    ("grid", "expected"),
    [((0, 0), (60, 40)), ((117, 62), (117, 62)), ((1, 1), (8, 8)), ((10**9, 10**9), (400, 280))],
)
def test_regions_are_asked_cell_by_cell(grid: tuple[int, int], expected: tuple[int, int]) -> None:
    view = look(trainer("linear-collapse"), grid=grid)
    assert isinstance(view, RegionsView)
    assert (view.columns, view.rows) == expected
    assert len(view.classes) == len(view.confidence) == view.columns * view.rows


def test_points_of_both_splits_come_with_what_is_said_of_them() -> None:
    seen = trainer("linear-collapse")
    view = look(seen)
    splits = seen.splits
    assert splits is not None
    assert isinstance(view, RegionsView)
    said = [answers(seen.model, part.inputs).argmax(1).tolist() for part in (splits.train, splits.validation)]
    assert view.train_points == len(splits.train)
    assert list(view.points_predicted[: view.train_points]) == said[0]
    assert list(view.points_predicted[view.train_points :]) == said[1]
    targets = [*splits.train.targets.tolist(), *splits.validation.targets.tolist()]
    assert list(view.points_class) == targets
    inputs = splits.scaling.invert(splits.validation.inputs)
    assert view.points_x[view.train_points :] == pytest.approx(inputs[:, 0].tolist(), abs=1e-6)
    assert view.validation_indices == tuple(range(len(splits.validation)))


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


def test_outputs_that_are_not_finite_predict_nothing() -> None:
    for preset in ("digits-mlp", "linear-collapse"):
        seen = trainer(preset)
        with torch.no_grad():
            for parameter in seen.model.parameters():
                parameter.fill_(math.nan)
        view = look(seen)
        assert isinstance(view, SamplesView | RegionsView)
        assert {sample.predicted_class for sample in view.samples} == {-1}
        assert sum(map(sum, view.counts)) == 0
        assert seen.splits is not None
        assert view.undecided == len(seen.splits.validation)
        if isinstance(view, RegionsView):
            assert set(view.classes) == {255}
            assert set(view.points_predicted) == {-1}


@pytest.mark.parametrize("arms", [1, 3, 20])
def test_any_number_of_classes(arms: int) -> None:
    view = look(trainer("linear-collapse", {"data.arms": arms, "data.samples": 400}))
    assert isinstance(view, RegionsView)
    assert len(view.class_names) == len(view.counts) == arms
    assert view.chosen is not None
    assert len(view.chosen.logits) == arms


def test_pictures_in_colour_and_large_ones_are_grey_and_small() -> None:
    seen = trainer()
    splits = seen.splits
    assert splits is not None
    large = torch.arange(2 * 3 * 70 * 50, dtype=torch.float32).reshape(2, 3, 70, 50)
    split = dataclasses.replace(splits.validation, inputs=large, targets=torch.tensor([0, 1]))
    scaling = dataclasses.replace(splits.scaling, shift=torch.zeros(()), scale=torch.ones(()))
    wide = dataclasses.replace(splits, validation=split, scaling=scaling, input_shape=(3, 70, 50))
    view = view_of(wide, seen.device)
    assert view is not None
    view.look(lambda inputs: torch.zeros(len(inputs), 10), Wish())
    reading = view.reading()
    assert isinstance(reading, SamplesView)
    assert (reading.height, reading.width) == (24, 17)
    assert {len(sample.pixels) for sample in reading.samples} == {24 * 17}


@pytest.mark.parametrize("preset", ["digits-mlp", "linear-collapse", "outliers"])
def test_a_model_that_has_diverged_is_drawn_all_the_same(preset: str) -> None:
    seen = trainer(preset)
    with torch.no_grad():
        for parameter in seen.model.parameters():
            parameter.fill_(math.nan)
    assert look(seen) is not None


def test_somebodys_own_batches_have_no_view() -> None:
    assert look(trainer_of(nn.Linear(3, 2), torch.randn(4, 3))) is None


def test_a_restart_with_another_seed_shows_the_other_data() -> None:
    seen, probe = trainer("outliers"), TaskProbe()
    make_batch(seen, probe)
    first = probe.reading()
    seen.restart(seed=1)
    make_batch(seen, probe)
    second = probe.reading()
    assert isinstance(first, CurveView)
    assert isinstance(second, CurveView)
    assert first.train_x != second.train_x


def test_asking_leaves_modes_and_generators_as_they_were() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout(0.5), nn.Linear(3, 2))
    model.train()
    model[1].eval()
    modes = [module.training for module in model.modules()]
    buffers = [buffer.clone() for buffer in model.buffers()]
    state = torch.random.get_rng_state()
    first = answers(model, torch.ones(5000, 3))
    assert torch.equal(first[:1].expand_as(first), first)
    assert not first.requires_grad
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(before, after) for before, after in zip(buffers, model.buffers(), strict=True))
    assert torch.equal(torch.random.get_rng_state(), state)


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


def test_a_loss_that_asks_each_class_by_itself_shows_sigmoids() -> None:
    seen = trainer("linear-collapse", {"model.activation": "relu", "loss": "bce"})
    for _ in range(20):
        seen.train_batch()
    view = look(seen, sample=3)
    assert isinstance(view, RegionsView)
    assert view.chosen is not None
    logits = torch.tensor(view.chosen.logits)
    assert view.chosen.squashed_by == "sigmoid"
    assert view.chosen.probabilities == pytest.approx(logits.sigmoid().tolist(), abs=1e-6)
    assert view.chosen.sample.confidence == pytest.approx(logits.sigmoid().max().item(), abs=1e-6)


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
