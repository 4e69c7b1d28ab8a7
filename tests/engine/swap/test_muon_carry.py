"""Muon and the others: matrices have a momentum, all else AdamW's moments, and each is carried by itself."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest
import torch

from tests.engine.plain_loop import OPTIMIZERS, PlainLoop, assert_same
from tests.engine.swap.optimizer_claims import follow, states, swap_to, trained
from tui_dl.engine.swap.transfer import plan_transfer, transferred
from tui_dl.errors import ChangeRefused
from tui_dl.spec import optimizers as spec

if TYPE_CHECKING:
    from tui_dl.engine.training.trainer import Trainer

MUON = OPTIMIZERS["muon"]
ALIKE = ("adam", "adamw", "nadam", "radam")
MOMENTS = ("step", "exp_avg", "exp_avg_sq")


def matrices(of: Trainer) -> list[bool]:
    return [parameter.ndim == 2 for parameter in of.model.parameters()]


@pytest.mark.parametrize("new", ALIKE)
def test_what_adamw_stepped_goes_on_with_its_very_moments(new: str) -> None:
    of = trained("muon")
    was = states(of)
    receipt = of.apply(swap_to(new), "carry")
    assert {f"optimizer.{name}" for name in MOMENTS} <= set(receipt.kept)
    assert "optimizer.momentum_buffer" in receipt.reset
    for is_matrix, before, now in zip(matrices(of), was, states(of), strict=True):
        if is_matrix:
            assert now == {}
        else:
            assert_same({name: now[name] for name in MOMENTS}, {name: before[name] for name in MOMENTS})
    loop = PlainLoop(of, OPTIMIZERS[new])
    for parameter, state in zip(loop.model.parameters(), states(of), strict=True):
        if state:
            loop.optimizer.state[parameter] = copy.deepcopy(state)
    follow(loop)


def test_the_plan_says_what_begins_from_nothing() -> None:
    plan = trained("muon").plan(swap_to("adamw"), "carry")
    assert "of matrices muon keeps no squared gradients: there adamw begins from nothing." in plan.warnings
    plan = trained("sgd momentum").plan(swap_to("muon"), "carry")
    assert (
        "of all but matrices sgd keeps no squared gradients: there muon begins from nothing." in plan.warnings
    )
    plan = trained("rmsprop").plan(swap_to("muon"), "carry")
    assert "of matrices rmsprop keeps no mean gradient: there muon begins from nothing." in plan.warnings
    assert not any("from nothing" in each for each in trained("adam").plan(swap_to("muon"), "carry").warnings)


@pytest.mark.parametrize("old", ALIKE)
def test_moments_become_momentum_of_matrices_and_stay_moments_of_all_else(old: str) -> None:
    of = trained(old)
    was = states(of)
    of.apply(swap_to("muon"), "carry")
    beta1 = OPTIMIZERS[old].get("beta1", 0.9)
    for is_matrix, before, now in zip(matrices(of), was, states(of), strict=True):
        if is_matrix:
            steps = float(before["step"])
            mean = before["exp_avg"] / (1 - beta1**steps)
            torch.testing.assert_close(now["momentum_buffer"], mean * (1 - MUON["momentum"] ** steps))
            assert set(now) == {"momentum_buffer"}
        else:
            assert_same(now, {name: before[name] for name in MOMENTS})


def test_there_and_back_leaves_the_moments_of_all_but_matrices() -> None:
    of = trained("adamw")
    was = states(of)
    for name in ("muon", "adamw"):
        of.apply(swap_to(name), "carry")
    for is_matrix, before, now in zip(matrices(of), was, states(of), strict=True):
        assert_same(now, {} if is_matrix else before)


@pytest.mark.parametrize("old", ["sgd momentum", "sgd dampened"])
def test_momentum_of_sgd_is_momentum_of_matrices_whatever_its_scale(old: str) -> None:
    of = trained(old)
    numbers = OPTIMIZERS[old]
    was = states(of)
    of.apply(swap_to("muon"), "carry")
    for is_matrix, before, now in zip(matrices(of), was, states(of), strict=True):
        scale = (1 - numbers["momentum"]) / (1 - numbers.get("dampening", 0.0))
        if is_matrix:
            torch.testing.assert_close(now["momentum_buffer"], before["momentum_buffer"] * scale)
        else:
            assert now == {}


def test_a_first_moment_alone_still_goes_nowhere_else_and_fresh_stays_the_default() -> None:
    of = trained("muon")
    assert of.plan(swap_to("adamw")).state == "fresh"
    for new in ("rprop", "asgd"):
        with pytest.raises(ChangeRefused, match="nothing that muon keeps means anything"):
            of.apply(swap_to(new), "carry")
    with pytest.raises(ChangeRefused, match="first moment alone"):
        trained("sgd momentum").apply(swap_to("adamw"), "carry")


def test_matrices_alone_count_no_updates_and_their_momentum_is_taken_as_filled() -> None:
    weight = torch.nn.Parameter(torch.zeros(2, 3))
    held = {weight: {"momentum_buffer": torch.full((2, 3), 0.5)}}
    old, new = spec.Muon(), spec.Sgd(momentum=0.9)
    made = transferred(plan_transfer(old, new, "carry"), old, new, held)
    torch.testing.assert_close(made[weight]["momentum_buffer"], torch.full((2, 3), 5.0))
