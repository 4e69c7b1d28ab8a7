import math

import msgspec
import numpy as np
import pytest

from tests.ui.fake_engine import described, evaluation, readings, status, steps
from tui_dl.history import SeriesStore
from tui_dl.spec.preset import load_preset
from tui_dl.ui.run_model import ALL_TOPICS, RunModel
from tui_dl.wire.messages import (
    PROTOCOL,
    ChangeApplied,
    ChangeUndone,
    ExpectationChecked,
    HistorySent,
    MetricsMeasured,
    NonFiniteFound,
    Noticed,
    PhaseReached,
    ReadingTaken,
    RecordedEvent,
    Restarted,
    RunFailed,
    RunFinished,
    SceneReached,
    Welcomed,
)
from tui_dl.wire.plans import Receipt
from tui_dl.wire.snapshots import ConfusionView, CurveView, LayersRead

WELCOME = Welcomed(PROTOCOL, "run-1", 1, "0.1.0", True)
RECEIPT = Receipt(50, 0, {"model.activation": "tanh"}, (("model.activation", "relu", "tanh"),), ("weights",))


def model_at(step: int = 50) -> RunModel:
    model = RunModel()
    for message in (WELCOME, described(), status("running", step), steps(1, np.linspace(2, 1, step))):
        model.apply(message)
    return model


def test_before_the_engine_speaks_it_is_starting_and_nothing_can_be_steered() -> None:
    model = RunModel()
    assert model.state == "starting"
    assert not model.can_steer
    assert model.latest("train.loss") is None
    assert model.primary_metric == ""
    assert model.task_view is None


def test_steps_become_series_and_the_latest_value() -> None:
    model = RunModel()
    assert model.apply(steps(1, [2.0, 1.5])) == {"series"}
    assert model.latest("train.loss") == 1.5
    assert model.latest("grad_norm") == 3.0
    assert model.history.last_step("train.accuracy") == 2


def test_evaluations_are_series_of_their_split() -> None:
    model = RunModel()
    model.apply(evaluation(23, 0.7))
    assert model.latest("validation.loss") == 0.7
    assert model.latest("train.loss") is None


def test_a_watcher_cannot_steer_and_a_controller_can_once_the_run_is_described() -> None:
    model = RunModel()
    model.apply(WELCOME)
    assert not model.can_steer
    model.apply(described())
    assert model.can_steer
    model.apply(Welcomed(PROTOCOL, "run-1", 1, "0.1.0", False))
    assert not model.can_steer


def test_the_primary_metric_is_the_tasks_own() -> None:
    assert model_at().primary_metric == "accuracy"
    info = model_at().metric_info("train.accuracy")
    assert info is not None
    assert info.better == "up"


@pytest.mark.parametrize(
    ("link", "state"),
    [("lost", "disconnected"), ("failed", "failed"), ("closed", "closed"), ("live", "running")],
)
def test_the_state_says_how_the_link_stands(link: str, state: str) -> None:
    model = model_at()
    model.set_link(link, "why")  # type: ignore[arg-type]
    assert model.state == state
    assert model.is_running == (link == "live")


def test_a_change_leaves_a_mark_a_receipt_and_a_line() -> None:
    model = model_at()
    topics = model.apply(ChangeApplied(RECEIPT))
    assert {"series", "events"} <= topics
    assert model.receipt == RECEIPT
    assert [mark.label for mark in model.history.marks()] == ["activation relu → tanh"]
    assert model.events[-1].text == "activation relu → tanh"


def test_receipts_are_kept_in_order_and_come_back_with_the_history() -> None:
    model = model_at()
    for step in (50, 60):
        model.apply(ChangeApplied(msgspec.structs.replace(RECEIPT, step=step)))
    assert [one.step for one in model.receipts] == [50, 60]
    again = RunModel()
    body = {"receipt": msgspec.to_builtins(RECEIPT)}
    events = (
        RecordedEvent(50, 0, "change", "activation relu → tanh", 1.0, body),
        RecordedEvent(51, 0, "change", "written otherwise", 2.0, {"receipt": {"a": 1}}),
    )
    again.apply(HistorySent(model.history.to_state(), events))
    assert again.receipts == [RECEIPT]
    assert again.receipt == RECEIPT


def test_an_undo_leaves_a_ghost_with_a_label() -> None:
    model = model_at(60)
    model.apply(ChangeUndone(1, 40, 0, 60, "activation relu → tanh"))
    model.apply(steps(41, [0.5], segment=1))
    ghosts = model.history.ghosts("train.loss")
    assert [(ghost.segment, ghost.first_step, ghost.last_step) for ghost in ghosts] == [(0, 41, 60)]
    assert model.ghost_labels[0] == "activation relu → tanh"
    assert model.latest("train.loss") == 0.5


def test_the_newest_change_is_known_to_be_undone_until_there_is_another() -> None:
    model = model_at(60)
    model.apply(ChangeApplied(RECEIPT))
    assert not model.is_undone
    model.apply(ChangeUndone(1, 40, 0, 60, "model.activation relu → tanh"))
    assert model.is_undone
    again = RunModel()
    change = RecordedEvent(50, 0, "change", "a → b", 1.0, {"receipt": msgspec.to_builtins(RECEIPT)})
    undo = RecordedEvent(50, 1, "undo", "a → b", 2.0, {})
    again.apply(HistorySent(model.history.to_state(), (change, undo)))
    assert again.is_undone
    for seen in (model, again):
        seen.apply(ChangeApplied(RECEIPT))
        assert not seen.is_undone
        seen.apply(Restarted(2, 0, "restart"))
        seen.apply(ChangeUndone(3, 50, 2, 0, "restart"))
        assert not seen.is_undone


