"""Early stopping that gives the best weights back."""

from typing import Any

import pytest
import torch

from tests.engine.session_bench import BASE, Driver, experiment
from tui_dl.spec.experiment import Experiment
from tui_dl.wire.commands import ExtendRun, Run, Step, Undo
from tui_dl.wire.messages import ChangeApplied, ChangeUndone, EvaluationRecorded, RunFinished


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
