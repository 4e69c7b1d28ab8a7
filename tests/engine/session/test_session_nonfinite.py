"""A value that is not finite in a session: paused, stopped or gone on with, as told."""

import math

import numpy as np
import torch

from tests.engine.session_bench import BASE, TOTAL_STEPS, Driver, experiment
from tui_dl.engine.serving.inbox import Ticket, Watched
from tui_dl.wire.commands import (
    ApplyChange,
    Run,
    Step,
    StepPhase,
    Undo,
)
from tui_dl.wire.messages import (
    NonFiniteFound,
    ReadingTaken,
    RunFinished,
    StatusChanged,
    StepsRecorded,
)
from tui_dl.wire.snapshots import LayersRead

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


def test_the_layers_show_what_was_not_finite_and_go_on_showing_it() -> None:
    """What was seen of the step before is older than the batch that was refused."""
    driver = Driver(experiment(base=BASE.replace("[8]", "[8, 8]")), interactive=True)
    watch = Ticket(Watched(("layers",), 10.0, ""))
    driver.session.inbox.post(watch)
    driver.do(Step(2))
    assert all(math.isfinite(norm) for norm in gradients(driver))
    driver.tell(ApplyChange({"optimizer": {"name": "sgd", "lr": 1e12}}))
    driver.do(Step(1))
    assert all(math.isfinite(norm) for norm in gradients(driver))
    driver.do(Step(1))
    assert driver.sink.last(NonFiniteFound).what == "gradient"
    assert not all(math.isfinite(norm) for norm in gradients(driver))
    assert driver.sink.last(ReadingTaken).step == driver.step
    seen = len(driver.sink.of(ReadingTaken))
    driver.session.inbox.post(watch)
    driver.session.advance()
    assert len(driver.sink.of(ReadingTaken)) == seen + 1, "another view was opened"
    assert not all(math.isfinite(norm) for norm in gradients(driver))
    driver.tell(Undo())
    driver.do(Step(1))
    assert all(math.isfinite(norm) for norm in gradients(driver))


def gradients(driver: Driver) -> list[float]:
    """Norms of the newest reading."""
    read = driver.sink.last(ReadingTaken).reading
    assert isinstance(read, LayersRead)
    return [layer.grad_norm for layer in read.layers if layer.grad_norm is not None]


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
