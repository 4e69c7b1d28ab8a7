import pytest

from tests.ui.screens.conftest import Open, Stage
from tests.ui.screens.test_picker import Openings
from tui_dl.runs.folder import new_run
from tui_dl.runs.writer import RunWriter
from tui_dl.spec.catalogue import FAMILIES
from tui_dl.spec.preset import load_preset
from tui_dl.ui.keys.table import KEYS
from tui_dl.ui.panels.list_panel import ListPanel
from tui_dl.ui.screens.change_form import ChangeForm
from tui_dl.ui.screens.help import HelpScreen
from tui_dl.ui.screens.palette import Command, Palette
from tui_dl.wire.commands import ApplyChange, Step


def _found(stage: Stage) -> list[Command]:
    assert isinstance(stage.app.screen, Palette)
    return [command for command, _ in stage.app.screen._found]


def _known(stage: Stage) -> list[Command]:
    assert isinstance(stage.app.screen, Palette)
    return stage.app.screen._commands


def _labels(stage: Stage) -> list[str]:
    return [command.label for command in _found(stage)]


async def _find(stage: Stage, text: str) -> list[str]:
    await stage.press("colon")
    await stage.until(lambda: isinstance(stage.app.screen, Palette))
    await stage.press(*text)
    await stage.until(lambda: text in stage.text)
    return _labels(stage)


async def test_it_finds_every_action_with_its_key(on_stage: Open) -> None:
    async with on_stage() as stage:
        await _find(stage, "")
        commands = {command.label: command for command in _found(stage)}
        by_action = {entry.action: entry for entry in KEYS if entry.id != "palette"}
        labels = {action: {one.label for one in KEYS if one.action == action} for action in by_action}
        assert all(labels[action] & commands.keys() for action in by_action)
        assert commands["step"].key == "s"
        assert commands["pause"].is_possible
        assert "run" not in commands
        assert not commands["undo"].is_possible


async def test_it_finds_every_component_and_opens_the_form_with_it(on_stage: Open) -> None:
    async with on_stage() as stage:
        labels = await _find(stage, "rmsprop")
        assert labels[0] == "optimizer: rmsprop"
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, ChangeForm))
        await stage.until("momentum")
        await stage.press("enter")
        await stage.until(lambda: stage.engine.planned)
        assert stage.engine.planned[0][0] == {"optimizer": {"name": "rmsprop"}}
        assert not stage.engine.given(ApplyChange)


async def test_no_component_is_missing(on_stage: Open) -> None:
    async with on_stage() as stage:
        await _find(stage, "")
        offered = {
            command.label.removesuffix("  (runs now)").split()[-1]
            for command in _known(stage)
            if command.kind == "component"
        }
        names = {str(cls.__struct_config__.tag) for classes in FAMILIES.values() for cls in classes}
        assert names <= offered


async def test_what_is_chosen_is_done_after_it_has_closed(on_stage: Open) -> None:
    async with on_stage() as stage:
        await _find(stage, "step")
        await stage.press("enter")
        await stage.until(lambda: stage.engine.given(Step) == [Step(1)])
        assert stage.app.screen is stage.screen


async def test_what_cannot_be_done_now_says_so(on_stage: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_stage() as stage:
        said: list[str] = []
        monkeypatch.setattr(stage.app, "notify", lambda message, **_: said.append(message))
        assert (await _find(stage, "undo"))[0] == "undo"
        await stage.press("enter")
        await stage.until(lambda: said and said[0].startswith("Not now: undo. Take the last change back"))


async def test_the_same_key_and_escape_close_it(on_stage: Open) -> None:
    async with on_stage(60, 20) as stage:
        for key in ("ctrl+p", "escape"):
            await stage.press("ctrl+p")
            await stage.until(lambda: isinstance(stage.app.screen, Palette))
            await stage.press(key)
            await stage.until(lambda: stage.app.screen is stage.screen)


async def test_a_setting_holds_at_once(on_stage: Open) -> None:
    async with on_stage() as stage:
        await _find(stage, "bell: yes")
        await stage.press("enter")
        await stage.until(lambda: stage.app.settings.bell)


async def test_a_click_does_what_it_hits(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        await _find(stage, "help")
        await stage.pilot.click(ListPanel, offset=(5, 0))
        await stage.until(lambda: isinstance(stage.app.screen, HelpScreen))


async def test_presets_and_runs_are_found_and_this_run_is_left_first(on_stage: Open) -> None:
    folder = new_run(load_preset("digits-mlp"), "digits-mlp")
    with RunWriter(folder.database_path) as writer:
        writer.set_state("finished", reason="stopped")
    async with on_stage() as stage:
        openings = Openings()
        stage.app.openings = openings
        labels = await _find(stage, "outl")
        assert labels[0] == "outliers"
        await stage.press("enter")
        await stage.until("Detach")
        assert openings.asked == []
        await stage.press("d")
        await stage.until(lambda: openings.asked == [("start", "outliers")])
        await stage.until(lambda: stage.app.screen is not stage.screen)
        await stage.press("colon")
        await stage.until(lambda: isinstance(stage.app.screen, Palette))
        await stage.press(*"digits-mlp")
        await stage.until(lambda: folder.id in _labels(stage))
