"""Sessions with a real trainer: running, stepping and micro-stepping are the same training."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from tests.engine.session_bench import BASE, STEPS_PER_EPOCH, TOTAL_STEPS, Clock, Driver, experiment
from tui_dl.engine.session.lookout import MOST_STEPS_UNSEEN
from tui_dl.spec.experiment import Experiment
from tui_dl.wire.commands import (
    ApplyChange,
    Evaluate,
    ExtendRun,
    MeasureMetrics,
    Pause,
    PlanChange,
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
    ChangeUndone,
    EvaluationRecorded,
    MetricsMeasured,
    NonFiniteFound,
    PhaseReached,
    PlanMade,
    Restarted,
    RunDescribed,
    RunFinished,
    StatusChanged,
    StepsRecorded,
)

PHASES = ["fetch", "forward", "loss", "zero_grad", "backward", "clip", "update"]


def losses_of_a_whole_run(**options: Any) -> tuple[dict[tuple[int, int], float], torch.Tensor]:
    driver = Driver(experiment(), **options)
    driver.do(Run())
    return driver.sink.column("loss"), driver.weights()


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


def test_a_change_inside_a_batch_comes_after_it_and_the_answer_says_so() -> None:
    inside = Driver(experiment())
    inside.do(Step(2))
    for _ in range(4):
        inside.tell(StepPhase())
    assert inside.sink.last(StatusChanged).phase == "zero_grad"
    answer = inside.tell(ApplyChange({"optimizer.lr": 0.05}))
    assert answer is not None
    assert (answer.step, answer.error) == (3, "")
    assert "finished first" in answer.note
    assert inside.sink.last(ChangeApplied).receipt.step == 3
    inside.do(Run())
    plain = Driver(experiment())
    plain.do(Step(3))
    plain.tell(ApplyChange({"optimizer.lr": 0.05}))
    plain.do(Run())
    assert inside.sink.column("loss") == plain.sink.column("loss")


def test_a_change_while_running_happens_at_the_next_boundary_and_is_recorded() -> None:
    driver = Driver(experiment())
    driver.tell(Run())
    driver.advance(6)
    answer = driver.tell(ApplyChange({"optimizer": {"name": "sgd", "lr": 0.1}}))
    assert answer is not None
    assert answer.step == 6
    receipt = driver.sink.last(ChangeApplied).receipt
    assert (receipt.step, receipt.segment, receipt.source) == (6, 0, "user")
    assert driver.sink.last(RunDescribed).experiment.optimizer.name == "sgd"
    event = next(event for event in driver.sink.events if event.kind == "change")
    assert event.step == 6
    assert event.body["receipt"]["change"] == {"optimizer": {"name": "sgd", "lr": 0.1}}
    driver.go()
    assert driver.step == TOTAL_STEPS


def test_a_refused_change_leaves_the_run_as_it_was() -> None:
    driver = Driver(experiment())
    driver.do(Step(2))
    for change in ({"optimizer.lr": -1}, {"optimzer.lr": 1}, {"optimizer.name": "adamm"}):
        answer = driver.tell(ApplyChange(change))
        assert answer is not None
        assert answer.error
    assert "change" not in driver.sink.kinds()
    driver.do(Run())
    assert driver.sink.column("loss") == losses_of_a_whole_run()[0]


def test_a_plan_touches_nothing() -> None:
    driver = Driver(experiment())
    driver.do(Step(3))
    assert driver.tell(PlanChange({"optimizer": {"name": "sgd", "lr": 0.1}})) is not None
    assert any(isinstance(message, PlanMade) for _, message in driver.sink.replies)
    driver.do(Run())
    assert driver.sink.column("loss") == losses_of_a_whole_run()[0]


def test_a_defect_in_answering_a_question_does_not_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a defect of ours")

    driver = Driver(experiment())
    monkeypatch.setattr(driver.session.trainer, "plan", broken)
    answer = driver.tell(PlanChange({"optimizer.lr": 0.1}))
    assert answer is not None
    assert "a defect of ours" in answer.error
    driver.do(Run())
    assert driver.sink.last(RunFinished).step == TOTAL_STEPS


def test_undo_begins_a_segment_that_equals_never_having_changed() -> None:
    driver = Driver(experiment())
    driver.do(Step(4))
    driver.tell(ApplyChange({"optimizer": {"name": "sgd", "lr": 0.5}}))
    driver.do(Step(3))
    driver.tell(Undo())
    undone = driver.sink.last(ChangeUndone)
    assert (undone.segment, undone.step, undone.parent_segment, undone.abandoned_step) == (1, 4, 0, 7)
    assert driver.sink.last(StatusChanged).segment == 1
    driver.do(Run())
    losses, weights = losses_of_a_whole_run()
    column = driver.sink.column("loss")
    for step in range(1, TOTAL_STEPS + 1):
        assert column[(0 if step <= 4 else 1), step] == losses[0, step]
    assert torch.equal(driver.weights(), weights)
    answer = driver.tell(Undo())
    assert answer is not None
    assert answer.error


def test_every_undo_point_has_its_frame() -> None:
    driver = Driver(experiment())
    driver.do(Step(2))
    driver.tell(ApplyChange({"optimizer.lr": 0.5}))
    driver.tell(Undo())
    driver.do(Step(2))
    driver.tell(ApplyChange({"optimizer.lr": 0.1}))
    driver.do(Step(1))
    driver.tell(ApplyChange({}, warmup_steps=3))
    driver.tell(ApplyChange({"optimizer.lr": 0.1}))
    driver.do(Step(1))
    driver.tell(Undo())
    driver.tell(Undo())
    undone = [(each.step, each.parent_segment) for each in driver.sink.of(ChangeUndone)]
    assert undone == [(2, 0), (5, 1), (4, 1)]


def test_nudges_while_it_runs_are_one_undo_point() -> None:
    driver = Driver(experiment())
    driver.tell(Run())
    for rate in (0.1, 0.2, 0.3):
        driver.advance(2)
        driver.tell(ApplyChange({"optimizer.lr": rate}))
    assert driver.session.trainer.undo_depth == 1
    driver.tell(Undo())
    assert driver.session.trainer.lr == 0.01


def test_an_undo_while_stepping_still_makes_all_steps() -> None:
    driver = Driver(experiment())
    driver.do(Step(2))
    driver.tell(ApplyChange({"optimizer.lr": 0.5}))
    driver.tell(Step(6))
    driver.advance(4)
    driver.tell(Undo())
    driver.go()
    assert driver.step == 4


def test_restart_repeats_the_losses_in_a_new_segment() -> None:
    driver = Driver(experiment())
    driver.do(Step(8))
    driver.tell(Restart())
    assert driver.sink.last(Restarted).segment == 1
    assert driver.step == 0
    driver.do(Step(8))
    column = driver.sink.column("loss")
    assert [column[1, step] for step in range(1, 9)] == [column[0, step] for step in range(1, 9)]
    driver.tell(Restart(seed=5))
    driver.do(Step(8))
    column = driver.sink.column("loss")
    assert [column[2, step] for step in range(1, 9)] != [column[0, step] for step in range(1, 9)]


def test_undoing_a_restart_returns_to_the_segment_before_it() -> None:
    driver = Driver(experiment())
    driver.do(Step(6))
    driver.tell(Restart())
    driver.do(Step(2))
    driver.tell(Undo())
    undone = driver.sink.last(ChangeUndone)
    assert (undone.segment, undone.step, undone.parent_segment) == (2, 6, 0)
    driver.do(Run())
    losses, _ = losses_of_a_whole_run()
    assert driver.sink.column("loss")[2, 7] == losses[0, 7]


def test_new_data_begin_a_new_segment_at_step_0() -> None:
    driver = Driver(experiment())
    driver.do(Step(6))
    driver.tell(ApplyChange({"data.noise": 0.1}))
    assert driver.step == 0
    assert driver.sink.last(Restarted).segment == 1
    assert driver.sink.last(ChangeApplied).receipt.segment == 1
    driver.do(Run())
    assert driver.sink.last(RunFinished).step == TOTAL_STEPS


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


@pytest.mark.parametrize("back", [Undo(), Restart()])
def test_measuring_after_going_back_says_nothing_of_the_branch_left_behind(back: Undo | Restart) -> None:
    driver = Driver(experiment())
    driver.do(Step(2))
    driver.tell(ApplyChange({"optimizer.lr": 0.5}))
    driver.do(Step(2))
    driver.tell(back)
    driver.tell(MeasureMetrics(["lr", "grad_norm"]))
    measured = [message for _, message in driver.sink.replies if isinstance(message, MetricsMeasured)][-1]
    driver.do(Step())
    # Nobody saw the last batch of this branch: the next one is asked instead.
    place = (1, driver.step)
    assert measured.values["lr"] == driver.sink.column("lr")[place]
    assert measured.values["grad_norm"] == driver.sink.column("grad_norm")[place]


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


def overfitting(patience: int = 2, epochs: int = 5, *, restores: str = "true") -> Experiment:
    """Gets better for two epochs, and then a rate that is far too large spoils it."""
    return experiment(
        f'[[regularizers]]\nname = "early_stopping"\npatience = {patience}\nrestore_best = {restores}\n'
        '[[script]]\nat_step = 10\nset = { "optimizer.lr" = 1.0 }\n',
        BASE.replace("epochs = 4", f"epochs = {epochs}"),
    )


def spoilt(patience: int = 2, epochs: int = 5, **options: Any) -> tuple[Driver, dict[str, torch.Tensor]]:
    """A run at its end, and the weights that it had at its best evaluation."""
    driver = Driver(overfitting(patience, epochs), **options)
    driver.do(Step(10))
    best = {name: value.clone() for name, value in driver.session.trainer.model.state_dict().items()}
    driver.do(Run())
    return driver, best


@pytest.mark.parametrize("interactive", [False, True])
def test_the_best_weights_come_back_at_an_early_stop(interactive: bool) -> None:
    driver, best = spoilt(interactive=interactive)
    assert driver.sink.last(RunFinished) == RunFinished("early_stopping", 20)
    model = driver.session.trainer.model
    assert all(torch.equal(value, best[name]) for name, value in model.state_dict().items())
    receipt = driver.sink.last(ChangeApplied).receipt
    assert (receipt.step, receipt.source) == (20, "early_stopping")
    assert receipt.edits == (("weights", "of step 20", "of step 10"),)
    assert receipt.reset == ("weights",)
    assert {"position", "optimizer.exp_avg"} <= set(receipt.kept)
    assert receipt.probe_loss_after is not None
    assert receipt.probe_loss_before is not None
    assert receipt.probe_loss_after < receipt.probe_loss_before
    evaluated = [each for each in driver.sink.of(EvaluationRecorded) if each.split == "validation"]
    at_best = next(each.metrics for each in evaluated if each.step == 10)
    assert evaluated[-1].step == 20
    assert evaluated[-1].metrics == at_best
    assert driver.sink.kinds()[-2:] == ["change", "finished"]
    with_checkpoint = next(each for each in driver.sink.events if each.kind == "change" and each.step == 20)
    assert with_checkpoint.label == "weights of step 20 → of step 10"


def test_that_they_came_back_can_be_undone_and_gone_on_from() -> None:
    driver, _ = spoilt(interactive=True)
    back = driver.weights().clone()
    driver.tell(Undo())
    assert driver.sink.last(ChangeUndone).label == "weights of step 20 → of step 10"
    assert not torch.equal(driver.weights(), back)
    never = Driver(overfitting(restores="false"))
    never.do(Run())
    assert torch.equal(driver.weights(), never.weights())
    driver, _ = spoilt(interactive=True)
    driver.tell(ExtendRun(1))
    driver.go()
    assert driver.step == 30


def test_the_best_weights_outlive_the_engine() -> None:
    driver = Driver(overfitting())
    driver.do(Step(15))
    milestones = driver.session.milestones
    state = {**driver.session.trainer.state_dict(), "session": milestones._position()}
    resumed = Driver(overfitting(), resume=state)
    resumed.do(Run())
    whole, _ = spoilt()
    assert torch.equal(resumed.weights(), whole.weights())
    assert resumed.sink.last(RunFinished) == whole.sink.last(RunFinished)


def test_they_come_back_at_the_planned_end_too() -> None:
    driver, best = spoilt(patience=9, epochs=4)
    assert driver.sink.last(RunFinished) == RunFinished("epochs", 20)
    model = driver.session.trainer.model
    assert all(torch.equal(value, best[name]) for name, value in model.state_dict().items())


def test_without_the_wish_the_last_weights_stay() -> None:
    driver = Driver(
        experiment('[[regularizers]]\nname = "early_stopping"\npatience = 1\nmin_delta = 1000.0\n')
    )
    driver.do(Run())
    assert not driver.sink.of(ChangeApplied)
    assert driver.session.course.patience.kept is None


EXPLODING = experiment('[loss]\nname = "mse"\n')


def explode(driver: Driver) -> None:
    driver.do(Step(2))
    driver.tell(ApplyChange({"optimizer": {"name": "sgd", "lr": 1e12}}))


def test_with_a_screen_a_non_finite_value_pauses_before_the_update() -> None:
    driver = Driver(EXPLODING, interactive=True)
    explode(driver)
    driver.do(Run())
    found = driver.sink.last(NonFiniteFound)
    assert found.step == driver.step
    assert bool(torch.isfinite(driver.weights()).all())
    status = driver.sink.last(StatusChanged)
    assert status.state == "paused"
    assert "non-finite" in status.detail
    assert not driver.sink.of(RunFinished)
    losses = np.array(list(driver.sink.column("loss").values()))
    assert np.isfinite(losses).all()
    driver.tell(Undo())
    assert driver.step == 2
    assert driver.sink.last(StatusChanged).detail == ""
    driver.do(Run())
    assert driver.sink.last(RunFinished).reason == "epochs"


def test_stepping_into_a_non_finite_value_is_answered_with_it() -> None:
    driver = Driver(EXPLODING, interactive=True)
    explode(driver)
    driver.do(Step(10))
    assert "non-finite" in driver.sink.answers()[-1].error
    for _ in range(7):
        driver.tell(StepPhase())
        if driver.sink.last(StatusChanged).phase == "backward":
            driver.tell(StepPhase())
            break
    assert driver.sink.last(StatusChanged).phase == ""
    assert bool(torch.isfinite(driver.weights()).all())


def test_without_a_screen_a_non_finite_value_ends_the_run() -> None:
    driver = Driver(EXPLODING)
    explode(driver)
    driver.do(Run())
    assert driver.sink.last(RunFinished).reason == "nonfinite"
    assert driver.sink.last(StatusChanged).state == "finished"


def test_without_a_screen_it_may_go_on_regardless() -> None:
    driver = Driver(experiment('nonfinite = "continue"\n[loss]\nname = "mse"\n'))
    explode(driver)
    driver.do(Run())
    assert driver.sink.last(RunFinished).reason == "epochs"
    bad = [message.nonfinite for message in driver.sink.of(StepsRecorded) if message.nonfinite]
    assert "loss" in bad[-1]
    assert math.isnan(driver.sink.column("loss")[0, TOTAL_STEPS])


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


def test_flat_out_it_reports_in_batches_and_looks_up_seldom() -> None:
    class Ticking(Clock):
        def __call__(self) -> float:
            self.now += 1e-6
            return self.now

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
