"""Commands that come at awkward moments: each takes effect at a boundary, in its order, and none is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.plain_loop import assert_same
from tests.engine.session_bench import Driver, experiment
from tui_dl.engine.training.trainer import Trainer
from tui_dl.wire.commands import (
    ApplyChange,
    CancelRateSearch,
    Evaluate,
    FindRate,
    Pause,
    Restart,
    Run,
    Step,
    StepPhase,
    Undo,
)
from tui_dl.wire.messages import Answered, ChangeApplied, ChangeUndone, RateFound, Restarted

if TYPE_CHECKING:
    from tui_dl.engine.state.rate_trip import RateTrip
    from tui_dl.spec.rate_search import RateSearch
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


SEARCHES: tuple[dict[str, Any], ...] = (
    {"batches": 6, "highest": 1.0},
    # Up to where the loss is no number any more.
    {"batches": 8, "lowest": 1.0, "highest": 1e6, "stop_factor": 1e6},
    {"batches": 3},
)
COMMANDS = st.one_of(
    changes(),
    changes(),
    st.builds(FindRate, st.sampled_from(SEARCHES)),
    st.just(CancelRateSearch()),
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
    """Gives commands in bursts, some while others wait or a rate is looked for.

    It remembers where it was restarted, and what of the trainer each search has altered: nothing.
    """

    def __init__(self, **options: Any) -> None:
        self.start = experiment(ACCUMULATING)
        self.restarts: list[int] = []
        self.meanwhile: list[AnyCommand] = []
        self.commands: list[AnyCommand] = []
        super().__init__(self.start, **options)
        restart = self.session.trainer.restart

        def noting(seed: int | None = None) -> None:
            self.restarts.append(self.step)
            restart(seed)

        self.session.trainer.restart = noting  # type: ignore[method-assign]  # looks on, and does it
        search_for = self.session.trainer.rate_trip

        def interrupted(search: RateSearch) -> RateTrip:
            trip = search_for(search)
            before, try_next = self.session.trainer.state_dict(), trip.try_next

            def trying() -> None:
                try_next()
                assert_same(self.session.trainer.state_dict(), before)
                if trip.tried == 2:
                    self.give(self.meanwhile)
                    self.meanwhile = []

            trip.try_next = trying  # type: ignore[method-assign]  # somebody gives commands after a try
            return trip

        self.session.trainer.rate_trip = interrupted  # type: ignore[method-assign]

    def give(self, commands: list[AnyCommand]) -> None:
        for command in commands:
            self._request += 1
            self.commands.append(command)
            self.post(command)

    def play(self, bursts: list[tuple[list[AnyCommand], list[AnyCommand], int]]) -> None:
        for burst, meanwhile, batches in bursts:
            self.meanwhile = meanwhile
            self.give(burst)
            while self.session.inbox.tickets:
                self.session.advance()
            for _ in range(batches):
                if self.session.is_running:
                    self.session.advance()

    def answered(self) -> list[int]:
        return [answer.request for answer in self.sink.answers()]


BURSTS = st.lists(
    st.tuples(st.lists(COMMANDS, max_size=4), st.lists(COMMANDS, max_size=2), st.integers(0, 3)), max_size=8
)


@settings(max_examples=20, deadline=None)
@given(bursts=BURSTS)
def test_whatever_comes_when_it_is_ordered_and_never_lost(
    bursts: list[tuple[list[AnyCommand], list[AnyCommand], int]],
) -> None:
    player = Player()
    player.play(bursts)
    player.give([Pause()])
    while player.session.inbox.tickets:
        player.session.advance()
    # Whoever asked was answered, once, in the order of asking; a step's answer may come late, but it comes.
    answered = player.answered()
    assert sorted(answered) == list(range(1, player._request + 1))
    at_once = [request for request in answered if not isinstance(player.commands[request - 1], Step)]
    assert at_once == sorted(at_once)
    searches = [each for each, command in enumerate(player.commands, 1) if isinstance(command, FindRate)]
    refused = {answer.request for answer in player.sink.answers() if answer.error}
    found = [message for _, message in player.sink.replies if isinstance(message, RateFound)]
    assert len(found) == sum(each not in refused for each in searches)
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


@pytest.mark.parametrize("phases", [1, 6, 9])
def test_a_change_that_comes_while_a_rate_is_looked_for_inside_an_accumulation_is_made(phases: int) -> None:
    plain, player = Driver(experiment(ACCUMULATING)), Player()
    change = ApplyChange({"optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9}}, "calibrate", 3)
    plain.do(Step(1))
    player.give([Step(1)])
    while player.session.inbox.tickets or player.session.is_running:
        player.session.advance()
    # The second search has come before the change did, and ends no later for it; the third comes last.
    player.play(
        [
            (
                [*(StepPhase() for _ in range(phases)), FindRate(SEARCHES[0]), FindRate(SEARCHES[1])],
                [change, CancelRateSearch(), FindRate(SEARCHES[0])],
                0,
            )
        ]
    )
    plain.do(Step(1))
    plain.tell(change)
    found = [message for _, message in player.sink.replies if isinstance(message, RateFound)]
    assert [(each.step, each.ended) for each in found] == [(1, "cancelled"), (1, "cancelled"), (2, "tried")]
    assert player.answered() == list(range(1, player._request + 1))
    assert player.sink.last(ChangeApplied).receipt.step == 2
    assert_same(player.session.trainer.state_dict(), plain.session.trainer.state_dict())


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
