"""A compiled step in a session: it is said while it lasts, failing too, and bits are the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.session_bench import Driver, experiment
from tui_dl.engine.serving.inbox import Watched
from tui_dl.engine.training.compiled.compiler import uncompiled
from tui_dl.wire.commands import ApplyChange, Run, Step, StepPhase, Undo
from tui_dl.wire.messages import Noticed, ReadingTaken, StatusChanged

COMPILED = 'compile = "on"\n'
DROPOUT = '[[regularizers]]\nname = "dropout"\np = 0.2\n'


class Compiling(Driver):
    """A session whose traced steps run as they are."""

    def __init__(self, more: str = "", **options: Any) -> None:
        super().__init__(experiment(COMPILED + more), **options)
        compiled = self.session.trainer._loop.compiled
        assert compiled is not None
        compiled.steps.backend = uncompiled

    def said(self) -> list[tuple[str, str]]:
        """States with their details, repetitions left out."""
        said: list[tuple[str, str]] = []
        for message in self.sink.of(StatusChanged):
            if not said or said[-1] != (message.state, message.detail):
                said.append((message.state, message.detail))
        return said


def test_while_it_compiles_the_status_says_so_and_then_what_it_was() -> None:
    driver = Compiling()
    driver.do(Step(3))
    assert driver.said() == [
        ("paused", ""),
        ("running", ""),
        ("running", "compiling the step"),
        ("running", ""),
        ("paused", ""),
    ]
    assert "compiled" in driver.sink.kinds()
    # The same state that a screen shows as COMPILING; a phase that has to wait for it says it too.
    driver.tell(ApplyChange({"model.activation": "tanh"}))
    driver.tell(StepPhase())
    assert driver.said()[-2:] == [("running", "compiling the step"), ("paused", "")]
    driver.tell(Undo())
    driver.do(Step(2))
    assert driver.said().count(("running", "compiling the step")) == 2


def test_what_cannot_be_compiled_is_a_notice_and_the_run_goes_on() -> None:
    driver, eager = Compiling(), Driver(experiment())
    for each in (driver, eager):
        each.tell(ApplyChange({"optimizer": {"name": "adafactor", "lr": 0.05}}))
        each.do(Step(4))
    (notice,) = driver.sink.of(Noticed)
    assert notice.text.startswith("training.compile: ")
    assert notice.text.endswith("the steps are made without it")
    assert "notice" in driver.sink.kinds()
    assert driver.sink.column("loss") == eager.sink.column("loss")


def test_watched_stepped_and_left_alone_it_has_the_same_bits() -> None:
    alone, watched, stepped = (Compiling(DROPOUT) for _ in range(3))
    watched.session.inspection.watch(
        Watched(("layers", "histograms", "optimizer", "task"), rate_hz=1000.0, layer="layers.0")
    )
    watched.session.scheduler.budget = 1.0
    for driver in (alone, watched):
        driver.do(Run())
    for _ in range(9):
        stepped.tell(StepPhase())
    stepped.do(Step(4))
    stepped.do(Run())
    assert watched.sink.of(ReadingTaken)
    losses = alone.sink.column("loss")
    assert watched.sink.column("loss") == losses
    assert stepped.sink.column("loss") == losses
    assert (watched.weights() == alone.weights()).all()
    assert (stepped.weights() == alone.weights()).all()
    assert losses != Driver(experiment(DROPOUT)).sink.column("loss")


def test_a_compiled_run_is_near_an_eager_one() -> None:
    compiled, eager = Compiling(), Driver(experiment())
    for driver in (compiled, eager):
        driver.do(Run())
    assert list(compiled.sink.column("loss").values()) == pytest.approx(
        list(eager.sink.column("loss").values()), rel=1e-4
    )
