"""Hundreds of short sequences of optimizer changes and steps: each undo leads back to the very bits."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.plain_loop import FULL_BATCH, OPTIMIZERS, assert_same, invariants, trainer
from tui_dl.errors import ChangeRefused

if TYPE_CHECKING:
    from tui_dl.engine.training.trainer import Trainer

SWAPS = [{"optimizer": each} for each in OPTIMIZERS.values()]
SWAPS += [{"optimizer": each, "training.batch_size": 200} for each in FULL_BATCH.values()]
EDITS: list[dict[str, Any]] = [
    {"optimizer.lr": 0.003},
    {"optimizer.lr": 0.1},
    {"optimizer.beta1": 0.5},
    {"loss": "mse"},
    {"loss": {"name": "huber", "delta": 0.3}},
    {"model.activation": "tanh"},
    {"regularizers.l2": {"strength": 0.01}},
    {"training.batch_size": 40},
]
ACT = st.tuples(
    st.sampled_from(SWAPS * 2 + EDITS),
    st.sampled_from([None, "fresh", "carry", "calibrate"]),
    st.sampled_from([0, 0, 2]),
    st.integers(0, 3),
)


@functools.cache
def _shared() -> tuple[Trainer, dict[str, Any]]:
    of = trainer(data={"name": "moons", "samples": 60}, model={"name": "mlp", "hidden": [4]})
    return of, of.state_dict()


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(start=st.sampled_from(SWAPS), before=st.integers(0, 3), acts=st.lists(ACT, min_size=1, max_size=4))
def test_undo_leads_back_to_the_very_bits(
    start: dict[str, Any], before: int, acts: list[tuple[dict[str, Any], Any, int, int]]
) -> None:
    of, state = _shared()
    of.load_state_dict(state)
    of.apply(start)
    for _ in range(before):
        of.train_batch()
    points: list[dict[str, Any]] = []
    for change, mode, warmup_steps, steps in acts:
        here, depth = of.state_dict(), of.undo_depth
        try:
            of.apply(change, mode, warmup_steps)
        except ChangeRefused:
            assert_same(of.state_dict(), here)
        if of.undo_depth > depth:
            points.append(here)
        for _ in range(steps):
            of.train_batch()
    invariants(of)
    while points:
        of.undo()
        assert_same(of.state_dict(), points.pop())
    again = of.state_dict()
    losses = [of.train_batch().loss for _ in range(2)]
    of.load_state_dict(again)
    assert_same([of.train_batch().loss for _ in range(2)], losses)
