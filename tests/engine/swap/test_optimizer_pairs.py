"""Every ordered pair of optimizers: what follows a swap is what the receipt claims."""

import copy
import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.engine.plain_loop import OPTIMIZERS, PlainLoop, assert_same, invariants, trainer, weights
from tui_dl.engine.training.trainer import Trainer
from tui_dl.errors import ChangeRefused
from tui_dl.spec.catalogue import catalogue

PAIRS = list(itertools.permutations(OPTIMIZERS, 2))
BEFORE = 25
CALIBRATED = [
    name for name in OPTIMIZERS if name.split()[0] in ("sgd", "adam", "adamw", "rmsprop", "adagrad")
]

SLOTS = {
    "sgd": set(),
    "sgd momentum": {"momentum_buffer"},
    "sgd nesterov": {"momentum_buffer"},
    "adam": {"step", "exp_avg", "exp_avg_sq"},
    "adam amsgrad": {"step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"},
    "adamw": {"step", "exp_avg", "exp_avg_sq"},
    "adamw amsgrad": {"step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"},
    "rmsprop": {"step", "square_avg"},
    "rmsprop centered": {"step", "square_avg", "momentum_buffer", "grad_avg"},
    "adagrad": {"step", "sum"},
}


def test_every_optimizer_of_the_catalogue_is_in_the_battery() -> None:
    declared = {each.name for each in catalogue() if each.family == "optimizer"}
    assert declared == {each["name"] for each in OPTIMIZERS.values()}
    assert set(SLOTS) == set(OPTIMIZERS)


def family(name: str) -> str:
    return "adaptive" if name.split()[0] in ("adam", "adamw", "rmsprop") else name.split()[0]


def swap_to(name: str) -> dict[str, Any]:
    """The whole optimizer is replaced, also where the name stays: setting the name does that."""
    return {f"optimizer.{field}": value for field, value in OPTIMIZERS[name].items()}


def trained(name: str) -> Trainer:
    of = trainer(optimizer=OPTIMIZERS[name])
    for _ in range(BEFORE):
        of.train_batch()
    return of


def states(of: torch.optim.Optimizer) -> list[dict[str, Any]]:
    """One entry a parameter, copied."""
    return [
        {
            slot: copy.deepcopy(value)
            for slot, value in of.state.get(parameter, {}).items()
            if value is not None
        }
        for parameter in of.param_groups[0]["params"]
    ]


def names(receipt: Any, kind: str) -> set[str]:
    return {
        each.removeprefix("optimizer.") for each in getattr(receipt, kind) if each.startswith("optimizer.")
    }


def second_moment(name: str, state: dict[str, Any]) -> Tensor:
    """Mean squared gradient, unbiased, by the definitions of Adam, RMSprop and Adagrad."""
    steps = float(state["step"])
    declared = OPTIMIZERS[name]
    if "exp_avg_sq" in state:
        return state["exp_avg_sq"] / (1 - declared.get("beta2", 0.999) ** steps)
    if "square_avg" in state:
        return state["square_avg"] / (1 - 0.99**steps)
    return (state["sum"] - declared["initial_accumulator_value"]) / steps


def expected_conversion(slot: str, old: str, new: str, state: dict[str, Any]) -> Tensor:
    steps = float(state.get("step", 0))
    declared = OPTIMIZERS[new]
    if slot == "momentum_buffer":
        mean = state["exp_avg"] / (1 - OPTIMIZERS[old].get("beta1", 0.9) ** steps)
        return mean * (1 - declared["momentum"] ** steps) / (1 - declared["momentum"])
    if slot == "max_exp_avg_sq" and "exp_avg_sq" in state:
        return state["exp_avg_sq"]
    if slot in ("exp_avg_sq", "max_exp_avg_sq"):
        return second_moment(old, state) * (1 - declared.get("beta2", 0.999) ** steps)
    if slot == "square_avg":
        return second_moment(old, state) * (1 - 0.99**steps)
    assert slot == "sum"
    return second_moment(old, state) * steps + declared["initial_accumulator_value"]


