"""The test split: measured when all is done or when it is asked for, never on the way, never trained on."""

import pytest

from tests.engine.session_bench import BASE, Driver, experiment
from tui_dl.engine.probes.measure import Evidence, Measurer
from tui_dl.engine.training.trainer import Trainer
from tui_dl.errors import UsageError
from tui_dl.spec.experiment import Experiment
from tui_dl.wire.commands import Evaluate, Run, Step, Stop
from tui_dl.wire.messages import EvaluationRecorded, RunDescribed

STOPPING = '[[regularizers]]\nname = "early_stopping"\npatience = 1\nmin_delta = 1e6\n'


def _experiment(more: str = "") -> Experiment:
    return experiment(more, BASE.replace("samples = 100", "samples = 100\ntest_share = 0.3"))


def _evaluated(driver: Driver) -> list[tuple[str, int]]:
    return [(message.split, message.step) for message in driver.sink.of(EvaluationRecorded)]


@pytest.mark.parametrize("more", ["", STOPPING])
def test_it_is_evaluated_once_when_all_is_done(more: str) -> None:
    driver = Driver(_experiment(more))
    driver.do(Run())
    found = _evaluated(driver)
    assert found[-1] == ("test", driver.step)
    assert [split for split, _ in found].count("test") == 1
    declared = {metric.name for metric in driver.sink.last(RunDescribed).metrics}
    assert "test.accuracy" in declared


def test_steps_that_are_asked_for_end_with_it_too() -> None:
    driver = Driver(_experiment())
    driver.do(Step(3))
    driver.tell(Stop("steps"))
    assert ("test", 3) in _evaluated(driver)


@pytest.mark.parametrize("reason", ["stopped", "interrupted"])
def test_who_breaks_off_has_not_looked_at_it(reason: str) -> None:
    driver = Driver(_experiment())
    driver.do(Step(3))
    driver.tell(Stop(reason))  # type: ignore[arg-type]
    assert "test" not in {split for split, _ in _evaluated(driver)}


def test_with_a_screen_it_has_to_be_asked_for() -> None:
    driver = Driver(_experiment(), interactive=True)
    driver.do(Run())
    assert "test" not in {split for split, _ in _evaluated(driver)}
    driver.tell(Evaluate("test"))
    assert _evaluated(driver)[-1] == ("test", driver.step)


def test_data_without_one_say_so() -> None:
    driver = Driver(experiment())
    answer = driver.tell(Evaluate("test"))
    assert answer is not None
    assert "there is no test split; set data.test_share above 0" in answer.error
    assert not any(metric.name.startswith("test.") for metric in driver.sink.last(RunDescribed).metrics)
    with pytest.raises(UsageError, match="no test split"):
        Trainer(experiment()).evaluate("test")


def test_an_expectation_measures_it() -> None:
    trainer = Trainer(_experiment())
    values = Measurer(trainer, Evidence(), {}).measure(["test.accuracy", "validation.accuracy"])
    assert values["test.accuracy"] == trainer.evaluate("test")["accuracy"]
    assert Measurer(Trainer(experiment()), Evidence(), {}).measure(["test.loss"]) == {"test.loss": None}


def test_training_does_not_see_it() -> None:
    """Whatever its samples are, the same weights come out."""
    plain, spoilt = Trainer(_experiment()), Trainer(_experiment())
    assert spoilt.splits is not None
    assert spoilt.splits.test is not None
    spoilt.splits.test.inputs.fill_(float("nan"))
    for trainer in (plain, spoilt):
        for _ in range(12):
            trainer.train_batch()
        trainer.evaluate("validation")
    assert plain.train_batch().loss == spoilt.train_batch().loss
