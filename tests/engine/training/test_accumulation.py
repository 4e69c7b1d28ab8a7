"""Gradient accumulation equals the loop that anyone would write for it, whatever happens in its middle."""

import copy
from typing import Any

import pytest
import torch

from tests.engine.plain_loop import OPTIMIZERS, assert_same, continuation, torch_optimizer, trainer, weights
from tui_dl.components.losses import build_loss
from tui_dl.engine.swap.update_size import next_gradients
from tui_dl.engine.training.batches import Position
from tui_dl.engine.training.trainer import Trainer

SAMPLES, BATCH, ACCUMULATE = 104, 16, 3
"""7 batches an epoch, the last one of 8 samples: updates of 3, 3 and 1."""
ONE = ("fetch", "forward", "loss", "zero_grad", "backward")
MORE = ("fetch", "forward", "loss", "backward")
LAST = ("clip", "update")


def accumulating(**change: Any) -> Trainer:
    return trainer(**{"training__accumulate": ACCUMULATE, **change})


class HandLoop:
    """Written by hand: zero_grad, several times backward from loss / n, one step."""

    def __init__(self, of: Trainer, declared: dict[str, Any]) -> None:
        assert of.experiment is not None
        assert of.splits is not None
        self.of = of
        self.model = copy.deepcopy(of.model)
        self.optimizer = torch_optimizer(declared, self.model.parameters())
        self.loss = build_loss(of.experiment.loss, of.splits.task, of.splits.outputs)

    def step_beside(self) -> tuple[float, float]:
        """An update here and one there; returns both losses."""
        inputs, targets = self.of.peek_batch()
        parts = list(zip(inputs.split(BATCH), targets.split(BATCH), strict=True))
        self.optimizer.zero_grad()
        losses = []
        for x, y in parts:
            loss = self.loss(self.model(x.clone()), y.clone())
            (loss / len(parts)).backward()
            losses.append(loss.item())
        self.optimizer.step()
        return sum(losses) / len(losses), self.of.train_batch().loss


@pytest.mark.parametrize("name", ["sgd momentum", "adam", "adagrad"])
def test_it_equals_a_loop_by_hand_to_the_last_bit(name: str) -> None:
    of = accumulating(optimizer=OPTIMIZERS[name])
    loop = HandLoop(of, OPTIMIZERS[name])
    for _ in range(10):
        mine, theirs = loop.step_beside()
        assert mine == pytest.approx(theirs, rel=1e-6)
        assert_same(weights(loop.model), weights(of.model))


def test_an_update_is_a_step_and_never_reaches_into_the_next_epoch() -> None:
    of = accumulating()
    assert (of.steps_per_epoch, of.total_steps) == (3, 30)
    seen = []
    for _ in range(6):
        of.train_batch()
        seen.append((of.step, of.epoch, of.epoch_samples, of.samples_seen))
    assert seen == [
        (1, 0, 48, 48),
        (2, 0, 96, 96),
        (3, 1, 0, 104),
        (4, 1, 48, 152),
        (5, 1, 96, 200),
        (6, 2, 0, 208),
    ]
    scalars = of.drain_scalars()
    assert scalars.values.shape[1] == 6
    assert scalars.values[scalars.names.index("samples_seen")].tolist() == [48, 96, 104, 152, 200, 208]


def test_loss_and_metrics_are_those_of_all_its_micro_batches() -> None:
    of = accumulating(regularizers__l2__strength=0.1)
    assert of.experiment is not None
    inputs, targets = of.peek_batch()
    assert len(inputs) == BATCH * ACCUMULATE
    with torch.no_grad():
        outputs = of.model(inputs)
        penalty = sum(0.05 * p.square().sum().item() for p in of.model.parameters() if p.ndim > 1)
    result = of.train_batch()
    expected = torch.nn.functional.cross_entropy(outputs, targets).item()
    assert result.loss == pytest.approx(expected + penalty, rel=1e-5)
    assert result["accuracy"] == pytest.approx((outputs.argmax(1) == targets).double().mean().item())
    values = of.drain_scalars()
    assert values.values[values.names.index("penalty"), 0] == pytest.approx(penalty, rel=1e-5)


def test_its_phases_are_those_of_each_micro_batch() -> None:
    of = accumulating()
    assert tuple(of.phases()) == (*ONE, *MORE, *MORE, *LAST)
    of.train_batch()
    # What is left of the epoch is one batch.
    assert tuple(of.phases()) == (*ONE, *LAST)


