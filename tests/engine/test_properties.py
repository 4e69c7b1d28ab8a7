"""Any sequence of changes, steps, phases, undos, restarts and saves keeps what must always hold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.engine.plain_loop import FULL_BATCH, OPTIMIZERS, assert_same, invariants, trainer
from tui_dl.engine.training.batch_loop import PHASES
from tui_dl.errors import ChangeRefused

if TYPE_CHECKING:
    from tui_dl.engine.training.trainer import Trainer

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "optimizer": st.sampled_from([*OPTIMIZERS.values(), *FULL_BATCH.values()]),
    "optimizer.lr": st.sampled_from([0.0, 1e-4, 0.01, 0.3]),
    "optimizer.momentum": st.sampled_from([0.0, 0.5, 0.9]),
    "optimizer.nesterov": st.booleans(),
    "optimizer.dampening": st.sampled_from([0.0, 0.5, 1.0]),
    "optimizer.amsgrad": st.booleans(),
    "optimizer.centered": st.booleans(),
    "optimizer.fused": st.booleans(),
    "optimizer.beta1": st.sampled_from([0.0, 0.8]),
    "optimizer.history_size": st.sampled_from([1, 7]),
    "loss": st.sampled_from(["cross_entropy", "mse", "l1", {"name": "huber", "delta": 0.2}]),
    "model.activation": st.sampled_from(["relu", "tanh", "sigmoid", "gelu", "identity"]),
    "model.activations.0": st.sampled_from(["relu", "prelu", {"name": "prelu", "per_unit": True}]),
    "model.blend_steps": st.sampled_from([0, 3, 50]),
    "model.hidden": st.sampled_from([[4], [8, 6], [3, 3, 3]]),
    "regularizers.dropout": st.sampled_from([False, {"p": 0.0}, {"p": 0.4}]),
    "regularizers.batch_norm": st.sampled_from(
        [False, {"layers": [0]}, {"insertion": "preserving", "momentum": 0.5}]
    ),
    "regularizers.layer_norm": st.sampled_from([False, {"layers": [1]}, {"eps": 0.1}]),
    "regularizers.l2": st.sampled_from([False, {"strength": 0.0}, {"strength": 0.1}]),
    "regularizers.l1": st.sampled_from([False, {"strength": 0.01}, {"strength": 0.1, "method": "proximal"}]),
    "regularizers.elastic_net": st.sampled_from([False, {"strength": 0.1}]),
    "regularizers.weight_decay": st.sampled_from([False, {"rate": 0.1}]),
    "regularizers.gradient_clipping": st.sampled_from(
        [False, {"max_norm": 0.1}, {"method": "value", "max_value": 0.1}]
    ),
    "regularizers.label_smoothing": st.sampled_from([False, {"amount": 0.1}]),
    "regularizers.mixup": st.sampled_from([False, True, {"alpha": 2.0}]),
    "regularizers.cutmix": st.sampled_from([False, True]),
    "regularizers.augmentation": st.sampled_from([False, {"jitter": 0.3}]),
    "regularizers.input_noise": st.sampled_from([False, {"sigma": 0.0}, {"sigma": 0.3}]),
    "regularizers.weight_noise": st.sampled_from([False, {"sigma": 0.2}]),
    "regularizers.max_norm": st.sampled_from([False, {"limit": 0.5}]),
    "schedule": st.sampled_from(
        [
            "constant",
            "cosine",
            {"name": "step", "step_size": 4},
            {"name": "linear", "unit": "epochs"},
            {"name": "warmup", "steps": 5, "after": "one_cycle"},
            {"name": "plateau", "patience": 0, "threshold": 1.0},
        ]
    ),
    "training.batch_size": st.sampled_from([1, 9, 16, 1000]),
    "seed": st.integers(0, 2),
}
CHANGE = st.lists(st.sampled_from(list(VALUES)), max_size=4, unique=True).flatmap(
    lambda paths: st.fixed_dictionaries({path: VALUES[path] for path in paths})
)


def states_by_name(state: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The optimizer's state of each parameter; torch numbers them in the model's order."""
    running = ("running_mean", "running_var", "num_batches_tracked", "slopes")
    names = [name for name in state["model"] if not name.endswith(running)]
    return {names[index]: each for index, each in state["optimizer"]["state"].items()}


