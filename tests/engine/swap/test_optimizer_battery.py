"""Every ordered pair of optimizers in every state mode: what follows a swap is what the receipt claims."""

import itertools

import pytest

from tests.engine.plain_loop import OPTIMIZERS, PlainLoop, assert_same, invariants, weights
from tests.engine.swap.optimizer_claims import (
    ALL,
    BEFORE,
    SLOTS,
    carries_by_itself,
    claimed_states,
    follow,
    kind,
    may_calibrate,
    may_carry,
    names,
    states,
    swap_to,
    trained,
)
from tui_dl.engine.training.trainer import Trainer
from tui_dl.errors import ChangeRefused
from tui_dl.spec.catalogue import catalogue
from tui_dl.spec.lecture import OptimizerState
from tui_dl.wire.plans import Receipt

STEPS = 4
SETTINGS = [name for name in SLOTS if name not in ("sgd nesterov", "adamw amsgrad")]
PAIRS = list(itertools.permutations(SETTINGS, 2))
MODES: tuple[OptimizerState, ...] = ("fresh", "carry", "calibrate")


def test_every_optimizer_of_the_catalogue_is_in_the_battery() -> None:
    declared = {each.name for each in catalogue() if each.family == "optimizer"}
    assert declared == {kind(name) for name in SLOTS}
    assert set(SLOTS) == {*OPTIMIZERS, "lbfgs"}


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_what_follows_is_what_the_receipt_claims(old: str, new: str) -> None:
    of = trained(old)
    before = of.state_dict()
    by_itself = of.plan(swap_to(new))
    assert by_itself.state == ("carry" if carries_by_itself(old, new) else "fresh")
    for state in MODES:
        if is_refused(of, old, new, state):
            assert_same(of.state_dict(), before)
            continue
        receipt = swap(of, old, new, state)
        if by_itself.state == state:
            for field in ("kept", "reset", "rescaled", "converted", "edits"):
                assert getattr(by_itself, field) == getattr(receipt, field), field
        result = of.undo()
        assert (result.step, result.abandoned_step) == (BEFORE, BEFORE + STEPS)
        assert_same(of.state_dict(), before)


def is_refused(of: Trainer, old: str, new: str, state: OptimizerState) -> bool:
    """Whether it is, where it has to be; the refusal says what would work, and that does."""
    allowed = {"carry": may_carry(old, new), "calibrate": may_calibrate(new)}.get(state, True)
    if allowed:
        return False
    with pytest.raises(ChangeRefused, match=r'state "\w+": .*; use .*"fresh"\.$') as refused:
        of.apply(swap_to(new), state)
    assert ('"calibrate" or' in str(refused.value)) == (state == "carry" and may_calibrate(new))
    return True


def swap(of: Trainer, old: str, new: str, state: OptimizerState) -> Receipt:
    was, before = states(of), weights(of.model)
    receipt = of.apply(swap_to(new), state)
    assert receipt.state == state
    assert {"weights", "position"} <= set(receipt.kept)
    assert_same(weights(of.model), before)
    kept, reset, converted = (names(receipt, field) for field in ("kept", "reset", "converted"))
    assert kept | reset | converted == SLOTS[old] | SLOTS[new]
    assert not kept & reset
    assert not converted & (reset | kept)
    if state == "fresh":
        assert reset == SLOTS[old] | SLOTS[new]
    invariants(of)
    loop = PlainLoop(of, ALL[new])
    claims = claimed_states(receipt, was, states(of), old, new)
    for parameter, claim in zip(loop.model.parameters(), claims, strict=True):
        if claim:
            loop.optimizer.state[parameter] = claim
    follow(loop, STEPS)
    return receipt


def test_a_first_moment_alone_explodes_and_what_is_carried_does_not() -> None:
    """The evidence behind the refusal: SGD's momentum as Adam's m over v = 0, against what is offered."""
    losses = {}
    for state in ("seeded", "calibrate", "fresh"):
        of = trained("sgd momentum")
        buffers = [state["momentum_buffer"] for state in states(of)]
        of.apply(swap_to("adam"), "fresh" if state == "seeded" else state)
        if state == "seeded":
            of.train_batch()
            for parameter, buffer in zip(of.model.parameters(), buffers, strict=True):
                of.optimizer.state[parameter]["exp_avg"] = buffer
                of.optimizer.state[parameter]["exp_avg_sq"].zero_()
        for _ in range(10):
            of.train_batch()
        losses[state] = of.evaluate("validation")["loss"]
    assert losses["seeded"] > 10 * max(losses["calibrate"], losses["fresh"])
    for new in ("adam", "nadam", "radam", "adamax", "rmsprop", "adagrad", "adadelta"):
        assert kind(new) == new
        with pytest.raises(ChangeRefused, match=r'first moment alone.*use "calibrate" or "fresh"'):
            trained("sgd momentum").apply(swap_to(new), state="carry")
