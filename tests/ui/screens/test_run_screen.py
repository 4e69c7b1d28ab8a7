import random

import pytest

from tests.ui.fake_engine import described, lively, readings, status, steps
from tests.ui.screens.conftest import Open
from tui_dl.errors import ChangeRefused, ConnectionLost
from tui_dl.spec.preset import load_preset
from tui_dl.ui.hangul import JAMO
from tui_dl.ui.keys.table import KEYS
from tui_dl.ui.panels.bars import VIEWS
from tui_dl.ui.panels.control import ControlPanel
from tui_dl.ui.screens.dialog import Dialog
from tui_dl.wire.commands import (
    ApplyChange,
    Evaluate,
    GoToScene,
    Pause,
    Run,
    SetPace,
    Step,
    StepPhase,
    TakeControl,
    Undo,
    Watch,
)
from tui_dl.wire.messages import PhaseReached, SceneReached

SIZES = [(80, 24), (120, 36), (160, 48), (250, 70), (60, 20), (100, 24), (140, 24), (44, 12)]


async def test_it_is_useful_before_the_engine_speaks(on_stage: Open) -> None:
    async with on_stage(silent=True) as stage:
        assert "STARTING" in stage.text
        assert "Handwritten digits" in stage.text
        assert "OPTIMIZER" in stage.text
        assert "adam" in stage.text
        await stage.press("question_mark")
        await stage.until("Stop at the next batch boundary")
        assert stage.engine.given(Run) == []


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_every_view_at_every_size_shows_what_it_is_for(on_stage: Open, width: int, height: int) -> None:
    async with on_stage(width, height) as stage:
        await stage.until("RUNNING")
        assert "loss" in stage.text
        wanted = {"layers": "layers.1", "histograms": "layers.0", "optimizer": "rate", "log": "changes"}
        for number, view in enumerate(VIEWS, start=1):
            await stage.press(str(number))
            assert stage.screen.view == view
            await stage.until(wanted.get(view, "RUNNING"))
            lines = stage.text.splitlines()
            assert len(lines) == height
            assert all(len(line) <= width for line in lines)


@pytest.mark.parametrize(("width", "height"), [(20, 5), (43, 24), (80, 11), (1, 1), (10, 2)])
async def test_below_the_minimum_it_says_what_it_needs_and_comes_back(
    on_stage: Open, width: int, height: int
) -> None:
    async with on_stage() as stage:
        await stage.pilot.resize_terminal(width, height)
        await stage.pilot.pause()
        if width * height >= 100:
            assert "44×12" in stage.text
        await stage.pilot.resize_terminal(80, 24)
        await stage.until("RUNNING")


async def test_a_storm_of_resizes_while_it_trains_breaks_nothing(on_stage: Open) -> None:
    chance = random.Random(0)
    async with on_stage() as stage:
        for step in range(30):
            stage.engine.post(*readings(step), status("running", 100 + step))
            await stage.pilot.resize_terminal(chance.randint(1, 200), chance.randint(1, 60))
            if step % 3 == 0:
                await stage.press(str(chance.randint(1, 6)))
        await stage.pilot.resize_terminal(120, 36)
        await stage.until("RUNNING")


@pytest.mark.parametrize(
    ("key", "command"),
    [
        ("space", Pause()),
        ("s", Step(1)),
        ("p", StepPhase()),
        ("full_stop", StepPhase()),
        ("e", Run(until_epoch_end=True)),
        ("plus", SetPace(0.0)),
        ("minus", SetPace(1000.0)),
        ("v", Evaluate()),
        ("right_square_bracket", ApplyChange({"optimizer.lr": 0.0011})),
        ("left_square_bracket", ApplyChange({"optimizer.lr": 0.00090909})),
        ("pagedown", GoToScene(1)),
        ("pageup", GoToScene(-1)),
    ],
)
async def test_keys_give_commands(on_stage: Open, key: str, command: object) -> None:
    async with on_stage() as stage:
        await stage.press(key)
        await stage.until(lambda: command in stage.engine.commands)


async def test_a_hangul_input_method_gives_the_same_commands(on_stage: Open) -> None:
    async with on_stage() as stage:
        await stage.press(JAMO["s"])
        await stage.until(lambda: stage.engine.given(Step))
        await stage.press(JAMO["q"])
        await stage.until(lambda: isinstance(stage.app.screen, Dialog))


async def test_undo_is_there_only_when_there_is_something_to_undo(on_stage: Open) -> None:
    async with on_stage() as stage:
        await stage.press("u")
        assert not stage.engine.given(Undo)
        stage.engine.post(status("paused", 50, undo_depth=1, undo_label="lr"))
        await stage.until(lambda: stage.screen.model.status.undo_depth)
        await stage.press("u")
        await stage.until(lambda: stage.engine.given(Undo))


async def test_a_watcher_gives_no_commands_until_it_takes_control(on_stage: Open) -> None:
    async with on_stage(controls=False) as stage:
        await stage.press("s", "space")
        assert not stage.engine.given(Step)
        assert not stage.engine.given(Pause)
        await stage.press("T")
        await stage.until(lambda: stage.engine.given(TakeControl))
        await stage.press("s")
        await stage.until(lambda: stage.engine.given(Step))


