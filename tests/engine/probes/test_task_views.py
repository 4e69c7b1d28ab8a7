import math

import numpy as np
import pytest
import torch
from torch import nn

from tests.engine.probes.observing import make_batch, trainer, trainer_of
from tui_dl.engine.probes.answers import answers
from tui_dl.engine.probes.class_views import confusion
from tui_dl.engine.probes.task_views import TaskProbe
from tui_dl.engine.trainer import Trainer
from tui_dl.wire.snapshots import ConfusionView, CurveView, Reading, RegionsView, SamplesView


def look(seen: Trainer) -> Reading | None:
    probe = TaskProbe()
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
    expected = of_true.sort().values[:24].tolist()
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
    counts = confusion(torch.tensor([1, 1, 0]), torch.tensor([0, 0, 1]), 2)
    assert counts.tolist() == [0, 2, 1, 0]
    assert confusion(torch.tensor([1]), torch.tensor([0]), 1000).tolist() == []


def test_other_inputs_get_a_confusion_matrix() -> None:
    import dataclasses

    from tui_dl.engine.probes.task_views import view_of

    seen = trainer("linear-collapse")
    splits = seen.splits
    assert splits is not None
    wide = dataclasses.replace(splits, input_shape=(5,))
    view = view_of(wide, seen.device)
    assert view is not None
    view.look(lambda inputs: answers(seen.model, inputs))
    reading = view.reading()
    assert isinstance(reading, ConfusionView)
    assert sum(map(sum, reading.counts)) == len(splits.validation.targets)


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
