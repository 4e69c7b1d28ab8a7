"""Sessions before an audience: scripts, scenes, pace; and what they do without one."""

import math
from typing import NoReturn

import pytest

from tests.engine.session_bench import TOTAL_STEPS, Clock, Driver, experiment
from tui_dl.engine.serving.inbox import Abandoned, ScreenAttached, Ticket
from tui_dl.engine.session.pacing import Pacer
from tui_dl.errors import ChangeRefused
from tui_dl.wire.commands import ApplyChange, GoToScene, Restart, Run, SetPace, Step, StepPhase, Stop, Undo
from tui_dl.wire.messages import ChangeApplied, Noticed, RunFinished, SceneReached, StatusChanged

SCRIPT = """
[[script]]
at_step = 4
set = { "optimizer.lr" = 0.2 }
[[script]]
at_step = 8
set = { "model.activation" = "tanh" }
"""
SCENES = """
[[scene]]
at_step = 0
note = "begin"
[[scene]]
at_step = 6
pace = 50.0
[[scene]]
at_step = 6
[[scene]]
at_step = 12
"""


def changed_at(driver: Driver) -> list[tuple[int, str]]:
    return [(each.receipt.step, each.receipt.source) for each in driver.sink.of(ChangeApplied)]


def test_a_script_makes_its_changes_at_their_steps_however_it_is_run() -> None:
    run = Driver(experiment(SCRIPT))
    run.do(Run())
    assert changed_at(run) == [(4, "script"), (8, "script")]
    by_hand = Driver(experiment())
    by_hand.do(Step(4))
    by_hand.tell(ApplyChange({"optimizer.lr": 0.2}))
    by_hand.do(Step(4))
    by_hand.tell(ApplyChange({"model.activation": "tanh"}))
    by_hand.do(Run())
    assert run.sink.column("loss") == by_hand.sink.column("loss")
    stepped = Driver(experiment(SCRIPT))
    for _ in range(TOTAL_STEPS):
        stepped.do(Step())
    micro = Driver(experiment(SCRIPT))
    for _ in range(7 * TOTAL_STEPS):
        micro.tell(StepPhase())
    for driver in (stepped, micro):
        assert driver.sink.column("loss") == run.sink.column("loss")
        assert changed_at(driver) == changed_at(run)


def test_a_run_to_a_scripted_step_stops_before_the_change() -> None:
    driver = Driver(experiment(SCRIPT))
    driver.do(Run(until_step=4))
    assert not driver.sink.of(ChangeApplied)
    driver.do(Step())
    assert changed_at(driver) == [(4, "script")]


def test_a_scripted_change_can_be_undone_and_does_not_come_back() -> None:
    driver = Driver(experiment(SCRIPT))
    driver.do(Run(until_step=6))
    driver.tell(Undo())
    driver.do(Run(until_step=7))
    assert changed_at(driver) == [(4, "script")]
    driver.do(Run())
    assert changed_at(driver) == [(4, "script"), (8, "script")]


def test_an_undo_before_the_scripted_step_leaves_the_script_alone() -> None:
    driver = Driver(experiment(SCRIPT))
    driver.do(Run(until_step=4))
    driver.tell(ApplyChange({"training.batch_size": 8}))
    driver.tell(Undo())
    driver.do(Run(until_step=5))
    assert (4, "script") in changed_at(driver)


def test_a_restart_plays_the_script_again() -> None:
    driver = Driver(experiment(SCRIPT))
    driver.do(Run(until_step=5))
    driver.tell(Restart())
    driver.do(Run(until_step=5))
    assert changed_at(driver) == [(4, "script"), (4, "script")]


def test_a_script_that_asks_for_the_impossible_says_so_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise ChangeRefused("there is no such thing")

    driver = Driver(experiment(SCRIPT))
    monkeypatch.setattr(driver.session.trainer, "apply", refuse)
    driver.do(Run())
    assert "was refused: there is no such thing" in driver.sink.last(Noticed).text
    assert driver.sink.last(RunFinished).step == TOTAL_STEPS


def test_scenes_pause_before_an_audience_and_run_goes_on() -> None:
    driver = Driver(experiment(SCENES), paused=False, interactive=True)
    assert driver.sink.last(SceneReached) == SceneReached(0, waiting=True)
    status = driver.sink.last(StatusChanged)
    assert (status.state, status.step, status.scene, status.scene_waiting) == ("paused", 0, 0, True)
    driver.do(Run())
    assert (driver.step, driver.sink.last(SceneReached).index) == (6, 1)
    assert driver.sink.last(StatusChanged).pace == 50.0
    driver.do(Run())
    assert (driver.step, driver.sink.last(SceneReached).index) == (6, 2)
    driver.do(GoToScene(1))
    assert (driver.step, driver.sink.last(SceneReached).index) == (12, 3)
    driver.do(GoToScene(1))
    assert driver.sink.last(RunFinished).step == TOTAL_STEPS
    reached = [each.index for each in driver.sink.of(SceneReached)]
    assert reached == [0, 1, 2, 3]


def test_the_scene_of_the_last_step_is_shown_with_the_end() -> None:
    driver = Driver(experiment(f'[[scene]]\nat_step = {TOTAL_STEPS}\nview = "task"\n'), interactive=True)
    driver.do(Run())
    (reached,) = driver.sink.of(SceneReached)
    assert (reached.index, reached.waiting) == (0, False)
    assert driver.sink.of(RunFinished)[0].step == TOTAL_STEPS
    assert driver.sink.of(StatusChanged)[-1].scene == 0


def test_without_an_audience_there_are_no_scenes_and_no_pace() -> None:
    driver = Driver(experiment("pace = 5.0\n" + SCENES))
    driver.do(Run())
    assert not driver.sink.of(SceneReached)
    assert driver.clock.waited == []
    assert driver.sink.last(RunFinished).step == TOTAL_STEPS