def test_a_restart_keeps_the_history_as_a_ghost() -> None:
    model = model_at(60)
    model.apply(Restarted(1, 0, "restart"))
    assert model.latest("train.loss") is None
    assert model.history.ghosts("train.loss")[0].kind == "earlier"


def test_what_is_not_finite_is_named_until_the_run_goes_on() -> None:
    model = model_at()
    model.apply(NonFiniteFound(52, "gradient", "layers.0"))
    assert model.nonfinite is not None
    assert model.events[-1].step == 52
    assert "layers.0" in model.events[-1].text
    model.apply(status("running", 51))
    assert model.nonfinite is None


def test_a_nan_in_the_steps_is_kept_as_one() -> None:
    model = RunModel()
    model.apply(steps(1, [1.0, math.nan]))
    latest = model.latest("train.loss")
    assert latest is not None
    assert math.isnan(latest)


def test_phases_gather_for_one_batch_and_go_with_it() -> None:
    model = model_at()
    for phase in ("fetch", "forward"):
        model.apply(status("paused", 50, phase=phase))
        model.apply(PhaseReached(51, phase, {"x": 1.0}))
    assert [one.phase for one in model.phases] == ["fetch", "forward"]
    model.apply(PhaseReached(52, "fetch", {}))
    assert [one.phase for one in model.phases] == ["fetch"]
    assert "phase" in model.apply(status("paused", 52))
    assert model.phases == []


def test_readings_replace_older_ones_by_kind() -> None:
    model = model_at()
    for step in (10, 20):
        for reading in readings(step):
            model.apply(reading)
    assert model.reading_step(LayersRead) == 20
    read = model.reading(LayersRead)
    assert read is not None
    assert len(read.layers) == 3


def test_the_task_view_is_the_newest_of_any_kind() -> None:
    model = model_at()
    curve = CurveView((0.0,), (0.0,), (), (), (0.0,), (0.0,))
    confusion = ConfusionView(("a", "b"), ((1, 0), (0, 1)))
    assert model.apply(ReadingTaken(0, 10, curve)) == {"task"}
    model.apply(ReadingTaken(0, 20, confusion))
    assert model.task_view == confusion


def test_other_layers_make_the_old_readings_worthless() -> None:
    model = model_at()
    for reading in readings(10):
        model.apply(reading)
    model.apply(described(layers=3))
    assert model.reading(LayersRead) is not None
    model.apply(described(layers=5))
    assert model.reading(LayersRead) is None


def test_history_restores_series_marks_and_events() -> None:
    store = SeriesStore()
    store.append(0, np.arange(1, 101), {"train.loss": np.linspace(1, 0, 100)})
    event = RecordedEvent(50, 0, "change", "lr 0.1 → 0.2", 1.7e9)
    model = model_at()
    assert model.apply(HistorySent(store.to_state(), (event,))) == ALL_TOPICS
    assert model.history.last_step("train.loss") == 100
    assert [entry.text for entry in model.events] == ["lr 0.1 → 0.2"]


def test_finished_is_taken_back_by_steps_beyond_it() -> None:
    model = model_at(50)
    model.apply(RunFinished("epochs", 50))
    assert model.finished is not None
    model.apply(steps(51, [0.1]))
    assert model.finished is None


def test_a_scene_is_remembered() -> None:
    model = model_at()
    model.apply(SceneReached(1, True))
    assert (model.scene, model.scene_waiting) == (1, True)


def test_failures_notices_and_expectations_are_logged_with_their_weight() -> None:
    model = model_at()
    model.apply(RunFailed("out of memory", 3))
    model.apply(Noticed("warning", "disk full"))
    model.apply(ExpectationChecked(False, "validation.accuracy", None, 600, 0.5, "above 0.9"))
    assert [entry.level for entry in model.events[-3:]] == ["error", "warning", "error"]
    assert not model.can_steer


def test_a_notice_of_the_status_is_logged_once() -> None:
    model = model_at()
    for step in range(3):
        model.apply(status("running", step, notice="recording stopped: disk full"))
    assert sum(entry.text.startswith("recording") for entry in model.events) == 1


def test_the_log_is_bounded() -> None:
    model = RunModel()
    for number in range(3000):
        model.note(str(number))
    assert len(model.events) == 2000
    assert model.events[-1].text == "2999"


def test_what_says_nothing_to_a_screen_touches_nothing() -> None:
    assert model_at().apply(MetricsMeasured(1, {})) == frozenset()


def test_the_next_scene_is_the_one_after_the_last_reached() -> None:
    experiment = load_preset("vanishing-gradient")
    model = RunModel(experiment=experiment)
    assert model.next_scene == experiment.scenes[0]
    model.apply(SceneReached(0, True))
    assert model.next_scene == experiment.scenes[1]
    assert experiment.scenes[0].note in model.events[-1].text
    model.apply(SceneReached(len(experiment.scenes) - 1, True))
    assert model.next_scene is None


def test_numbers_are_there_for_whoever_reads_however_many_came_meanwhile() -> None:
    model = RunModel()
    for first in range(1, 2001, 2):
        model.apply(steps(first, [1.0 / first, 2.0 / first]))
        model.apply(evaluation(first, 3.0 / first))
    assert model.latest("train.loss") == 2.0 / 1999
    assert model.latest("validation.loss") == 3.0 / 1999
    assert model.history.last_step("train.loss") == 2000
    held, values = model.history.points(model.history.live(), "validation.loss")
    assert held.tolist() == list(range(1, 2001, 2))
    assert values[0] == 3.0
