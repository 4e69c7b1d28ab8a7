"""What the run screen says: alerts, the log, copies, meters, long work, and in which language."""

import asyncio
import re

import pytest

from tests.ui.fake_engine import FakeEngine, described, lively, status, steps
from tests.ui.screens.conftest import Open, Stage
from tui_dl.errors import EngineFailed
from tui_dl.spec.preset import from_toml, load_preset
from tui_dl.ui.app import TuiDlApp
from tui_dl.ui.copies import COPIES
from tui_dl.ui.screens.dialog import Dialog
from tui_dl.ui.screens.run import RunScreen
from tui_dl.ui.vital_signs import PATIENCE_S
from tui_dl.wire.commands import Run, Step, Stop
from tui_dl.wire.messages import NonFiniteFound, RunFinished, SceneReached


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the terminal was told besides what was painted."""
    said: list[str] = []
    monkeypatch.setattr(TuiDlApp, "tell_terminal", lambda _app, data: said.append(data) if data else None)
    for name in ("TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return said


def wants_alerts(stage: Stage, *, last_input_s: float | None = None) -> None:
    stage.app.change_settings(bell=True, notify=True)
    stage.app.last_input_s = last_input_s


ENDS = [
    (NonFiniteFound(50, "loss", "layers.0"), "non-finite loss in layers.0"),
    (RunFinished("epochs", 920), "finished"),
]


@pytest.mark.parametrize(("message", "words"), ENDS)
async def test_an_end_calls_whoever_looked_away(
    on_stage: Open, told: list[str], message: NonFiniteFound | RunFinished, words: str
) -> None:
    async with on_stage() as stage:
        wants_alerts(stage)
        stage.engine.post(message)
        await stage.until(lambda: len(told) == 2)
        assert told[0].startswith("\x1b]9;tui-dl: digits-mlp")
        assert words in told[0]
        assert told[1] == "\x07"


async def test_a_failure_calls_too(on_stage: Open, told: list[str]) -> None:
    async with on_stage() as stage:
        wants_alerts(stage)
        stage.engine.drop(EngineFailed("was killed by SIGKILL"))
        await stage.until(lambda: len(told) == 2)
        assert "failed at step 50: was killed by SIGKILL" in told[0]


@pytest.mark.parametrize("reason", ["stopped", "interrupted"])
async def test_what_was_asked_for_calls_nobody(on_stage: Open, told: list[str], reason: str) -> None:
    async with on_stage() as stage:
        wants_alerts(stage)
        stage.engine.post(RunFinished(reason, 50))  # type: ignore[arg-type]
        await stage.until(lambda: stage.screen.model.finished)
        assert told == []


async def test_whoever_has_just_pressed_a_key_or_wants_no_alerts_gets_none(
    on_stage: Open, told: list[str]
) -> None:
    async with on_stage() as stage:
        wants_alerts(stage)
        await stage.press("2")
        assert stage.app.last_input_s is not None
        stage.engine.post(NonFiniteFound(50, "loss", "layers.0"))
        await stage.until("Not a finite number")
        assert told == []
        stage.app.change_settings(bell=False, notify=False)
        stage.app.last_input_s = None
        stage.engine.post(RunFinished("epochs", 920))
        await stage.until(lambda: stage.screen.model.finished)
        assert told == []


# -- the log -------------------------------------------------------------------------------------------


async def test_in_the_program_filters_and_jumps_have_keys(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        await stage.press("F")
        await stage.until(lambda: stage.screen.view == "log")
        for number in range(200):
            stage.screen.model.note(f"entry {number}")
        await stage.press("F", "F", "F", "F")
        await stage.until("not on this machine")
        await stage.press("F", "home")
        await stage.until("End follows")
        await stage.press("up", "end")
        await stage.until("entry 199")
        await stage.until("following")


# -- copies --------------------------------------------------------------------------------------------


async def test_copying_says_what_was_copied_and_where_else_it_is(on_stage: Open, told: list[str]) -> None:
    async with on_stage() as stage:
        await stage.press("C")
        await stage.until("The experiment as TOML")
        assert "The last receipt" not in stage.text
        await stage.press("n")
        await stage.until(lambda: "Copied the numbers" in stage.screen.model.events[-1].text)
        assert "tui-dl report" in stage.screen.model.events[-1].text
        assert told[0].startswith("\x1b]52;c;")


async def test_a_terminal_without_clipboard_is_sent_nothing(
    on_stage: Open, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "linux")
    async with on_stage() as stage:
        await stage.press("C", "i")
        await stage.until(lambda: "takes no clipboard" in stage.screen.model.events[-1].text)
        assert told == []


async def test_what_is_copied_is_the_present_experiment_and_all_digits(on_stage: Open) -> None:
    async with on_stage() as stage:
        model = stage.screen.model
        experiment = COPIES["e"][2](model)
        assert experiment is not None
        assert from_toml(experiment.text, "copied") == model.experiment
        numbers = COPIES["n"][2](model)
        assert numbers is not None
        assert f"train.loss {model.latest('train.loss')!r}" in numbers.text


# -- meters --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height"), [(80, 24), (44, 12), (160, 48)])
async def test_meters_come_and_go_by_a_key_and_are_read_only_while_shown(
    on_stage: Open, width: int, height: int
) -> None:
    async with on_stage(width, height) as stage:
        assert stage.screen._meters is None
        await stage.press("G")
        await stage.until(lambda: re.search(r"cpu +\d+%", stage.text))
        assert stage.app.settings.meters
        assert "leave" in stage.text.splitlines()[-1]
        await stage.press("G")
        await stage.until(lambda: not re.search(r"cpu +\d+%", stage.text))
        assert stage.screen._meters is None


# -- states and long work ------------------------------------------------------------------------------


async def test_silence_while_it_runs_is_a_stall_and_a_step_ends_it(
    on_stage: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_stage() as stage:
        signs = stage.screen._vital_signs
        signs._progress_s -= PATIENCE_S + 1
        await stage.until("STALLED")
        assert "no step for" in stage.text
        stage.engine.post(steps(51, [0.1]), status("running", 51))
        await stage.until("RUNNING")


async def test_n_batches_show_how_many_are_made_and_space_pauses(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        stage.engine.post(status("paused", 50))
        await stage.until("PAUSED")
        stage.engine.answers[Step] = [status("running", 75)]
        await stage.press("n")
        await stage.until("How many batches")
        await stage.press("enter")
        await stage.until("batch 25 of 100: space pauses")
        stage.engine.post(status("paused", 80))
        await stage.until("space goes on")
        assert stage.screen.model.goal is None


async def test_a_run_to_the_epochs_end_tells_how_far_it_is(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        stage.engine.post(status("paused", 46, epoch_samples=0))
        stage.engine.answers[Run] = [status("running", 50, epoch_samples=256)]
        await stage.until("PAUSED")
        await stage.press("e")
        await stage.until("batch 4 of 23")


async def test_a_stop_that_takes_long_can_be_left_alone() -> None:
    engine = FakeEngine()
    engine.may_connect.clear()
    ended: list[bool] = []
    opening = engine.opening()
    import dataclasses

    opening = dataclasses.replace(opening, is_new=True, end=lambda: ended.append(True))
    app = TuiDlApp(None, opening)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("q")
        while not isinstance(app.screen, Dialog):
            await pilot.pause(0.01)
        await pilot.press("x")
        while "Leave now" not in "".join(strip.text for strip in app.screen._compositor.render_strips()):
            await pilot.pause(0.01)
        await pilot.press("l")
        while app.return_value is None:
            await pilot.pause(0.01)
        assert "being stopped" in app.return_value.text
        assert ended == [True]
        assert not engine.given(Stop)


async def test_a_run_without_a_step_can_be_deleted_one_with_steps_cannot(on_stage: Open) -> None:
    async with on_stage() as stage:
        await stage.press("q")
        await stage.until("Stop and keep")
        assert "Stop and delete" not in stage.text


# -- language ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 36), (160, 48), (44, 12)])
async def test_words_in_two_cells_are_laid_out_right(width: int, height: int) -> None:
    from rich.cells import cell_len

    engine = FakeEngine()
    app = TuiDlApp(
        None, engine.opening(load_preset("vanishing-gradient"), "vanishing-gradient"), language="ko"
    )
    async with app.run_test(size=(width, height)) as pilot:
        screen = app.screen
        assert isinstance(screen, RunScreen)
        stage = Stage(app, pilot, engine, screen)
        await stage.until(lambda: bool(screen.query("#log")))
        lively(engine, experiment=load_preset("vanishing-gradient"))
        engine.post(status("paused", 200, scene=1, scene_waiting=True), SceneReached(1, True))
        await stage.until("첫 층의 기울기는")
        for keys in ((), ("i",), ("escape", "6")):
            await stage.press(*keys)
            await asyncio.sleep(0)
            for strip in app.screen._compositor.render_strips():
                assert cell_len(strip.text) == width
        assert "Where did the first" not in stage.text


async def test_the_language_can_change_while_it_is_shown(on_stage: Open) -> None:
    async with on_stage(120, 36, silent=True) as stage:
        stage.engine.post(described())
        await stage.until("Handwritten digits")
        stage.app.change_settings(language="ko")
        await stage.until("손글씨 숫자")