class Steering(RuleBasedStateMachine):
    """A trainer that is steered at random; `points` are the states that each undo must lead back to."""

    @initialize(optimizer=st.sampled_from([*OPTIMIZERS.values(), *FULL_BATCH.values()]))
    def begin(self, optimizer: dict[str, Any]) -> None:
        self.of: Trainer = trainer(optimizer=optimizer)
        self.points: list[dict[str, Any]] = []
        self.twin: Trainer | None = None

    @rule(steps=st.integers(1, 6))
    def train(self, steps: int) -> None:
        for _ in range(steps):
            before = self.of.step
            assert self.of.train_batch().step == before + 1

    @rule(phases=st.integers(1, len(PHASES)))
    def micro_step(self, phases: int) -> None:
        for _ in zip(range(phases), self.of.phases(), strict=False):
            pass

    @rule(
        change=CHANGE,
        state=st.sampled_from([None, None, "fresh", "carry", "calibrate"]),
        warmup_steps=st.sampled_from([0, 0, 5]),
    )
    def change(self, change: dict[str, Any], state: Any, warmup_steps: int) -> None:
        if self.of.is_half_done:
            self.of.train_batch()
        before, depth = self.of.state_dict(), self.of.undo_depth
        try:
            plan = self.of.plan(change, state, warmup_steps)
        except ChangeRefused as refused:
            assert_same(self.of.state_dict(), before)
            self.refuse(change, state, warmup_steps, str(refused))
            assert_same(self.of.state_dict(), before)
            assert self.of.undo_depth == depth
            return
        assert_same(self.of.state_dict(), before)
        receipt = self.of.apply(change, state, warmup_steps)
        for field in ("edits", "kept", "reset", "rescaled", "converted", "state", "warmup_steps"):
            assert getattr(plan, field) == getattr(receipt, field), field
        self.check_claims(receipt, before)
        if self.of.undo_depth > depth:
            self.points.append(before)
        elif not receipt.edits and state in (None, "carry") and not warmup_steps:
            assert_same(self.of.state_dict(), before)

    def refuse(self, change: dict[str, Any], state: Any, warmup_steps: int, said: str) -> None:
        with pytest.raises(ChangeRefused) as refused:
            self.of.apply(change, state, warmup_steps)
        assert str(refused.value) == said

    def check_claims(self, receipt: Any, before: dict[str, Any]) -> None:
        after = self.of.state_dict()
        # What fades is no weight: it is the old activation, standing still.
        renewed = ("fading.", *(f"{name}." for name in (*receipt.reset, *receipt.converted)))
        if "weights" in receipt.kept:
            assert_same(
                *(
                    {name: value for name, value in each["model"].items() if not name.startswith(renewed)}
                    for each in (after, before)
                )
            )
        if "position" in receipt.kept:
            assert [after[key] for key in ("epoch", "epoch_samples", "step")] == [
                before[key] for key in ("epoch", "epoch_samples", "step")
            ]
        was = states_by_name(before)
        for name, state in states_by_name(after).items():
            for slot in state:
                if f"optimizer.{slot}" in receipt.kept and not name.startswith(renewed):
                    assert_same(state[slot], was[name][slot])

    @precondition(lambda self: self.of.undo_depth)
    @rule()
    def undo(self) -> None:
        self.of.undo()
        assert_same(self.of.state_dict(), self.points.pop())

    @rule(seed=st.sampled_from([None, 1]))
    def restart(self, seed: int | None) -> None:
        if self.of.is_half_done:
            self.of.train_batch()
        self.points.append(self.of.state_dict())
        self.of.restart(seed)
        assert self.of.step == self.of.samples_seen == 0

    @rule()
    def go_on_elsewhere(self) -> None:
        # New at first, then with whatever it came to: building one took a third of the time.
        self.twin = twin = self.twin or trainer()
        twin.load_state_dict(self.of.state_dict())
        assert_same(twin.state_dict(), self.of.state_dict())
        if not self.of.is_half_done:
            mine, theirs = self.of.train_batch(), twin.train_batch()
            assert mine.loss == theirs.loss or (math.isnan(mine.loss) and math.isnan(theirs.loss))
            assert_same(twin.state_dict(), self.of.state_dict())

    @rule()
    def load_its_own_state(self) -> None:
        state = self.of.state_dict()
        self.of.load_state_dict(state)
        assert not self.of.is_half_done
        assert_same(self.of.state_dict(), state)
        self.points.clear()

    @rule(split=st.sampled_from(["train", "validation"]))
    def look(self, split: str) -> None:
        before = self.of.state_dict()
        self.of.evaluate(split)
        self.of.peek_batch()
        self.of.drain_scalars()
        assert_same(self.of.state_dict(), before)

    @rule(highest=st.sampled_from([0.1, 1e6]))
    def find_a_rate(self, highest: float) -> None:
        # Inside a batch, too: what is half done stays so, and ends as it would have.
        before, inside = self.of.state_dict(), self.of.is_half_done
        self.of.find_rate(batches=5, highest=highest)
        assert self.of.is_half_done == inside
        assert_same(self.of.state_dict(), before)

    @invariant()
    def holds(self) -> None:
        if hasattr(self, "of"):
            invariants(self.of)
            assert self.of.undo_depth == len(self.points)
            assert self.of.experiment is not None
            if self.of.step:
                assert self.of.samples_seen >= self.of.epoch_samples


Steering.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestSteering = Steering.TestCase
