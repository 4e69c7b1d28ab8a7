"""Sessions with a real trainer: running, stepping and micro-stepping are the same training."""

import math
from typing import Any

import pytest
import torch

from tests.engine.session_bench import (
    STEPS_PER_EPOCH,
    TOTAL_STEPS,
    Clock,
    Driver,
    experiment,
    losses_of_a_whole_run,
)
from tui_dl.engine.session.lookout import MOST_STEPS_UNSEEN
from tui_dl.spec.change import apply_change
from tui_dl.wire.commands import (
    ApplyChange,
    Evaluate,
    ExtendRun,
    MeasureMetrics,
    Pause,
    PlanChange,
    Run,
    SetPace,
    Step,
    StepPhase,
    Stop,
    Undo,
)
from tui_dl.wire.messages import (
    EvaluationRecorded,
    MetricsMeasured,
    PhaseReached,
    RunDescribed,
    RunFinished,
    StatusChanged,
    StepsRecorded,
)

PHASES = ["fetch", "forward", "loss", "zero_grad", "backward", "clip", "update"]


def test_a_run_reports_every_step_once_and_ends_at_its_epochs() -> None:
    driver = Driver(experiment())
    assert driver.sink.last(StatusChanged).state == "paused"
    described = driver.sink.last(RunDescribed)
    assert (described.steps_per_epoch, described.total_steps) == (STEPS_PER_EPOCH, TOTAL_STEPS)
    assert {"train.loss", "validation.accuracy", "lr", "grad_norm"} <= {
        each.name for each in described.metrics
    }
    driver.do(Run())
    assert list(driver.sink.column("loss")) == [(0, step) for step in range(1, TOTAL_STEPS + 1)]
    assert driver.sink.last(RunFinished) == RunFinished("epochs", TOTAL_STEPS)
    assert driver.sink.last(StatusChanged).state == "finished"
    evaluated = [(each.step, each.split) for each in driver.sink.of(EvaluationRecorded)]
    ends = range(STEPS_PER_EPOCH, TOTAL_STEPS + 1, STEPS_PER_EPOCH)
    assert evaluated == [*((step, "validation") for step in ends), (TOTAL_STEPS, "train")]
    names = driver.sink.last(StepsRecorded).names
    assert {"loss", "lr", "grad_norm", "epoch", "samples_seen", "accuracy"} <= set(names)
    assert driver.sink.column("epoch")[0, TOTAL_STEPS] == 3
    assert driver.sink.column("samples_seen")[0, TOTAL_STEPS] == 320


def test_running_stepping_and_micro_stepping_are_bit_identical() -> None:
    losses, weights = losses_of_a_whole_run()
    stepped = Driver(experiment())
    for _ in range(TOTAL_STEPS):
        stepped.do(Step())
    micro = Driver(experiment())
    for _ in range(3):
        for phase in PHASES:
            micro.tell(StepPhase())
            assert micro.sink.last(PhaseReached).phase == phase
    for _ in range(2):
        micro.tell(StepPhase())
    micro.do(Run())
    watched_clock = Clock()
    paced = Driver(experiment(), clock=watched_clock)
    paced.tell(SetPace(10.0))
    paced.do(Run())
    for driver in (stepped, micro, paced):
        assert driver.sink.column("loss") == losses
        assert torch.equal(driver.weights(), weights)
        assert driver.sink.last(RunFinished).step == TOTAL_STEPS


def test_step_is_answered_when_its_batches_are_made_and_its_numbers_out() -> None:
    driver = Driver(experiment())
    assert driver.tell(Step(3)) is None
    driver.go()
    answer = driver.sink.answers()[-1]
    assert (answer.step, answer.error, answer.note) == (3, "", "")
    assert driver.step == 3
    assert len(driver.sink.column("loss")) == 3
    assert driver.sink.last(StatusChanged).state == "paused"


def test_steps_asked_for_while_stepping_are_added() -> None:
    driver = Driver(experiment())
    driver.tell(Step(3))
    driver.tell(Step(4))
    driver.go()
    assert driver.step == 7
    assert [answer.step for answer in driver.sink.answers()] == [3, 7]


def test_a_pause_answers_those_who_waited_for_steps() -> None:
    driver = Driver(experiment())
    driver.tell(Step(10))
    driver.advance(4)
    driver.tell(Pause())
    first, pause = driver.sink.answers()
    assert (first.request, first.step, first.error) == (1, 4, "")
    assert "6 of the steps were not made" in first.note
    assert (pause.step, pause.error) == (4, "")


