"""A search for a rate in a session: nothing of the run changes, and what comes meanwhile waits in order."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.engine.session_bench import TOTAL_STEPS, Clock, Driver, experiment
from tui_dl.engine.serving.inbox import Ticket
from tui_dl.wire.commands import (
    AnyCommand,
    ApplyChange,
    CancelRateSearch,
    FindRate,
    Pause,
    Restart,
    Run,
    SetPace,
    Step,
    StepPhase,
    Stop,
    Undo,
)
from tui_dl.wire.messages import (
    ChangeApplied,
    PhaseReached,
    RateFound,
    RatesTried,
    RunFinished,
    StatusChanged,
)

DROPOUT = '[[regularizers]]\nname = "dropout"\np = 0.3\n'
QUICK: dict[str, Any] = {"batches": 30, "highest": 1.0}


def found(driver: Driver) -> list[RateFound]:
    return [message for _, message in driver.sink.replies if isinstance(message, RateFound)]


def test_a_run_with_searches_is_the_run_without() -> None:
    plain = Driver(experiment(DROPOUT))
    plain.do(Run())
    driver = Driver(experiment(DROPOUT))
    driver.tell(FindRate(QUICK))
    driver.do(Step(3))
    for _ in range(4):
        driver.tell(StepPhase())
    driver.tell(FindRate(QUICK))
    assert driver.sink.last(StatusChanged).phase == "zero_grad"
    driver.tell(StepPhase())
    assert driver.sink.last(PhaseReached).phase == "backward"
    driver.tell(Run())
    driver.advance(3)
    driver.tell(FindRate(QUICK))
    assert driver.session.is_running
    driver.go()
    assert driver.sink.last(RunFinished).step == TOTAL_STEPS
    assert driver.sink.column("loss") == plain.sink.column("loss")
    assert driver.sink.column("elapsed_s")[0, TOTAL_STEPS] == plain.sink.column("elapsed_s")[0, TOTAL_STEPS]
    assert torch.equal(driver.weights(), plain.weights())
    assert [each.step for each in found(driver)] == [0, 3, 6]
    assert "find_rate" not in driver.sink.kinds()


def test_the_answer_comes_after_what_was_found() -> None:
    driver = Driver(experiment())
    answer = driver.tell(FindRate(QUICK))
    assert answer is not None
    assert answer.error == ""
    kinds = [type(message).__name__ for _, message in driver.sink.replies]
    assert kinds[-2:] == ["RateFound", "Answered"]
    assert found(driver)[0].ended == "tried"
    assert found(driver)[0].search.batches == 30


@pytest.mark.parametrize("wrong", [{"lowest": -1.0}, {"batches": 2}, {"nonsense": 1}, {"lowest": 10.0}])
def test_settings_that_make_no_sense_are_refused_and_nothing_is_tried(wrong: dict[str, Any]) -> None:
    driver = Driver(experiment())
    answer = driver.tell(FindRate(wrong))
    assert answer is not None
    assert answer.error.startswith("rate finder: ")
    assert found(driver) == []


class Meanwhile(Clock):
    """Time passes with each look, and after so many looks somebody gives commands."""

    def __init__(self) -> None:
        super().__init__()
        self.due: list[AnyCommand] = []
        self.looks = -1
        self.driver: Driver | None = None

    def __call__(self) -> float:
        self.now += 0.04
        if self.driver is not None and self.due:
            self.looks += 1
            if self.looks == 12:
                for number, command in enumerate(self.due):
                    self.driver.session.inbox.post(Ticket(command, 1, 100 + number))
                self.due = []
        return self.now


def driver_with(*commands: AnyCommand) -> Driver:
    clock = Meanwhile()
    driver = Driver(experiment(), clock=clock)
    driver.do(Step(2))
    clock.driver, clock.due = driver, list(commands)
    return driver


def test_commands_that_come_during_a_search_are_obeyed_after_it_in_order() -> None:
    given: list[AnyCommand] = [
        ApplyChange({"optimizer.lr": 0.5}),
        ApplyChange({"optimizer": "sgd"}, "fresh"),
        Undo(),
        ApplyChange({"loss": "mse"}),
        SetPace(3.0),
        Step(2),
    ]
    driver = driver_with(*given)
    driver.tell(FindRate({"batches": 60, "highest": 1.0}))
    driver.go()
    [result] = found(driver)
    assert (result.ended, result.step) == ("tried", 2)
    answers = [answer for answer in driver.sink.answers() if answer.request >= 100]
    assert [answer.request for answer in answers] == [100, 101, 102, 103, 104, 105]
    assert [answer.error for answer in answers] == [""] * 6
    receipts = [each.receipt for each in driver.sink.of(ChangeApplied)]
    assert [list(receipt.change) for receipt in receipts] == [["optimizer.lr"], ["optimizer"], ["loss"]]
    assert [receipt.step for receipt in receipts] == [2, 2, 2]
    assert driver.session.experiment.optimizer.lr == 0.5
    assert driver.session.experiment.loss.name == "mse"
    assert driver.step == 4
    twin = Driver(experiment())
    twin.do(Step(2))
    for command in given:
        twin.tell(command)
    twin.go()
    assert torch.equal(driver.weights(), twin.weights())


@pytest.mark.parametrize("ending", [CancelRateSearch(), Stop()])
def test_a_search_can_be_ended(ending: AnyCommand) -> None:
    driver = driver_with(ApplyChange({"optimizer.lr": 0.5}), ending)
    driver.tell(FindRate({"batches": 5000, "highest": 0.01}))
    [result] = found(driver)
    assert result.ended == "cancelled"
    assert 0 < len(result.curve.losses) < 5000
    # What stood in line before the end is not lost.
    assert driver.session.experiment.optimizer.lr == 0.5
    assert driver.session.ended == isinstance(ending, Stop)


def test_nothing_else_ends_it() -> None:
    driver = driver_with(Pause(), Run(until_step=4), Restart())
    driver.tell(FindRate({"batches": 60, "highest": 0.01}))
    assert found(driver)[0].ended == "tried"


def test_without_a_search_there_is_nothing_to_end() -> None:
    driver = Driver(experiment())
    answer = driver.tell(CancelRateSearch())
    assert answer is not None
    assert answer.error == ""


def test_progress_is_told_to_the_one_who_asked_and_in_the_status() -> None:
    driver = driver_with()
    driver.tell(FindRate({"batches": 60, "highest": 0.01}))
    tried = [message for _, message in driver.sink.replies if isinstance(message, RatesTried)]
    assert 5 < len(tried) < 60
    counts = [len(each.curve.losses) for each in tried]
    assert counts == sorted(counts)
    assert found(driver)[0].curve.losses[: counts[-1]] == tried[-1].curve.losses
    words = [each.detail for each in driver.sink.of(StatusChanged)]
    assert any("finding a rate" in detail and "of 60 batches" in detail for detail in words)
    assert words[-1] == ""