async def test_the_engine_is_told_what_is_on_the_screen(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        for key, probe in (("2", "layers"), ("3", "histograms"), ("4", "optimizer"), ("5", "task")):
            await stage.press(key)
            await stage.until(lambda probe=probe: stage.engine.given(Watch)[-1].probes[0] == probe)


async def test_what_the_next_scene_shows_is_measured_before_it_comes(on_stage: Open) -> None:
    experiment = load_preset("optimizer-swap")
    assert experiment.scenes[0].view == "optimizer"
    async with on_stage(80, 24, experiment=experiment) as stage:
        await stage.press("6")
        await stage.until(lambda: stage.engine.given(Watch)[-1].probes == ["optimizer"])


async def test_a_refusal_is_said_and_logged(on_stage: Open) -> None:
    async with on_stage() as stage:
        stage.engine.refusal = ChangeRefused("there is no scene ahead")
        await stage.press("pagedown", "6")
        await stage.until("there is no scene ahead")


async def test_tab_goes_round_all_views(on_stage: Open) -> None:
    async with on_stage() as stage:
        seen = []
        for _ in VIEWS:
            await stage.press("tab")
            seen.append(stage.screen.view)
        assert seen == [*VIEWS[1:], VIEWS[0]]
        await stage.press("shift+tab")
        assert stage.screen.view == VIEWS[-1]


async def test_numbers_are_those_of_the_run(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        stage.engine.post(steps(51, [0.1234]), status("paused", 51))
        await stage.until("0.1234")
        await stage.until("PAUSED")
        await stage.until("step 51")


async def test_the_curves_show_train_and_validation_with_labels(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        await stage.until("validation 0.7000")
        assert "train 0." in stage.text
        await stage.press("m")
        await stage.until("accuracy ─ train")
        await stage.press("m")
        await stage.until("gradient norm")
        await stage.press("1", "m", "m", "y")
        await stage.until("log")


async def test_micro_steps_show_the_phase_its_numbers_and_what_comes_next(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        stage.engine.post(
            status("paused", 50, phase="backward"),
            PhaseReached(51, "backward", {"grad_norm": 0.5}, ("8970 gradients",)),
        )
        await stage.until("8970 gradients")
        assert "batch 51" in stage.text
        assert "p clip" in stage.text
        stage.engine.post(status("paused", 51))
        await stage.until(lambda: "batch 51" not in stage.text)


async def test_a_scene_shows_its_note_and_its_view(on_stage: Open) -> None:
    experiment = load_preset("digits-mlp")
    async with on_stage(80, 24, experiment=experiment) as stage:
        stage.engine.post(status("paused", 60, scene=0, scene_waiting=True), SceneReached(0, True))
        await stage.until("Scene 1/")
        assert "PgDn" in stage.text
        assert stage.screen.view == experiment.scenes[0].view


async def test_the_control_panel_opens_what_is_chosen(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        await stage.press("c")
        await stage.until("DATA")
        panel = stage.screen.query_one(ControlPanel)
        while panel.chosen is None or panel.chosen.label != "model":
            await stage.press("down")
        await stage.press("enter")
        await stage.until("Change: Model")
        await stage.press("escape", "escape")
        await stage.until("1 overview")


async def test_a_lost_line_is_shown_and_healed(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        stage.engine.drop(ConnectionLost("the link dropped"))
        await stage.until("DISCONNECTED")
        lively(stage.engine, 60)
        await stage.until("RUNNING")
        assert stage.engine.connections == 2


async def test_a_changed_experiment_is_shown_at_once(on_stage: Open) -> None:
    async with on_stage() as stage:
        changed = load_preset("digits-mlp", {"model.activation": "tanh", "training.batch_size": 128})
        stage.engine.post(described(changed))
        await stage.until("tanh")
        assert "batch 128" in stage.text


async def test_a_mouse_does_what_the_keys_do(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        x = stage.text.splitlines()[2].index("2 layers")
        await stage.pilot.click(offset=(x + 3, 2))
        await stage.until(lambda: stage.screen.view == "layers")
        x = stage.text.splitlines()[23].index("step")
        await stage.pilot.click(offset=(x, 23))
        await stage.until(lambda: stage.engine.given(Step))


@pytest.mark.parametrize("seed", range(3))
async def test_any_keys_in_any_order_raise_nothing(on_stage: Open, seed: int) -> None:
    chance = random.Random(seed)
    keys = [key for entry in KEYS for key in entry.keys.split(",") if entry.id not in ("leave", "presets")]
    keys += ["escape", "enter", "down", "up", "x", "9", "backspace", "delete"]
    async with on_stage(80, 24) as stage:
        for step in range(120):
            await stage.pilot.press(chance.choice(keys))
            if step % 10 == 0:
                stage.engine.post(*readings(step), status(chance.choice(["running", "paused"]), 50 + step))
        await stage.pilot.pause()
        assert stage.app.is_running


@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 48)])
async def test_a_terminal_without_colour_and_beyond_ascii_is_enough(
    on_stage: Open, monkeypatch: pytest.MonkeyPatch, width: int, height: int
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TUI_DL_GLYPHS", "ascii")
    async with on_stage(width, height) as stage:
        for key in "123456":
            await stage.press(key)
            await stage.until("RUNNING")
        for key in ("q", "n"):
            await stage.press(key)
            await stage.pilot.pause()
            beyond = {character for character in stage.text if not character.isascii()}
            assert beyond <= set("∂Σ²ηW₁₂₃")
            await stage.press("escape")