def test_run_until_step_and_until_the_end_of_the_epoch() -> None:
    driver = Driver(experiment())
    driver.do(Run(until_step=7))
    assert driver.step == 7
    driver.do(Run(until_epoch_end=True))
    assert driver.step == 10
    answer = driver.tell(Run(until_step=3))
    assert answer is not None
    assert "step 3 is over" in answer.error
    driver.do(Run(until_step=10))
    assert driver.step == 10


@pytest.mark.parametrize("batches", [0, -1, 10**13])
def test_impossible_numbers_of_steps_are_refused(batches: int) -> None:
    driver = Driver(experiment())
    answer = driver.tell(Step(batches))
    assert answer is not None
    assert str(batches) in answer.error


def test_a_phase_at_a_time_tells_what_each_has_done() -> None:
    driver = Driver(experiment())
    for _ in PHASES:
        driver.tell(StepPhase())
    reached = driver.sink.of(PhaseReached)
    assert [each.phase for each in reached] == PHASES
    assert all(each.step == 1 for each in reached)
    assert all(each.facts for each in reached)
    loss = reached[2].values["loss"]
    assert driver.sink.column("loss") == {(0, 1): loss}
    backward, clip = reached[4].values, reached[5].values
    squares = sum(value**2 for name, value in backward.items() if name.startswith("layers."))
    assert backward["grad_norm"] >= math.sqrt(squares) > 0
    assert clip["grad_norm"] == pytest.approx(backward["grad_norm"])
    assert reached[6].values["layers.0.update_ratio"] > 0
    assert driver.sink.last(StatusChanged).phase == ""


def test_with_a_screen_it_pauses_at_its_end_and_can_be_extended() -> None:
    driver = Driver(experiment(), interactive=True)
    driver.do(Run())
    assert driver.sink.last(RunFinished).reason == "epochs"
    status = driver.sink.last(StatusChanged)
    assert status.state == "paused"
    assert "extend" in status.detail
    for command in (Run(), Step(), StepPhase()):
        answer = driver.tell(command)
        assert answer is not None
        assert "extend" in answer.error
    driver.do(ExtendRun(2))
    assert driver.step == TOTAL_STEPS + 2 * STEPS_PER_EPOCH
    assert len(driver.sink.of(RunFinished)) == 2


def test_evaluating_and_measuring_give_exact_values_and_change_nothing() -> None:
    driver = Driver(experiment())
    driver.do(Step(6))
    driver.tell(Evaluate("validation"))
    evaluated = driver.sink.last(EvaluationRecorded)
    asked = ["validation.accuracy", "validation.loss", "train.loss", "gap.loss", "grad_norm", "lr", "nothing"]
    driver.tell(MeasureMetrics(asked))
    measured = next(message for _, message in driver.sink.replies if isinstance(message, MetricsMeasured))
    assert measured.step == 6
    assert measured.values["validation.loss"] == evaluated.metrics["loss"]
    assert measured.values["validation.accuracy"] == evaluated.metrics["accuracy"]
    assert measured.values["nothing"] is None
    assert measured.values["lr"] == 0.01
    assert measured.values["grad_norm"] == driver.sink.column("grad_norm")[0, 6]
    gap = measured.values["gap.loss"]
    train = measured.values["train.loss"]
    assert gap is not None
    assert train is not None
    assert gap == pytest.approx(evaluated.metrics["loss"] - train)
    driver.do(Run())
    assert driver.sink.column("loss") == losses_of_a_whole_run()[0]


def test_early_stopping_ends_the_run() -> None:
    rule = '[[regularizers]]\nname = "early_stopping"\npatience = 2\nmin_delta = 1000.0\n'
    driver = Driver(experiment(rule))
    driver.do(Run())
    # The first evaluation is the best so far, two more are not 1000 better.
    assert driver.sink.last(RunFinished) == RunFinished("early_stopping", 3 * STEPS_PER_EPOCH)