@pytest.mark.parametrize("phases", [1, 5, 7, 9, 14])
def test_left_in_its_middle_it_goes_on_exactly(phases: int) -> None:
    of, twin = (accumulating(regularizers__dropout__p=0.3) for _ in range(2))
    for each in (of, twin):
        each.train_batch()
    boundary = of.state_dict()
    stepped = of.phases()
    for _ in range(min(phases, 15)):
        next(stepped, None)
    if of.is_half_done:
        # What is saved inside is the boundary before it; what is peeked is all of it.
        assert_same(of.state_dict(), boundary)
        assert_same(of.peek_batch(), twin.peek_batch())
    losses = [] if of.is_half_done else [0.0]
    assert continuation(of, 4 - len(losses)) == continuation(twin, 4)[len(losses) :]
    assert_same(weights(of.model), weights(twin.model))


@pytest.mark.parametrize("inside", [0, 8, 13])
def test_it_is_changed_and_undone_at_the_updates_boundary(inside: int) -> None:
    of, never = (accumulating() for _ in range(2))
    for each in (of, never):
        each.train_batch()
    for _, _ in zip(range(inside), of.phases(), strict=False):
        pass
    if inside:
        never.train_batch()
    receipt = of.apply({"training.accumulate": 2})
    assert (receipt.step, of.step) == (never.step, never.step)
    assert {"weights", "position", "optimizer.exp_avg"} <= set(receipt.kept)
    assert of.epoch_samples == never.epoch_samples
    of.train_batch()
    assert of.samples_seen == never.samples_seen + min(2 * BATCH, SAMPLES - never.epoch_samples)
    for _, _ in zip(range(inside), of.phases(), strict=False):
        pass
    of.undo()
    assert_same(of.state_dict(), never.state_dict())
    assert continuation(of, 5) == continuation(never, 5)


def test_a_change_of_it_goes_on_as_a_loop_by_hand_in_that_state() -> None:
    of = trainer(optimizer=OPTIMIZERS["adam"])
    of.train_batch()
    loop = HandLoop(of, OPTIMIZERS["adam"])
    loop.optimizer.load_state_dict(copy.deepcopy(of.optimizer.state_dict()))
    receipt = of.apply({"training.accumulate": ACCUMULATE})
    assert receipt.relative_update is not None
    assert of.steps_per_epoch == 3
    for _ in range(5):
        mine, theirs = loop.step_beside()
        assert mine == pytest.approx(theirs, rel=1e-6)
    assert_same(weights(loop.model), weights(of.model))


def test_a_state_goes_on_elsewhere_with_it() -> None:
    of = accumulating()
    continuation(of, 4)
    twin = trainer()
    twin.load_state_dict(of.state_dict())
    assert (twin.steps_per_epoch, twin.epoch_samples) == (3, 48)
    assert continuation(twin, 5) == continuation(of, 5)


def test_a_rehearsal_makes_the_whole_update() -> None:
    of = accumulating(regularizers__dropout__p=0.3)
    of.train_batch()
    copies = of.rehearsal()
    assert copies.train_batch().loss == of.train_batch().loss
    assert_same(weights(copies.model), weights(of.model))


def test_what_a_change_measures_is_the_whole_updates_gradient() -> None:
    of = accumulating(optimizer={"name": "sgd", "lr": 0.1})
    measured = next_gradients(of._parts)
    assert measured is not None
    of.train_batch()
    for one, view in zip(measured, of.gradients.views, strict=True):
        assert_same(one, view)


def test_calibration_takes_the_mean_of_each_updates_micro_batches() -> None:
    of = accumulating(optimizer={"name": "sgd", "lr": 0.1})
    assert of.splits is not None
    parts = of._parts
    # As many as calibration looks at, by hand: 20 updates at the same weights.
    totals = [torch.zeros_like(parameter, dtype=torch.float64) for parameter in parts.parameters]
    for _ in range(20):
        found = next_gradients(parts)
        assert found is not None
        parts.batches.advance()
        for total, gradient in zip(totals, found, strict=True):
            total += gradient
    parts.batches.seek(Position())
    of.apply({"optimizer": {"name": "adam", "lr": 0.01}}, state="calibrate")
    for parameter, total in zip(parts.parameters, totals, strict=True):
        first = of.optimizer.state[parameter]["exp_avg"]
        steps = float(of.optimizer.state[parameter]["step"])
        torch.testing.assert_close(first, (total / 20).float() * (1 - 0.9**steps), rtol=1e-4, atol=1e-7)
