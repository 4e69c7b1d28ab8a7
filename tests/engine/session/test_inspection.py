"""What is shown at rest belongs to the step at which the run rests."""

from tests.engine.session_bench import Driver, experiment
from tui_dl.engine.serving.inbox import Ticket, Watched
from tui_dl.spec.preset import load_preset
from tui_dl.wire.commands import ApplyChange, Run, Step, Undo
from tui_dl.wire.messages import ReadingTaken
from tui_dl.wire.pictures import LossSurfaceRead
from tui_dl.wire.snapshots import HistogramsRead, LayersRead, OptimizerRead, RegionsView

SCENES = """
[[scene]]
at_step = 7
"""


def _watch(driver: Driver, *probes: str) -> None:
    driver.session.inbox.post(Ticket(Watched(probes, 10.0, "")))
    driver.session.advance()


def _readings(driver: Driver, kind: type[object]) -> list[ReadingTaken]:
    return [each for each in driver.sink.of(ReadingTaken) if isinstance(each.reading, kind)]


def test_a_view_opened_at_rest_is_of_this_step() -> None:
    driver = Driver(experiment())
    _watch(driver, "task")
    assert _readings(driver, RegionsView)[-1].step == 0
    _watch(driver)
    driver.do(Step(3))
    assert len(_readings(driver, RegionsView)) == 1
    _watch(driver, "task", "layers")
    first, last = _readings(driver, RegionsView)
    assert last.step == 3
    assert last.reading != first.reading
    assert [each.step for each in _readings(driver, LayersRead)] == [3]


def test_a_view_that_was_never_measured_is_measured_at_rest() -> None:
    driver = Driver(experiment(), interactive=True)
    driver.do(Step(2))
    _watch(driver, "layers", "histograms", "optimizer")
    for kind in (LayersRead, HistogramsRead, OptimizerRead):
        (reading,) = _readings(driver, kind)
        assert reading.step == 2
    assert "next batch" in _readings(driver, LayersRead)[0].reading.missing  # type: ignore[union-attr]
    driver.do(Step(1))
    assert _readings(driver, LayersRead)[-1].reading.missing == ""  # type: ignore[union-attr]


def test_a_change_and_its_undo_at_rest_renew_the_view() -> None:
    driver = Driver(experiment())
    driver.do(Step(3))
    _watch(driver, "task")
    driver.tell(ApplyChange({"model.activation": "identity"}))
    driver.tell(Undo())
    before, changed, undone = (each.reading for each in _readings(driver, RegionsView))
    assert before == undone != changed


def test_the_batch_before_a_scene_is_looked_at_whatever_the_budget() -> None:
    driver = Driver(experiment("overhead_budget = 0.0\n" + SCENES), interactive=True)
    _watch(driver, "layers")
    driver.do(Run())
    assert driver.session.trainer.step == 7
    assert [each.step for each in _readings(driver, LayersRead)] == [0, 7]


def test_a_sample_that_is_chosen_at_rest_is_shown_at_once() -> None:
    driver = Driver(experiment())
    for sample in (3, 5):
        driver.session.inbox.post(Ticket(Watched(("task",), 10.0, "", sample)))
        driver.session.advance()
    readings = [taken.reading for taken in _readings(driver, RegionsView)]
    chosen = [one.chosen for one in readings if isinstance(one, RegionsView)]
    assert [one.sample.index for one in chosen if one is not None] == [3, 5]


def test_more_of_the_plane_is_shown_at_once_when_it_is_asked_for_at_rest() -> None:
    driver = Driver(load_preset("line-by-formula", {"training.device": "cpu"}))
    for reach in ((), (-40.0, 30.0, -20.0, 25.0)):
        driver.session.inbox.post(Ticket(Watched(("loss_surface",), 10.0, "", reach=reach)))
        driver.session.advance()
    readings = [taken.reading for taken in _readings(driver, LossSurfaceRead)]
    small, large = (one for one in readings if isinstance(one, LossSurfaceRead))
    assert small.x_range[1] - small.x_range[0] < 20
    assert large.x_range[0] < -40 < 30 < large.x_range[1]
    assert large.y_range[0] < -20 < 25 < large.y_range[1]
