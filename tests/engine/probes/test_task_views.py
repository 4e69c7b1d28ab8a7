import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.engine.probes.looking import look
from tests.engine.probes.observing import make_batch, trainer, trainer_of
from tui_dl.engine.probes.answers import answers
from tui_dl.engine.probes.judging import SAMPLES, confusion
from tui_dl.engine.probes.task_views import TaskProbe, view_of
from tui_dl.engine.probes.view import Wish
from tui_dl.wire.snapshots import ConfusionView, CurveView, RegionsView, SamplesView


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
