"""An activation that gives way to another over some steps: its share is a function of the step alone."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.engine.plain_loop import (
    assert_same,
    continuation,
    invariants,
    torch_optimizer,
    trainer,
)
from tui_dl.engine.training.trainer import Trainer

STEPS = 8
BLEND = {"model.activation": "tanh", "model.blend_steps": STEPS}


def trained(steps: int = 10, **change: Any) -> Trainer:
    of = trainer(optimizer={"name": "adam", "lr": 0.02}, **change)
    continuation(of, steps)
    return of


def by_hand(
    layers: list[nn.Linear], inputs: Tensor, share: float, slopes: list[Tensor] | None = None
) -> Tensor:
    """ReLU, or learnt slopes that stand still, on its way to tanh."""
    values = inputs
    for place, layer in enumerate(layers[:-1]):
        values = layer(values)
        old = F.relu(values) if slopes is None else F.prelu(values, slopes[place])
        values = torch.lerp(old, torch.tanh(values), torch.tensor(share)) if share < 1 else torch.tanh(values)
    return layers[-1](values)


@pytest.mark.parametrize("before", ["relu", "prelu"])
def test_a_blend_is_the_straight_line_between_both_bit_for_bit(before: str) -> None:
    of = trained(model__activation=before)
    slopes = None
    if before == "prelu":
        slopes = [one.weight.detach().clone() for one in of.model.activations]  # type: ignore[union-attr]
    layers = list(copy.deepcopy(of.model.layers))  # type: ignore[arg-type]
    parameters = [parameter for layer in layers for parameter in layer.parameters()]
    states = [copy.deepcopy(of.optimizer.state[one]) for one in of.model.layers.parameters()]  # type: ignore[union-attr]
    receipt = of.apply(BLEND)
    assert receipt.probe_loss_after == receipt.probe_loss_before
    assert receipt.reset == (("activations.0", "activations.1") if before == "prelu" else ())
    invariants(of)
    optimizer = torch_optimizer({"name": "adam", "lr": 0.02}, parameters)
    optimizer.state.update(zip(parameters, states, strict=True))
    for done in range(STEPS + 3):
        share = min(done / STEPS, 1.0)
        assert of.splits is not None
        validation = of.splits.validation
        with torch.no_grad():
            outside = F.cross_entropy(by_hand(layers, validation.inputs, share, slopes), validation.targets)
        assert of.evaluate()["loss"] == pytest.approx(outside.item(), rel=1e-6)
        inputs, targets = of.peek_batch()
        loss = F.cross_entropy(by_hand(layers, inputs, share, slopes), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert of.train_batch().loss == loss.item()
    assert not of.model.shares
    assert list(of.model.state_dict()) == list(trainer().model.state_dict())
    invariants(of)


@pytest.mark.parametrize("inside", [0, 3, STEPS, STEPS + 5])
def test_a_state_from_within_a_blend_goes_on_bit_for_bit(inside: int) -> None:
    of = trained(model__activations=["prelu", "relu"])
    of.apply(BLEND)
    continuation(of, inside)
    for twin in (trainer(), trained(3, model__activation="gelu", model__blend_steps=5)):
        twin.load_state_dict(of.state_dict())
        assert_same(twin.state_dict(), of.state_dict())
        assert twin.evaluate() == of.evaluate()
        assert continuation(twin, 3) == continuation(copy_of(of), 3)
    of.load_state_dict(trainer().state_dict())
    assert continuation(of, 3) == continuation(trainer(), 3)


def copy_of(of: Trainer) -> Trainer:
    twin = trainer()
    twin.load_state_dict(of.state_dict())
    return twin


@pytest.mark.parametrize("inside", [0, 3, STEPS + 2])
@pytest.mark.parametrize("half_done", [False, True])
def test_undo_from_within_a_blend_and_back_into_one(inside: int, half_done: bool) -> None:
    of, never = (trained(regularizers=["batch_norm"]) for _ in range(2))
    for one in (of, never):
        one.apply(BLEND)
        continuation(one, 2)
    of.apply({"model.activation": "sigmoid"})
    continuation(of, inside)
    if half_done:
        next(of.phases())
    of.undo()
    assert of.evaluate() == never.evaluate()
    assert continuation(of, STEPS) == continuation(never, STEPS)
    of.undo()
    fresh = trained(regularizers=["batch_norm"])
    assert continuation(of, 4) == continuation(fresh, 4)


def test_the_next_batch_on_copies_is_at_the_same_place_of_the_blend() -> None:
    of = trained()
    of.apply(BLEND)
    continuation(of, 4)
    rehearsal = of.rehearsal()
    assert rehearsal.train_batch().loss == of.train_batch().loss


def test_a_blend_by_itself_changes_nothing_and_one_layer_can_fade_alone() -> None:
    of, never = trained(), trained()
    receipt = of.apply({"model.blend_steps": STEPS})
    assert receipt.edits == (("model.blend_steps", "0", "8"),)
    assert continuation(of, 3) == continuation(never, 3)
    plan = of.plan({"model.activations.1": "mish"})
    assert any("over 8 steps" in warning for warning in plan.warnings)
    of.apply({"model.activations.1": "mish"})
    assert list(of.model.shares) == [1]
    of.restart()
    assert not of.model.shares
