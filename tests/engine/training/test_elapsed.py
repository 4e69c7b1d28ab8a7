"""The time of steps: of running alone, with every report, and never in what a script reads."""

import math
from pathlib import Path

import numpy as np

from tests.engine.session_bench import Driver, experiment
from tui_dl.engine.serving.record import Record
from tui_dl.history import SeriesStore
from tui_dl.history.intake import take_in
from tui_dl.runs import RunReader, RunWriter
from tui_dl.wire import json_lines
from tui_dl.wire.commands import Pause, Run, Step
from tui_dl.wire.messages import ELAPSED_S, Message, NonFiniteFound, RecordedEvent, StepsRecorded


def times_of(driver: Driver) -> dict[int, float]:
    found = driver.sink.column(ELAPSED_S)
    return {step: value for (_, step), value in found.items() if math.isfinite(value)}


def test_a_pause_takes_no_time_and_running_does() -> None:
    driver = Driver(experiment())
    driver.tell(Run())
    for _ in range(4):
        driver.clock.now += 1.0
        driver.advance(1)
    driver.tell(Pause())
    driver.go()
    paused_at = max(times_of(driver).values())
    assert paused_at >= 4.0
    driver.clock.now += 500.0
    driver.do(Step(1))
    times = times_of(driver)
    assert times[driver.step] < paused_at + 100.0
    in_order = [times[step] for step in sorted(times)]
    assert in_order == sorted(in_order)


def test_the_last_step_of_each_report_has_a_time_and_only_it() -> None:
    driver = Driver(experiment())
    driver.do(Run())
    messages = driver.sink.of(StepsRecorded)
    assert driver.step in times_of(driver)
    for message in messages:
        row = np.frombuffer(message.columns, dtype="<f8").reshape(len(message.names), -1)
        taken = np.isfinite(row[message.names.index(ELAPSED_S)])
        assert not taken[:-1].any()
        assert ELAPSED_S not in message.nonfinite


def test_the_lines_that_scripts_read_do_not_depend_on_the_clock() -> None:
    def lines(pause_s: float) -> list[bytes]:
        driver = Driver(experiment())
        driver.tell(Run())
        for _ in range(5):
            driver.clock.now += pause_s
            driver.advance(1)
        driver.go()
        return [
            json_lines.encode(row)
            for message in driver.sink.of(StepsRecorded)
            for row in json_lines.objects(message)
        ]

    quick, slow = lines(0.001), lines(3.0)
    assert quick == slow
    assert not any(ELAPSED_S.encode() in line for line in quick)


def test_time_is_no_gap_where_it_was_not_taken() -> None:
    driver = Driver(experiment())
    driver.do(Run())
    store = SeriesStore()
    for message in driver.sink.of(StepsRecorded):
        take_in(store, message)
    steps, values = store.points(store.live(), ELAPSED_S)
    assert np.isfinite(values).all()
    assert steps[-1] == driver.step


def recorded(path: Path, messages: list[Message]) -> None:
    record = Record(RunWriter(path))
    for message in messages:
        record.take(message)
    record.add_event(RecordedEvent(5, 0, "nonfinite", "non-finite loss in layers.0", 0.0))
    record.close()


def test_a_resumed_engine_knows_times_and_diagnoses_again(tmp_path: Path) -> None:
    rows = np.array([[1.0, 0.5, 0.25], [64, 128, 192], [math.nan, math.nan, 0.75]])
    steps = StepsRecorded(0, 1, ("loss", "samples_seen", ELAPSED_S), rows.astype("<f8").tobytes())
    recorded(tmp_path / "run.db", [steps, NonFiniteFound(3, "loss", "layers.0")])
    with RunReader(tmp_path / "run.db") as reader:
        (read,) = reader.steps()
        assert ELAPSED_S in read.names
    again = Record(RunWriter(tmp_path / "run.db"))
    again.load()
    store = again._store
    assert store.latest(ELAPSED_S) == (3, 0.75)
    assert [(mark.kind, mark.label) for mark in store.marks()] == [
        ("nonfinite", "non-finite loss in layers.0")
    ]
    again.close()
