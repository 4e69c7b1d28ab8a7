"""Commands that come at awkward moments: each takes effect at a boundary, in its order, and none is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.plain_loop import assert_same
from tests.engine.session_bench import Driver, experiment
from tui_dl.engine.training.trainer import Trainer
from tui_dl.wire.commands import ApplyChange, Evaluate, Pause, Restart, Run, Step, StepPhase, Undo
from tui_dl.wire.messages import Answered, ChangeApplied, ChangeUndone, Restarted

if TYPE_CHECKING:
    from tui_dl.wire.commands import AnyCommand

ACCUMULATING = "accumulate = 2\n"
CHANGES: tuple[dict[str, Any], ...] = (
    {"optimizer.lr": 0.003},
    {"optimizer.lr": 0.02},
    {"optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9}},
    {"optimizer": {"name": "adam", "lr": 0.01}},
    {"model.activation": "tanh"},
    {"loss": "mse"},
    {"regularizers.dropout.p": 0.2},
    {"training.accumulate": 3},
    {"training.accumulate": 1},
    {"training.batch_size": 7},
    {"optimizer.lr": -1},
    {"model.activation": "nonsense"},
)


def changes() -> st.SearchStrategy[AnyCommand]:
    return st.builds(
        ApplyChange,
        st.sampled_from(CHANGES),
        st.sampled_from([None, None, "fresh", "calibrate"]),
        st.sampled_from([0, 0, 4]),
    )


COMMANDS = st.one_of(
    changes(),
    changes(),
    st.just(StepPhase()),
    st.just(StepPhase()),
    st.builds(Step, st.integers(1, 3)),
    st.just(Undo()),
    st.just(Run()),
    st.just(Pause()),
    st.builds(Restart, st.sampled_from([None, 3])),
    st.just(Evaluate("validation")),
)


class Replay:
    """A trainer of its own that does what the session said it did, each at the step that it said."""

    def __init__(self, driver: Driver) -> None:
        self.trainer = Trainer(driver.start)
        for message in driver.sink.messages:
            if isinstance(message, ChangeApplied):
                self.change(message)
            elif isinstance(message, ChangeUndone):
                self.train_to(message.abandoned_step)
                assert self.trainer.undo().step == message.step
            elif isinstance(message, Restarted) and not message.label.startswith(("seed", "model", "data")):
                # What a restart abandons is not said; it goes by what is set, and an undo leads back.
                self.train_to(driver.restarts.pop(0))
                self.trainer.restart(message.seed if "seed" in message.label else None)
        self.train_to(driver.step)

    def change(self, message: ChangeApplied) -> None:
        receipt = message.receipt
        self.train_to(receipt.step)
        state = None if receipt.state == "carry" else receipt.state
        made = self.trainer.apply(receipt.change, state, receipt.warmup_steps)
        assert (made.kept, made.reset, made.converted, made.rescaled) == (
            receipt.kept,
            receipt.reset,
            receipt.converted,
            receipt.rescaled,
        )

    def train_to(self, step: int) -> None:
        assert self.trainer.step <= step, "a command took effect before one that came earlier"
        while self.trainer.step < step:
            self.trainer.train_batch()


class Player(Driver):
    """Gives commands in bursts, some while others wait, and remembers where it was restarted."""

    def __init__(self, **options: Any) -> None:
        self.start = experiment(ACCUMULATING)
        self.restarts: list[int] = []
        super().__init__(self.start, **options)
        restart = self.session.trainer.restart

        def noting(seed: int | None = None) -> None:
            self.restarts.append(self.step)
            restart(seed)

        self.session.trainer.restart = noting  # type: ignore[method-assign]  # looks on, and does it

    def play(self, bursts: list[tuple[list[AnyCommand], int]]) -> None:
        for burst, batches in bursts:
            for command in burst:
                self._request += 1
                self.post(command)
            while self.session.inbox.tickets:
                self.session.advance()
            for _ in range(batches):
                if self.session.is_running:
                    self.session.advance()

    def answered(self) -> list[int]:
        return [answer.request for answer in self.sink.answers()]


@settings(max_examples=15, deadline=None)
@given(bursts=st.lists(st.tuples(st.lists(COMMANDS, max_size=4), st.integers(0, 3)), max_size=8))
def test_whatever_comes_when_it_is_ordered_and_never_lost(
    bursts: list[tuple[list[AnyCommand], int]],
) -> None:
    player = Player()
    player.play(bursts)
    player.tell(Pause())
    # Whoever asked was answered, once; a step's answer may come late, but it comes.
    assert sorted(player.answered()) == list(range(1, player._request + 1))
    applied = [event for event in player.sink.events if event.kind == "change"]
    assert len(applied) == len(player.sink.of(ChangeApplied))
    if player.session.phases.is_inside:
        player.session.phases.finish()
    assert_same(Replay(player).trainer.state_dict(), player.session.trainer.state_dict())


@pytest.mark.parametrize("phases", [1, 5, 6, 9, 10])
def test_a_change_in_the_middle_of_an_accumulation_comes_behind_its_update(phases: int) -> None:
    driver = Driver(experiment(ACCUMULATING))
    driver.do(Step(1))
    for _ in range(phases):
        driver.tell(StepPhase())
    assert driver.session.phases.is_inside
    answer = driver.tell(ApplyChange({"training.accumulate": 1}))
    assert answer is not None
    assert (answer.step, answer.error) == (2, "")
    assert answer.note == "the batch in progress was finished first: step 2"
    assert driver.sink.last(ChangeApplied).receipt.step == 2
    # 80 samples: 3 updates of 32, 32 and 16; the third now takes one batch of 16.
    driver.do(Step(1))
    assert (driver.session.trainer.epoch, driver.session.trainer.epoch_samples) == (1, 0)


def test_what_waits_together_takes_effect_one_after_the_other() -> None:
    driver = Driver(experiment(ACCUMULATING))
    driver.do(Step(2))
    driver.tell(StepPhase())
    waiting: list[AnyCommand] = [
        ApplyChange({"optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9}}, "calibrate", 3),
        ApplyChange({"optimizer.lr": 0.2}),
        Undo(),
        StepPhase(),
        ApplyChange({"loss": "mse"}),
        Step(2),
        ApplyChange({"optimizer": {"name": "adam", "lr": 0.01}}, "calibrate"),
    ]
    for command in waiting:
        driver._request += 1
        driver.post(command)
    driver.go()
    while driver.session.inbox.tickets or driver.session.is_running:
        driver.session.advance()
    answers = [message for _, message in driver.sink.replies if isinstance(message, Answered)]
    assert [answer.error for answer in answers] == [""] * len(answers)
    assert {answer.request for answer in answers} == set(range(1, driver._request + 1))
    receipts = [message.receipt for message in driver.sink.of(ChangeApplied)]
    assert [receipt.step for receipt in receipts] == [3, 3, 4, 4]
    assert driver.step == 6
    experiment_now = driver.session.experiment
    assert (experiment_now.optimizer.name, experiment_now.loss.name) == ("adam", "mse")


def test_a_change_during_a_warm_up_leaves_it_going_on() -> None:
    driver = Driver(experiment())
    driver.do(Step(1))
    driver.tell(ApplyChange({"optimizer.lr": 0.02}, None, 4))
    driver.do(Step(2))
    driver.tell(ApplyChange({"optimizer.lr": 0.01}))
    driver.do(Step(4))
    rates = list(driver.sink.column("lr").values())
    assert rates == pytest.approx([0.01, 0.004, 0.008, 0.006, 0.008, 0.01, 0.01])
    driver.tell(Undo())
    driver.do(Step(3))
    assert list(driver.sink.column("lr").values())[7:] == pytest.approx([0.012, 0.016, 0.02])


def test_steps_that_are_asked_for_are_made_whatever_changes_meanwhile() -> None:
    driver = Driver(experiment(ACCUMULATING))
    driver.post(Step(6))
    driver.advance(3)
    driver._request += 1
    driver.post(ApplyChange({"training.accumulate": 3, "model.activation": "tanh"}))
    driver.go()
    assert driver.step == 6
    assert driver.sink.last(ChangeApplied).receipt.step == 2
    assert len(driver.sink.answers()) == 2
