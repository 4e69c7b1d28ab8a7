"""Changes, undo and restart as commands to a session: when they take effect, and what is said of them."""

import pytest
import torch

from tests.engine.session_bench import TOTAL_STEPS, Driver, experiment, losses_of_a_whole_run
from tui_dl.engine.training.trainer import Trainer
from tui_dl.wire.commands import (
    ApplyChange,
    MeasureMetrics,
    PlanChange,
    Restart,
    Run,
    Step,
    StepPhase,
    Undo,
)
from tui_dl.wire.messages import (
    ChangeApplied,
    ChangeUndone,
    MetricsMeasured,
    PlanMade,
    Restarted,
    RunDescribed,
    RunFinished,
    StatusChanged,
)


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


def test_threads_follow_a_change_and_its_undo() -> None:
    set_to: list[object] = []

    def set_threads(trainer: Trainer) -> None:
        assert trainer.experiment is not None
        set_to.append(trainer.experiment.training.threads)

    driver = Driver(experiment(), set_threads=set_threads)
    assert set_to == ["auto"]
    driver.tell(ApplyChange({"optimizer.lr": 0.1}))
    assert set_to == ["auto"]
    driver.tell(ApplyChange({"training.threads": 2}))
    driver.tell(Undo())
    assert set_to == ["auto", 2, "auto"]
