import pytest

from tests.ui.fake_engine import described, status, steps
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.vital_signs import COMPILE_PATIENCE_S, PATIENCE_S, SLOW_PATIENCE_S, VitalSigns
from tui_dl.wire.messages import PROTOCOL, Welcomed

WELCOME = Welcomed(PROTOCOL, "run-1", 1, "0.1.0", True)


def signs(*messages: object) -> tuple[RunModel, VitalSigns]:
    model = RunModel()
    watch = VitalSigns(model, 0.0)
    for message in (WELCOME, described(), *messages):
        model.apply(message)  # type: ignore[arg-type]
        watch.heard(message, 0.0)  # type: ignore[arg-type]
    return model, watch


def tick(watch: VitalSigns, now_s: float, **more: float | None) -> frozenset[str]:
    given: dict[str, float | None] = {"retry_at_s": None, "asked_at_s": None, **more}
    return watch.tick(now_s, **given)  # type: ignore[arg-type, return-value]


def test_a_run_without_steps_is_stalled_until_one_comes() -> None:
    model, watch = signs(status("running", 50))
    assert not tick(watch, PATIENCE_S)
    assert model.state == "running"
    assert "status" in tick(watch, PATIENCE_S + 1)
    assert (model.state, model.stalled_s) == ("stalled", 4)
    # Within the same second nothing is painted again.
    assert not tick(watch, PATIENCE_S + 1.4)
    watch.heard(steps(51, [0.1]), PATIENCE_S + 2)
    assert tick(watch, PATIENCE_S + 2.1)
    assert model.state == "running"
    assert model.is_running


@pytest.mark.parametrize(
    ("state", "speed", "pace", "quiet_s"),
    [
        ("running", 0.2, 0.0, 24.0),
        ("running", 1000.0, 0.5, 9.0),
        ("running", 0.0, 0.0, SLOW_PATIENCE_S - 1),
        ("paused", 0.0, 0.0, 1e6),
        ("finished", 0.0, 0.0, 1e6),
    ],
)
def test_slow_steps_a_slow_pace_and_rest_are_no_stall(
    state: str, speed: float, pace: float, quiet_s: float
) -> None:
    model, watch = signs(status(state, 50, steps_per_s=speed, pace=pace))
    assert not tick(watch, quiet_s)
    assert not model.stalled_s


def test_compiling_takes_its_time_and_is_no_stall() -> None:
    model, watch = signs(status("running", 50, steps_per_s=1000.0, detail="compiling the step"))
    assert model.state == "compiling"
    assert not tick(watch, COMPILE_PATIENCE_S - 1, asked_at_s=1.0)
    assert model.state == "compiling"
    tick(watch, COMPILE_PATIENCE_S + 1)
    assert model.state == "stalled"


def test_a_command_without_an_answer_is_a_stall_at_rest_too() -> None:
    model, watch = signs(status("paused", 50))
    assert not tick(watch, 100.0, asked_at_s=100.0 - PATIENCE_S + 1)
    assert tick(watch, 100.0, asked_at_s=100.0 - PATIENCE_S - 1)
    assert (model.state, model.stalled_s) == ("stalled", 4)
    tick(watch, 101.0)
    assert model.state == "paused"


def test_a_lost_line_counts_down_and_is_no_stall() -> None:
    model, watch = signs(status("running", 50))
    model.set_link("lost", "broken pipe")
    for now_s, seconds in ((100.0, 5), (100.5, 5), (101.1, 4), (104.9, 1), (106.0, 0)):
        tick(watch, now_s, retry_at_s=105.0)
        assert model.retry_s == seconds
    assert model.state == "disconnected"


def test_loading_is_timed_and_is_no_stall_until_the_run_is_described() -> None:
    model = RunModel()
    watch = VitalSigns(model, 10.0)
    model.apply(WELCOME)
    assert tick(watch, 13.5)
    assert model.loading_s == 3
    tick(watch, 33.5, asked_at_s=11.0)
    assert (model.state, model.stalled_s) == ("starting", 0)
    model.apply(described())
    assert tick(watch, 14.0)
    assert model.loading_s == 0