def test_stepping_onto_a_scene_waits_there() -> None:
    driver = Driver(experiment(SCENES), interactive=True)
    driver.do(Run())
    driver.do(Run(until_step=5))
    driver.do(Step(1))
    assert driver.sink.last(SceneReached).index == 1
    assert driver.sink.answers()[-1].error == ""
    driver.do(Step(4))
    assert (driver.step, driver.sink.last(SceneReached).index) == (6, 2)
    assert "4 of the steps were not made: scene 3" in driver.sink.answers()[-1].note
    driver.do(Step(4))
    assert (driver.step, driver.sink.last(SceneReached).index) == (10, 2)


def test_going_back_and_forth_among_scenes_that_were_reached() -> None:
    driver = Driver(experiment(SCENES), interactive=True)
    assert "no scene lies before" in (driver.tell(GoToScene(-1)) or fail()).error
    for _ in range(3):
        driver.do(Run())
    assert driver.sink.last(SceneReached).index == 2
    driver.tell(GoToScene(-1))
    driver.tell(GoToScene(-1))
    assert driver.sink.last(SceneReached).index == 0
    assert "first scene" in (driver.tell(GoToScene(-1)) or fail()).error
    driver.tell(GoToScene(1))
    driver.tell(GoToScene(1))
    assert driver.sink.last(SceneReached).index == 2
    assert driver.step == 6
    driver.do(GoToScene(1))
    assert driver.step == 12


def test_next_while_running_hurries_to_the_next_scene_and_keeps_the_pace_after_it() -> None:
    driver = Driver(experiment("pace = 5.0\n" + SCENES.replace("pace = 50.0", "")), interactive=True)
    driver.tell(Run())
    driver.tell(Run())
    driver.advance(2)
    driver.tell(GoToScene(1))
    waited = len(driver.clock.waited)
    driver.go()
    assert driver.step == 6
    assert len(driver.clock.waited) == waited
    assert driver.sink.last(StatusChanged).pace == 5.0


def test_an_experiment_without_scenes_says_so() -> None:
    driver = Driver(experiment(), interactive=True)
    assert "no scenes" in (driver.tell(GoToScene(1)) or fail()).error


def test_an_undo_brings_later_scenes_back_and_a_restart_all() -> None:
    driver = Driver(experiment(SCENES), interactive=True)
    for _ in range(3):
        driver.do(Run())
    driver.tell(ApplyChange({"optimizer.lr": 0.5}))
    driver.do(Run())
    assert driver.step == 12
    driver.tell(Undo())
    driver.do(Run())
    assert (driver.step, driver.sink.last(SceneReached).index) == (12, 3)
    driver.tell(Restart())
    driver.do(Run())
    assert (driver.step, driver.sink.last(SceneReached).index) == (0, 0)


def test_a_screen_that_comes_late_finds_only_the_scenes_ahead() -> None:
    driver = Driver(experiment("pace = 5.0\n" + SCENES))
    driver.do(Run(until_step=8))
    driver.session.inbox.post(Ticket(ScreenAttached()))
    driver.advance(1)
    assert driver.sink.last(StatusChanged).pace == 5.0
    driver.do(Run())
    assert (driver.step, driver.sink.last(SceneReached).index) == (12, 3)
    assert driver.clock.waited


def test_a_screen_that_comes_while_it_waits_at_step_0_sees_the_first_scene() -> None:
    driver = Driver(experiment(SCENES))
    driver.session.inbox.post(Ticket(ScreenAttached()))
    driver.advance(1)
    assert driver.sink.last(SceneReached) == SceneReached(0, waiting=True)


def test_a_finished_run_ends_when_nobody_is_left_unless_somebody_looked_on() -> None:
    alone = Driver(experiment())
    alone.do(Run())
    alone.session.inbox.post(Ticket(Abandoned()))
    alone.advance(1)
    assert alone.session.ended
    watched = Driver(experiment(), interactive=True)
    watched.do(Run())
    watched.session.inbox.post(Ticket(Abandoned()))
    watched.advance(1)
    assert not watched.session.ended
    watched.tell(Stop())
    assert watched.session.ended
    assert watched.sink.last(RunFinished).reason == "stopped"


def test_the_pace_is_kept_on_average_and_a_command_is_heard_meanwhile() -> None:
    driver = Driver(experiment("pace = 4.0\n"), interactive=True)
    begun = driver.clock.now
    driver.do(Run(until_step=17))
    assert driver.clock.now - begun == pytest.approx(16 / 4.0)
    assert max(wait or 0.0 for wait in driver.clock.waited) <= 0.1
    driver.tell(Run())
    driver.advance(2)
    driver.tell(SetPace(0.0))
    waited = len(driver.clock.waited)
    driver.go()
    assert len(driver.clock.waited) == waited
    assert driver.step == TOTAL_STEPS


@pytest.mark.parametrize("pace", [math.nan, math.inf, -1.0, 1e7])
def test_an_impossible_pace_is_refused(pace: float) -> None:
    driver = Driver(experiment(), interactive=True)
    assert "no pace" in (driver.tell(SetPace(pace)) or fail()).error


def test_a_pacer_does_not_make_up_for_a_long_delay_with_a_burst() -> None:
    clock = Clock()
    pacer = Pacer(clock)
    assert pacer.wait_s() == 0.0
    pacer.pace = 10.0
    pacer.spend()
    clock.now = 60.0
    made = 0
    while pacer.wait_s() == 0.0:
        pacer.spend()
        made += 1
    assert made <= 4


def fail() -> NoReturn:
    raise AssertionError("there was no answer")
