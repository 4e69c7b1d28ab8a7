"""The loss along an update: against plain torch at every point, and without any trace of having looked."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.engine.probes.observing import make_batch, trainer, trainer_of, weights
from tests.engine.probes.test_no_trace import EXPERIMENTS
from tui_dl.engine.probes.loss_slice import LossSliceProbe
from tui_dl.engine.training.trainer import Trainer
from tui_dl.wire.pictures import LossSliceRead


def watched(seen: Trainer) -> LossSliceRead:
    probe = LossSliceProbe()
    make_batch(seen, probe)
    reading = probe.reading()
    assert isinstance(reading, LossSliceRead)
    return reading


def test_every_point_is_the_loss_at_those_weights() -> None:
    seen = trainer("step-size")
    seen.train_batch()
    inputs, targets = seen.peek_batch()
    by_hand = copy.deepcopy(seen.model)
    start = [each.detach().clone() for each in by_hand.parameters()]
    objective = F.cross_entropy(by_hand(inputs), targets)
    objective.backward()
    loss = objective.detach()
    gradient = [each.grad.clone() for each in by_hand.parameters() if each.grad is not None]
    square = float(sum(each.double().square().sum() for each in gradient))
    reading = watched(seen)
    assert (reading.lr, reading.optimizer, reading.is_next) == (0.1, "sgd", False)
    assert reading.before == pytest.approx(float(loss), rel=1e-6)
    # w - t·g with t = s·η, and the straight line L - t·‖g‖².
    assert reading.slope == pytest.approx(-0.1 * square, rel=1e-4)
    assert reading.gradient_norm == pytest.approx(math.sqrt(square), rel=1e-5)
    assert reading.step_norm == pytest.approx(0.1 * math.sqrt(square), rel=1e-4)
    assert reading.cosine == pytest.approx(1.0, abs=1e-6)
    for steps, found in zip(reading.steps, reading.losses, strict=True):
        with torch.no_grad():
            for parameter, value, slope in zip(by_hand.parameters(), start, gradient, strict=True):
                parameter.copy_(value - steps * 0.1 * slope)
            assert found == pytest.approx(float(F.cross_entropy(by_hand(inputs), targets)), rel=1e-4)
    assert reading.after == reading.losses[reading.steps.index(1.0)]
    with torch.no_grad():
        assert reading.after == pytest.approx(float(F.cross_entropy(seen.model(inputs), targets)), rel=1e-5)


@pytest.mark.parametrize("name", ["dropout", "everything", "norms and slopes", "regression", "deep"])
def test_at_zero_it_is_what_the_step_reports_whatever_is_drawn_and_penalised(name: str) -> None:
    preset, changes = EXPERIMENTS[name]
    seen = trainer(preset, changes)
    for _ in range(3):
        reading = watched(seen)
        scalars = seen.drain_scalars()
        loss = float(scalars.values[scalars.names.index("loss"), -1])
        assert reading.before == pytest.approx(loss, rel=1e-6)


def test_an_update_of_several_micro_batches_is_one_line() -> None:
    seen = trainer(changes={"training.accumulate": 3, "training.batch_size": 16})
    reading = watched(seen)
    scalars = seen.drain_scalars()
    assert reading.before == pytest.approx(float(scalars.values[scalars.names.index("loss"), -1]), rel=1e-6)


def test_the_valley_is_seen_to_its_other_side() -> None:
    # For a parabola the best step is 1 / curvature: at a 64th of that the other side is 128 steps away.
    short = watched(trainer("line-by-formula", {"optimizer.lr": 0.0005}))
    long = watched(trainer("line-by-formula", {"optimizer.lr": 1.5}))
    assert short.steps[-1] == 32
    assert long.steps[-1] == 2
    assert long.after > long.before > min(long.losses)
    assert short.before > short.after > min(short.losses)
    for reading in (short, long):
        assert {0.0, 1.0} <= set(reading.steps)
        assert list(reading.steps) == sorted(reading.steps)


def test_at_rest_it_is_the_update_that_comes_next() -> None:
    seen = trainer("step-size")
    seen.train_batch()
    ahead = LossSliceProbe().at_rest(seen, None)
    assert isinstance(ahead, LossSliceRead)
    assert ahead.is_next
    made = watched(seen)
    assert (made.before, made.after, made.losses) == (ahead.before, ahead.after, ahead.losses)
    # What was watched of this very step is shown again.
    assert LossSliceProbe().at_rest(seen, made) is made


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_looking_at_rest_and_while_training_leaves_no_trace(name: str) -> None:
    preset, changes = EXPERIMENTS[name]
    seen, alone = trainer(preset, changes), trainer(preset, changes)
    probe = LossSliceProbe()
    default = torch.random.get_rng_state()
    for _ in range(4):
        probe.at_rest(seen, None)
        make_batch(seen, probe)
        assert probe.reading() is not None
        alone.train_batch()
    assert torch.equal(torch.random.get_rng_state(), default)
    after, expected = weights(seen), weights(alone)
    assert all(
        after[name].view(-1).view(torch.int32).equal(expected[name].view(-1).view(torch.int32))
        for name in after
    )
    assert [module.training for module in seen.model.modules()] == [
        module.training for module in alone.model.modules()
    ]
    gradients = zip(seen.gradients.flats, alone.gradients.flats, strict=True)
    assert all(one.view(torch.int32).equal(other.view(torch.int32)) for one, other in gradients)
    assert seen.drain_scalars().values.tobytes() == alone.drain_scalars().values.tobytes()


def test_a_loss_that_flies_off_is_told_as_it_is() -> None:
    reading = watched(trainer("digits-mlp", {"optimizer": {"name": "sgd", "lr": 1e12}}))
    assert math.isfinite(reading.before)
    assert reading.after > 1e6
    broken = trainer("digits-mlp")
    with torch.no_grad():
        next(broken.model.parameters()).fill_(math.inf)
    reading = watched(broken)
    assert not any(map(math.isfinite, reading.losses))
    assert reading.cosine is None


def test_somebodys_own_model_keeps_its_statistics_and_draws() -> None:
    model = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2))
    inputs = torch.randn(16, 3)
    state = torch.random.get_rng_state()
    trained = []
    for is_watched in (True, False):
        torch.random.set_rng_state(state)
        seen = trainer_of(copy.deepcopy(model), inputs)
        for _ in range(5):
            if is_watched:
                assert watched(seen).optimizer == ""
                LossSliceProbe().at_rest(seen, None)
            else:
                seen.train_batch()
        trained.append(weights(seen))
    assert all(torch.equal(trained[0][name], trained[1][name]) for name in trained[0])
