"""The kernel alone does what torch's own step does, and torch's own step is taken where it must be."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from tui_dl.engine.training.fused_update import FusedUpdate

Build = Callable[[Any], torch.optim.Optimizer]
FUSED: dict[str, Build] = {
    "sgd": lambda p: torch.optim.SGD(p, 0.1, fused=True),
    "momentum": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, dampening=0.1, weight_decay=0.01, fused=True),
    "nesterov": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True, maximize=True, fused=True),
    "adam": lambda p: torch.optim.Adam(p, 0.01, betas=(0.8, 0.95), weight_decay=0.1, fused=True),
    "amsgrad": lambda p: torch.optim.Adam(p, 0.01, amsgrad=True, maximize=True, fused=True),
    "adamw": lambda p: torch.optim.AdamW(p, 0.01, amsgrad=True, fused=True),
    "adagrad": lambda p: torch.optim.Adagrad(p, 0.1, lr_decay=0.01, weight_decay=0.01, fused=True),
}
NUMBERS: dict[str, dict[str, Any]] = {
    "sgd": {"momentum": 0.5},
    "momentum": {"momentum": 0.0},
    "nesterov": {"momentum": 0.7},
    "adam": {"betas": (0.5, 0.9), "eps": 1e-3},
    "amsgrad": {"eps": 1e-2},
    "adamw": {"weight_decay": 0.3},
    "adagrad": {"lr_decay": 0.5},
}


class Counted:
    """How often torch's own step was taken."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.steps = 0
        self._step = optimizer.step
        optimizer.step = self  # type: ignore[method-assign, assignment]

    def __call__(self) -> None:
        self.steps += 1
        self._step()


def pair(build: Build) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 7), nn.Linear(7, 3))
    return build(model.parameters()), build(copy.deepcopy(model).parameters())


def give_gradients(*optimizers: torch.optim.Optimizer) -> None:
    for drawn in zip(*(optimizer.param_groups[0]["params"] for optimizer in optimizers), strict=True):
        gradient = torch.randn_like(drawn[0])
        for parameter in drawn:
            parameter.grad = gradient.clone()


def assert_same(own: torch.optim.Optimizer, torchs: torch.optim.Optimizer) -> None:
    for left, right in zip(own.param_groups[0]["params"], torchs.param_groups[0]["params"], strict=True):
        assert torch.equal(left, right)
        assert own.state[left].keys() == torchs.state[right].keys()
        for name, value in own.state[left].items():
            assert (value is None) == (torchs.state[right][name] is None)
            assert value is None or torch.equal(value, torchs.state[right][name])


@pytest.mark.parametrize("name", FUSED)
def test_it_has_the_bits_of_torch_while_rates_and_numbers_are_edited(name: str) -> None:
    own, torchs = pair(FUSED[name])
    counted = Counted(own)
    update = FusedUpdate(own)
    for step in range(30):
        give_gradients(own, torchs)
        for optimizer in (own, torchs):
            optimizer.param_groups[0]["lr"] = 0.1 / (1 + step)
            if step == 15:
                optimizer.param_groups[0].update(NUMBERS[name])
        update.step()
        torchs.step()
        assert_same(own, torchs)
    # The first makes the state; another one follows where momentum was switched on or off.
    assert counted.steps == (2 if name in ("sgd", "momentum") else 1)


@pytest.mark.parametrize("name", FUSED)
def test_state_that_was_loaded_meanwhile_counts(name: str) -> None:
    own, torchs = pair(FUSED[name])
    update = FusedUpdate(own)
    for step in range(6):
        give_gradients(own, torchs)
        if step == 3:
            for optimizer in (own, torchs):
                optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
        update.step()
        torchs.step()
    assert_same(own, torchs)


def test_a_parameter_without_gradient_stays_as_torch_leaves_it() -> None:
    own, torchs = pair(FUSED["adam"])
    update = FusedUpdate(own)
    for step in range(6):
        give_gradients(own, torchs)
        if step % 2:
            for optimizer in (own, torchs):
                optimizer.param_groups[0]["params"][1].grad = None
        update.step()
        torchs.step()
        assert_same(own, torchs)


def test_a_hook_is_called() -> None:
    own, _ = pair(FUSED["adam"])
    update = FusedUpdate(own)
    for _ in range(3):
        give_gradients(own)
        update.step()
    calls = []
    hook = own.register_step_post_hook(lambda *_: calls.append(1))
    update.step()
    update.step()
    hook.remove()
    update.step()
    assert len(calls) == 2


@pytest.mark.parametrize(
    "build",
    [
        lambda p: torch.optim.Adam(p, 0.01),
        lambda p: torch.optim.RMSprop(p, 0.01),
        lambda p: torch.optim.Adam([{"params": [one]} for one in p], 0.01, fused=True),
    ],
)
def test_all_others_take_torchs_own_step(build: Build) -> None:
    own, torchs = pair(build)
    counted = Counted(own)
    update = FusedUpdate(own)
    for _ in range(5):
        give_gradients(own)
        update.step()
    assert counted.steps == 5
    assert torchs.state_dict()["param_groups"] == own.state_dict()["param_groups"]


def test_a_deep_copy_updates_its_own_parameters() -> None:
    own, _ = pair(FUSED["adam"])
    update = FusedUpdate(own)
    for _ in range(3):
        give_gradients(own)
        update.step()
    before = [parameter.detach().clone() for parameter in own.param_groups[0]["params"]]
    copy.deepcopy(update).step()
    assert all(map(torch.equal, before, own.param_groups[0]["params"]))
