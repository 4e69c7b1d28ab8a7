"""Evaluations that take long tell how far they are, and make room for other commands."""

import itertools

import pytest

from tests.engine.session_bench import Clock, Driver, experiment
from tui_dl.engine.training import evaluation as module
from tui_dl.wire.commands import Evaluate, MeasureMetrics, Pause, Run, Step
from tui_dl.wire.messages import EvaluationRecorded, StatusChanged


class SlowClock(Clock):
    """Each look at it takes a while."""

    def __call__(self) -> float:
        self.now += 0.1
        return self.now


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK_SAMPLES", 4)


def test_a_long_evaluation_tells_how_far_it_is_and_then_what_was_before() -> None:
    driver = Driver(experiment(), clock=SlowClock())
    driver.do(Step(3))
    driver.sink.messages.clear()
    driver.tell(Evaluate("validation"))
    told = [message.detail for message in driver.sink.of(StatusChanged)]
    shares = [int(detail.split()[-1].strip("%")) for detail in told[:-1]]
    assert len(shares) >= 2
    assert all(before < after for before, after in itertools.pairwise(shares))
    assert told[0].startswith("evaluating validation")
    assert not told[-1].startswith("evaluating")
    assert len(driver.sink.of(EvaluationRecorded)) == 1


def test_a_quick_one_says_nothing_of_itself() -> None:
    driver = Driver(experiment())
    driver.sink.messages.clear()
    driver.tell(Evaluate("validation"))
    assert not driver.sink.of(StatusChanged)


@pytest.mark.parametrize("command", [Run(), Pause(), Step()])
def test_one_that_was_asked_for_gives_way_to_a_command(command: Run | Pause | Step) -> None:
    driver = Driver(experiment())
    weights = driver.weights()
    driver._request = 7
    driver.post(Evaluate("validation"))
    driver.post(command)
    driver.advance(1)
    cancelled = driver.sink.answers()[0]
    assert "cancelled" in cancelled.error
    assert not driver.sink.of(EvaluationRecorded)
    assert driver.session.trainer.model.training
    driver.go()
    assert (driver.step > 0) == (not isinstance(command, Pause))
    assert isinstance(command, Run | Step) or bool((driver.weights() == weights).all())


def test_a_question_does_not_end_it() -> None:
    driver = Driver(experiment())
    driver._request = 7
    driver.post(Evaluate("validation"))
    driver.post(MeasureMetrics(["lr"]))
    driver.advance(1)
    assert driver.sink.answers()[0].error == ""
    assert driver.sink.of(EvaluationRecorded)


def test_those_at_an_epochs_end_are_made_whatever_comes() -> None:
    driver = Driver(experiment())
    driver.do(Step(3))
    driver.post(Pause())
    driver.session.milestones.evaluate("validation")
    driver.session.reports.flush()
    assert driver.sink.of(EvaluationRecorded)