def give_claimed_state(loop: PlainLoop, receipt: Any, was: list[dict[str, Any]], old: str, new: str) -> None:
    """Put into the loop's fresh optimizer what the receipt says it has; check what it was converted to."""
    kept, converted = names(receipt, "kept"), names(receipt, "converted")
    present = states(loop.of.optimizer)
    for parameter, state, now in zip(loop.model.parameters(), was, present, strict=True):
        claimed: dict[str, Any] = {slot: state[slot].clone() for slot in kept}
        for slot in converted:
            expected = expected_conversion(slot, old, new, state)
            torch.testing.assert_close(now[slot], expected, rtol=1e-5, atol=1e-12)
            claimed[slot] = now[slot].clone()
        if not claimed:
            continue
        if new.split()[0] != "sgd":
            for slot in SLOTS[new] - set(claimed):
                claimed[slot] = torch.zeros_like(parameter)
        loop.optimizer.state[parameter] = claimed


def follow(loop: PlainLoop, steps: int = 30) -> None:
    for _ in range(steps):
        loop.step_beside()
    loop.assert_equal()


@pytest.mark.parametrize(("old", "new"), PAIRS)
@pytest.mark.parametrize("state", [None, "fresh", "carry"])
def test_what_follows_is_what_the_receipt_claims(old: str, new: str, state: Any) -> None:
    of = trained(old)
    was, before = states(of.optimizer), weights(of.model)
    try:
        plan = of.plan(swap_to(new), state)
    except ChangeRefused:
        assert state == "carry"
        assert family(old) != family(new)
        return
    assert_same(states(of.optimizer), was)
    receipt = of.apply(swap_to(new), state)
    for kind in ("kept", "reset", "rescaled", "converted", "state", "edits"):
        assert getattr(plan, kind) == getattr(receipt, kind), kind
    assert receipt.step == BEFORE
    assert receipt.state == (state or ("carry" if family(old) == family(new) else "fresh"))
    has = {"weights", "position"} <= set(receipt.kept)
    assert has
    assert_same(weights(of.model), before)
    kept, reset, converted = (names(receipt, kind) for kind in ("kept", "reset", "converted"))
    assert kept | reset | converted == SLOTS[old] | SLOTS[new]
    assert not kept & reset
    assert not converted & reset
    if receipt.state == "fresh":
        assert reset == SLOTS[old] | SLOTS[new]
    loop = PlainLoop(of, OPTIMIZERS[new])
    give_claimed_state(loop, receipt, was, old, new)
    invariants(of)
    follow(loop)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_undo_is_exact(old: str, new: str) -> None:
    of, never = trained(old), trained(old)
    of.apply(swap_to(new), warmup_steps=3)
    for _ in range(5):
        of.train_batch()
    result = of.undo()
    assert (result.step, result.abandoned_step) == (BEFORE, BEFORE + 5)
    assert of.experiment == never.experiment
    invariants(of)
    for _ in range(20):
        assert of.train_batch().loss == never.train_batch().loss
    assert_same(of.state_dict(), never.state_dict())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_same_again_changes_nothing(name: str) -> None:
    of, never = trained(name), trained(name)
    receipt = of.apply(swap_to(name))
    assert receipt.edits == ()
    assert names(receipt, "kept") == SLOTS[name]
    assert of.undo_depth == 0
    for _ in range(20):
        assert of.train_batch().loss == never.train_batch().loss
    assert_same(of.state_dict(), never.state_dict())


