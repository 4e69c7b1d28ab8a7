"""Gradients that are not reset: a plain loop without its first line, undo, resume, micro-steps."""

import copy

import pytest
import torch

from tests.engine.plain_loop import (
    OPTIMIZERS,
    PlainLoop,
    assert_same,
    continuation,
    invariants,
    trainer,
    weights,
)
from tui_dl.engine.training.phase_facts import PhaseTeller
from tui_dl.errors import ChangeRefused

OFF = {"training.zero_grad": False}


def test_gradients_pile_up_as_in_a_loop_that_never_resets_them() -> None:
    for declared in (OPTIMIZERS["sgd"], OPTIMIZERS["adam"]):
        of = trainer(optimizer=declared)
        beside = PlainLoop(of, declared)
        for _ in range(5):
            beside.step_beside()
        # The former zero_grad leaves the last batch's gradients; what is summed begins at the change.
        of.apply(OFF)
        beside.optimizer.zero_grad(set_to_none=False)
        for _ in range(20):
            inputs, targets = of.peek_batch()
            loss = beside.loss(beside.model(inputs), targets)
            loss.backward()
            beside.optimizer.step()
            assert of.train_batch().loss == loss.item()
        beside.assert_equal()
        norm = torch.nn.utils.get_total_norm([each.grad for each in beside.model.parameters()])  # type: ignore[misc]
        torch.testing.assert_close(of.gradients.norm(), norm)
        of.apply({"training.zero_grad": True})
        for _ in range(5):
            beside.step_beside()
        beside.assert_equal()
        invariants(of)


def test_an_undo_brings_the_sum_back() -> None:
    of, twin = trainer(training__zero_grad=False), trainer(training__zero_grad=False)
    for each in (of, twin):
        continuation(each, 6)
    of.apply({"training.zero_grad": True})
    continuation(of, 4)
    of.undo()
    assert continuation(of) == continuation(twin)
    assert_same(weights(of.model), weights(twin.model))


def test_a_state_holds_the_sum_also_inside_a_batch() -> None:
    of = trainer(training__zero_grad=False)
    continuation(of, 6)
    at_boundary = copy.deepcopy(of.state_dict())
    for phase in of.phases():
        if phase == "backward":
            break
    assert_same(of.state_dict(), at_boundary)
    expected = continuation(of)
    for fresh in (trainer(training__zero_grad=False), trainer()):
        fresh.load_state_dict(at_boundary)
        assert continuation(fresh) == expected


def test_a_batch_given_up_half_way_leaves_the_sum_as_it_was() -> None:
    of, twin = trainer(training__zero_grad=False), trainer(training__zero_grad=False)
    for each in (of, twin):
        continuation(each, 3)
        each.apply({"optimizer.lr": 0.01})
        continuation(each, 3)
    for phase in of.phases():
        if phase == "backward":
            break
    of.undo()
    twin.undo()
    assert continuation(of) == continuation(twin)


def test_a_rehearsal_adds_to_the_same_sum() -> None:
    of = trainer(training__zero_grad=False)
    continuation(of, 6)
    ahead = of.rehearsal().train_batch()
    made = of.train_batch()
    assert (ahead.loss, ahead.grad_norm) == (made.loss, made.grad_norm)


def test_the_phase_says_whether_gradients_are_reset() -> None:
    of = trainer()
    for switch, word in ((True, "set to 0"), (False, "kept")):
        of.apply({"training.zero_grad": switch})
        said = {}
        for phase in of.phases():
            said[phase] = PhaseTeller().tell(of, phase)[1] if phase == "zero_grad" else ()
        assert word in said["zero_grad"][0]


def test_with_the_reset_nothing_more_is_kept() -> None:
    of = trainer()
    continuation(of, 2)
    assert of.state_dict()["gradients"] == []


@pytest.mark.parametrize(
    "change", [{"training.precision": "float16"}, {"optimizer": "lbfgs"}], ids=["float16", "lbfgs"]
)
def test_what_needs_fresh_gradients_is_refused_with_the_way_out(change: dict[str, object]) -> None:
    of = trainer(training__batch_size=1000)
    with pytest.raises(ChangeRefused, match=r"training\.zero_grad: false .* use "):
        of.apply({**OFF, **change})
    assert of.experiment is not None
    assert of.experiment.training.zero_grad