def test_early_stopping_with_a_screen_lets_the_user_go_on() -> None:
    rule = '[[regularizers]]\nname = "early_stopping"\npatience = 1\nmin_delta = 1000.0\n'
    driver = Driver(experiment(rule), interactive=True)
    driver.do(Run())
    assert driver.step == 2 * STEPS_PER_EPOCH
    assert driver.sink.last(StatusChanged).state == "paused"
    driver.do(Run())
    assert driver.step == 4 * STEPS_PER_EPOCH


def test_stop_writes_the_end_and_is_the_end() -> None:
    driver = Driver(experiment())
    driver.do(Step(3))
    driver.tell(Stop("interrupted"))
    assert driver.session.ended
    assert driver.sink.last(RunFinished) == RunFinished("interrupted", 3)
    assert driver.sink.last(StatusChanged).state == "finished"


def test_stop_after_enough_steps_evaluates_once_more() -> None:
    driver = Driver(experiment())
    driver.do(Step(7))
    driver.tell(Stop("steps"))
    assert [each.step for each in driver.sink.of(EvaluationRecorded)][-2:] == [7, 7]
    finished = Driver(experiment())
    finished.do(Run())
    finished.tell(MeasureMetrics(["validation.accuracy"]))
    finished.tell(Stop("steps"))
    assert len(finished.sink.of(RunFinished)) == 1
    assert finished.sink.last(RunFinished).reason == "epochs"


def test_an_evaluation_comes_right_behind_its_step_whenever_it_is_published() -> None:
    driver = Driver(experiment())
    driver.do(Run())
    order: list[tuple[str, int]] = []
    for message in driver.sink.messages:
        if isinstance(message, StepsRecorded):
            count = len(message.columns) // 8 // len(message.names)
            order.append(("steps", message.first_step + count - 1))
        elif isinstance(message, EvaluationRecorded):
            order.append((message.split, message.step))
    ends = range(STEPS_PER_EPOCH, TOTAL_STEPS + 1, STEPS_PER_EPOCH)
    merged = [place for place in order if place[0] != "steps" or place[1] in ends]
    expected = [place for step in ends for place in (("steps", step), ("validation", step))]
    assert merged == [*expected, ("train", TOTAL_STEPS)]


def test_before_a_screen_the_train_split_is_evaluated_too() -> None:
    driver = Driver(experiment(), interactive=True)
    driver.do(Run(until_step=STEPS_PER_EPOCH))
    assert [each.split for each in driver.sink.of(EvaluationRecorded)] == ["validation", "train"]


def test_the_train_split_is_evaluated_the_less_the_less_inspection_may_cost() -> None:
    def evaluations(budget: float) -> int:
        training = {"training.overhead_budget": budget, "training.epochs": 300}
        driver = Driver(apply_change(experiment(), training), interactive=True, clock=Ticking())
        driver.do(Run())
        return sum(each.split == "train" for each in driver.sink.of(EvaluationRecorded))

    usual, little, none = map(evaluations, (0.05, 0.01, 0.0))
    assert none == 1, "at the end"
    assert 2 < little < usual / 3


def test_every_command_is_recorded_with_its_step() -> None:
    driver = Driver(experiment())
    driver.do(Step(3))
    driver.tell(SetPace(5.0))
    driver.tell(PlanChange({"optimizer.lr": 0.5}))
    driver.tell(ApplyChange({"optimizer.lr": 0.5}))
    driver.tell(Undo())
    driver.tell(Stop())
    recorded = [(event.kind, event.step) for event in driver.sink.events]
    expected = [("step", 0), ("set_pace", 3), ("change", 3), ("undo", 3), ("finished", 3), ("stop", 3)]
    assert recorded == expected


class Ticking(Clock):
    """Goes on whenever somebody looks at it."""

    def __call__(self) -> float:
        self.now += 1e-6
        return self.now


def test_flat_out_it_reports_in_batches_and_looks_up_seldom() -> None:
    long_run = experiment().training
    assert long_run.epochs == 4
    driver = Driver(
        experiment().__class__(**{**as_fields(experiment()), "training": longer(long_run)}), clock=Ticking()
    )
    driver.do(Run())
    total = 1000 * STEPS_PER_EPOCH
    assert driver.step == total
    # Each of the 1000 epochs publishes once; looks between them must not add to that.
    assert len(driver.sink.of(StepsRecorded)) <= 1000 + total // MOST_STEPS_UNSEEN


def as_fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__struct_fields__}


def longer(training: Any) -> Any:
    return type(training)(**{**as_fields(training), "epochs": 1000})