@pytest.mark.parametrize("name", [name for name in CALIBRATED if name != "sgd"])
@pytest.mark.parametrize("old", ["sgd", "adam", "adagrad"])
def test_calibrated_state_comes_from_the_gradients_to_come(old: str, name: str) -> None:
    of, twin = trained(old), trained(old)
    position = (of.epoch, of.epoch_samples)
    upcoming = [twin.peek_batch()]
    gradients: list[list[Tensor]] = []
    for _ in range(20):
        inputs, targets = upcoming[-1]
        loss = torch.nn.functional.cross_entropy(of.model(inputs), targets)
        gradients.append(list(torch.autograd.grad(loss, list(of.model.parameters()))))
        twin.train_batch()
        upcoming.append(twin.peek_batch())
    before, random = weights(of.model), torch.get_rng_state()
    receipt = of.apply(swap_to(name) | {"optimizer.lr": 0.003}, state="calibrate")
    assert (receipt.state, (of.epoch, of.epoch_samples)) == ("calibrate", position)
    assert torch.equal(random, torch.get_rng_state())
    assert_same(weights(of.model), before)
    for index, state in enumerate(states(of.optimizer)):
        mean = torch.stack([each[index] for each in gradients]).double().mean(0)
        square = torch.stack([each[index] for each in gradients]).double().square().mean(0)
        check_calibrated(name, state, mean, square)
    for _ in range(10):
        of.train_batch()
    of.undo()
    invariants(of)


def check_calibrated(name: str, state: dict[str, Any], mean: Tensor, square: Tensor) -> None:
    declared = OPTIMIZERS[name]
    beta1, beta2 = declared.get("beta1", 0.9), declared.get("beta2", 0.999)
    momentum = declared.get("momentum", 0.0)
    expected = {
        "exp_avg": mean * (1 - beta1**20),
        "exp_avg_sq": square * (1 - beta2**20),
        "max_exp_avg_sq": square * (1 - beta2**20),
        "square_avg": square * (1 - 0.99**20),
        "sum": square * 20 + 0.1,
        "momentum_buffer": mean * (1 - momentum**20) / (1 - momentum) if "sgd" in name else mean * 0,
        "grad_avg": mean * 0,
        "step": torch.tensor(20.0),
    }
    assert set(state) == SLOTS[name]
    for slot, value in state.items():
        torch.testing.assert_close(value.double(), expected[slot].double(), rtol=1e-4, atol=1e-9)


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
        ("sgd", {"lr": 0.01}),
        ("adam", {"beta1": 0.5, "beta2": 0.9, "eps": 1e-4}),
        ("adamw", {"weight_decay": 0.0}),
        ("rmsprop", {"alpha": 0.5, "lr": 0.1}),
        ("adagrad", {"lr_decay": 0.5}),
    ],
)
def test_numbers_are_edited_in_place(name: str, change: dict[str, Any]) -> None:
    of = trained(name)
    was, optimizer = states(of.optimizer), of.optimizer
    receipt = of.apply({f"optimizer.{key}": value for key, value in change.items()})
    assert of.optimizer is optimizer
    assert names(receipt, "kept") == SLOTS[name]
    assert receipt.reset == receipt.converted == ()
    assert_same(states(of.optimizer), was)
    loop = PlainLoop(of, OPTIMIZERS[name] | change)
    for parameter, state in zip(loop.model.parameters(), was, strict=True):
        loop.optimizer.state[parameter] = copy.deepcopy(state)
    follow(loop)


@pytest.mark.parametrize(
    ("name", "change", "reset"),
    [
        ("sgd momentum", {"momentum": 0.0}, {"momentum_buffer"}),
        ("sgd", {"momentum": 0.9}, {"momentum_buffer"}),
        ("adam amsgrad", {"amsgrad": False}, {"max_exp_avg_sq"}),
        ("rmsprop", {"centered": True}, {"grad_avg"}),
        ("rmsprop", {"momentum": 0.9}, {"momentum_buffer"}),
        ("rmsprop centered", {"momentum": 0.0, "centered": False}, {"momentum_buffer", "grad_avg"}),
    ],
)
def test_switches_let_go_of_what_they_switch(name: str, change: dict[str, Any], reset: set[str]) -> None:
    of = trained(name)
    was = states(of.optimizer)
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
    was = states(of.optimizer)
    receipt = of.apply({"optimizer.fused": False})
    assert names(receipt, "kept") == SLOTS["adam"]
    assert_same(states(of.optimizer), was)
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
    loop = PlainLoop(of, OPTIMIZERS["adagrad"])
    follow(loop, 5)
