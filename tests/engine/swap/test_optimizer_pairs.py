"""What a swap of the optimizer leaves alone, what switches do, and what is refused with what would work."""

import copy
from typing import Any

import pytest
import torch

from tests.engine.plain_loop import OPTIMIZERS, PlainLoop, assert_same, invariants, trainer, weights
from tests.engine.swap.optimizer_claims import (
    BEFORE,
    SLOTS,
    follow,
    may_calibrate,
    names,
    states,
    swap_to,
    trained,
)
from tui_dl.engine.training.trainer import Trainer
from tui_dl.errors import ChangeRefused


def fresh_twin(name: str) -> Trainer:
    """Like `trained`, another trainer."""
    twin = trainer(optimizer=OPTIMIZERS[name])
    for _ in range(BEFORE):
        twin.train_batch()
    return twin


NEXT = dict(zip(OPTIMIZERS, [*list(OPTIMIZERS)[1:], next(iter(OPTIMIZERS))], strict=True))


@pytest.mark.parametrize("old", OPTIMIZERS)
def test_undo_is_exact(old: str) -> None:
    of, never = trained(old), fresh_twin(old)
    of.apply(swap_to(NEXT[old]), warmup_steps=3)
    for _ in range(5):
        of.train_batch()
    result = of.undo()
    assert (result.step, result.abandoned_step) == (BEFORE, BEFORE + 5)
    assert of.experiment == never.experiment
    invariants(of)
    for _ in range(20):
        assert of.train_batch().loss == never.train_batch().loss
    assert_same(of.state_dict(), never.state_dict())


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if may_calibrate(name)])
def test_calibration_moves_nothing_else(name: str) -> None:
    of = trained("sgd")
    position, before, random = (of.epoch, of.epoch_samples), weights(of.model), torch.get_rng_state()
    receipt = of.apply(swap_to(name) | {"optimizer.lr": 0.003}, state="calibrate")
    assert (receipt.state, (of.epoch, of.epoch_samples)) == ("calibrate", position)
    assert torch.equal(random, torch.get_rng_state())
    assert_same(weights(of.model), before)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_same_again_changes_nothing(name: str) -> None:
    of, never = trained(name), fresh_twin(name)
    receipt = of.apply(swap_to(name))
    assert receipt.edits == ()
    assert names(receipt, "kept") == SLOTS[name]
    assert of.undo_depth == 0
    for _ in range(20):
        assert of.train_batch().loss == never.train_batch().loss
    assert_same(of.state_dict(), never.state_dict())


def test_carrying_a_first_moment_alone_is_refused_with_what_would_work() -> None:
    of = trained("sgd momentum")
    for new in ("adam", "rmsprop", "adagrad"):
        with pytest.raises(ChangeRefused, match=r'first moment alone.*"calibrate" or "fresh"'):
            of.apply({"optimizer": new}, state="carry")
    with pytest.raises(ChangeRefused, match=r'sgd without momentum; use "fresh"\.'):
        trained("adam").apply({"optimizer": "sgd"}, state="carry")
    with pytest.raises(ChangeRefused, match='without momentum keeps no state; use "fresh"'):
        trained("adam").apply({"optimizer": "sgd"}, state="calibrate")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("sgd momentum", {"momentum": 0.5}),
        ("sgd momentum", {"nesterov": True}),
        ("sgd momentum", {"dampening": 0.9}),
        ("sgd dampened", {"dampening": 0.0}),
        ("sgd dampened", {"dampening": 0.0, "nesterov": True}),
        ("sgd dampened", {"dampening": 1.0, "momentum": 0.5}),
        ("sgd", {"lr": 0.01}),
        ("adam", {"beta1": 0.5, "beta2": 0.9, "eps": 1e-4}),
        ("adamw", {"weight_decay": 0.0}),
        ("rmsprop", {"alpha": 0.5, "lr": 0.1}),
        ("adagrad", {"lr_decay": 0.5}),
    ],
)
def test_numbers_are_edited_in_place(name: str, change: dict[str, Any]) -> None:
    of = trained(name)
    was, optimizer = states(of), of.optimizer
    receipt = of.apply({f"optimizer.{key}": value for key, value in change.items()})
    assert of.optimizer is optimizer
    assert names(receipt, "kept") == SLOTS[name]
    assert receipt.reset == receipt.converted == ()
    assert_same(states(of), was)
    loop = PlainLoop(of, OPTIMIZERS[name] | change)
    for parameter, state in zip(loop.model.parameters(), was, strict=True):
        loop.optimizer.state[parameter] = copy.deepcopy(state)
    follow(loop)


@pytest.mark.parametrize(
    ("name", "change", "reset"),
    [
        ("sgd momentum", {"momentum": 0.0}, {"momentum_buffer"}),
        ("sgd", {"momentum": 0.9}, {"momentum_buffer"}),
        ("sgd", {"momentum": 0.9, "dampening": 0.5}, {"momentum_buffer"}),
        ("sgd dampened", {"momentum": 0.0}, {"momentum_buffer"}),
        ("adam amsgrad", {"amsgrad": False}, {"max_exp_avg_sq"}),
        ("rmsprop", {"centered": True}, {"grad_avg"}),
        ("rmsprop", {"momentum": 0.9}, {"momentum_buffer"}),
        ("rmsprop centered", {"momentum": 0.0, "centered": False}, {"momentum_buffer", "grad_avg"}),
    ],
)
def test_switches_let_go_of_what_they_switch(name: str, change: dict[str, Any], reset: set[str]) -> None:
    of = trained(name)
    was = states(of)
    receipt = of.apply({f"optimizer.{key}": value for key, value in change.items()})
    assert names(receipt, "reset") == reset
    loop = PlainLoop(of, OPTIMIZERS[name] | change)
    for parameter, state in zip(loop.model.parameters(), was, strict=True):
        goes_on = {slot: value for slot, value in state.items() if slot not in reset}
        for slot in reset & {"grad_avg"} if change.get("centered") else set():
            goes_on[slot] = torch.zeros_like(parameter)
        for slot in reset if name == "rmsprop" and change.get("momentum") else set():
            goes_on[slot] = torch.zeros_like(parameter)
        if goes_on:
            loop.optimizer.state[parameter] = goes_on
    follow(loop)


def test_fused_can_be_switched_with_all_state_kept() -> None:
    of = trained("adam")
    was = states(of)
    receipt = of.apply({"optimizer.fused": False})
    assert names(receipt, "kept") == SLOTS["adam"]
    assert_same(states(of), was)
    loop = PlainLoop(of, OPTIMIZERS["adam"] | {"fused": False})
    for parameter, state in zip(loop.model.parameters(), was, strict=True):
        loop.optimizer.state[parameter] = state
    follow(loop)


def test_state_can_be_made_fresh_with_the_optimizer_kept() -> None:
    of = trained("adam")
    receipt = of.apply({}, state="fresh")
    assert names(receipt, "reset") == SLOTS["adam"]
    follow(PlainLoop(of, OPTIMIZERS["adam"]))
    of.undo()
    assert of.optimizer.state


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_before_any_update_there_is_nothing_to_keep_or_reset(name: str) -> None:
    of = trainer(optimizer=OPTIMIZERS[name])
    for new in OPTIMIZERS:
        receipt = of.apply(swap_to(new))
        assert receipt.reset == receipt.converted == ()
        assert receipt.kept == ("weights", "position")
    loop = PlainLoop(of, OPTIMIZERS[new])
    follow(loop, 5)
