"""Reduced precision in a session: skipped updates are said, and instruments see what they always see."""

import pytest

from tests.engine.session_bench import Driver, experiment
from tui_dl.engine.serving.inbox import Watched
from tui_dl.wire import json_lines
from tui_dl.wire.commands import ApplyChange, Run, Step, Undo
from tui_dl.wire.messages import Noticed, ReadingTaken, RunDescribed, StepsRecorded

FLOAT16 = 'precision = "float16"\n'


def test_a_skipped_update_is_said_recorded_and_counted_as_a_step() -> None:
    driver = Driver(experiment(FLOAT16))
    assert {"loss_scale", "skipped"} <= {each.name for each in driver.sink.last(RunDescribed).metrics}
    driver.do(Step(2))
    assert not driver.sink.of(Noticed)
    precision = driver.session.trainer._parts.precision
    precision.load({**precision.state(), "scale": 2.0**126})
    driver.do(Step(1))
    driver.do(Step(1))
    notice = driver.sink.of(Noticed)[0]
    assert notice.level == "warning"
    assert "the update of step 3 was skipped" in notice.text
    assert "8.50706e+37" in notice.text
    assert driver.sink.kinds().count("notice") == len(driver.sink.of(Noticed))
    assert list(driver.sink.column("skipped").values())[:3] == [0.0, 0.0, 1.0]
    (line,) = json_lines.objects(notice)
    assert line == {"type": "notice", "level": "warning", "text": notice.text}
    steps = [row for message in driver.sink.of(StepsRecorded) for row in json_lines.objects(message)]
    assert [row["step"] for row in steps] == [1, 2, 3, 4]
    assert (steps[2]["grad_norm"], steps[2]["nonfinite"]) == (None, ["grad_norm"])


def test_changing_it_begins_and_ends_the_scalers_metrics() -> None:
    driver = Driver(experiment())
    driver.do(Step(2))
    driver.tell(ApplyChange({"training.precision": "float16"}))
    assert "loss_scale" in {each.name for each in driver.sink.last(RunDescribed).metrics}
    driver.do(Step(2))
    assert "loss_scale" in driver.sink.last(StepsRecorded).names
    driver.tell(Undo())
    driver.do(Step(1))
    assert "loss_scale" not in driver.sink.last(StepsRecorded).names


@pytest.mark.parametrize("setting", [FLOAT16, 'precision = "bfloat16"\n', "accumulate = 2\n"])
def test_looking_on_changes_nothing(setting: str) -> None:
    plain, watched = Driver(experiment(setting)), Driver(experiment(setting))
    watched.session.inspection.watch(
        Watched(("layers", "histograms", "optimizer", "task"), rate_hz=1000.0, layer="layers.0")
    )
    watched.session.scheduler.budget = 1.0
    for driver in (plain, watched):
        driver.do(Run())
    assert watched.sink.of(ReadingTaken)
    assert watched.sink.column("loss") == plain.sink.column("loss")
    assert (watched.weights() == plain.weights()).all()
