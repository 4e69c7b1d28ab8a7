from typing import TypeVar

import pytest

from tests.ui.screens.conftest import Open, Stage
from tui_dl.ui.keys.keymap import DEFAULT_KEYMAP
from tui_dl.ui.panels.list_panel import ListPanel
from tui_dl.ui.screens.key_editor import KeyCapture, KeyEditor
from tui_dl.ui.screens.list_dialog import ListDialog
from tui_dl.ui.screens.prompt import TextPrompt
from tui_dl.ui.screens.settings import SettingsScreen
from tui_dl.ui.settings import Settings
from tui_dl.ui.settings_fields import setting_fields
from tui_dl.wire.commands import Evaluate, Step

Screen = TypeVar("Screen", bound=ListDialog)


async def _shown(stage: Stage, kind: type[Screen]) -> Screen:
    """Wait until such a list is in front and has its rows."""
    await stage.until(
        lambda: (
            isinstance(stage.app.screen, kind) and any(one.ids for one in stage.app.screen.query(ListPanel))
        )
    )
    screen = stage.app.screen
    assert isinstance(screen, kind)
    return screen


def _heard(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is said in notices from here on: without a terminal they are not painted."""
    said: list[str] = []
    monkeypatch.setattr(stage.app, "notify", lambda message, **_: said.append(message))
    return said


async def _open(stage: Stage, row: str = "") -> SettingsScreen:
    await stage.press("comma")
    screen = await _shown(stage, SettingsScreen)
    if row:
        screen.rows.choose(row)
    return screen


def test_every_setting_has_a_row_and_words() -> None:
    fields = {field.name: field for field in setting_fields()}
    assert fields.keys() == set(Settings.__struct_fields__) - {"version"}
    assert all(field.help for field in fields.values()), [
        name for name, one in fields.items() if not one.help
    ]


@pytest.mark.parametrize(("width", "height"), [(60, 20), (80, 24), (160, 48)])
async def test_rows_fit_and_explain_themselves(on_stage: Open, width: int, height: int) -> None:
    async with on_stage(width, height) as stage:
        screen = await _open(stage)
        for name in screen.rows.ids:
            screen.rows.choose(name)
            await stage.until(f"▸ {name.replace('_', ' ')}")


async def test_arrows_change_a_value_at_once_and_delete_gives_the_default_back(on_stage: Open) -> None:
    async with on_stage() as stage:
        await _open(stage, "bell")
        await stage.press("right")
        await stage.until(lambda: stage.app.settings.bell)
        await stage.press("delete")
        await stage.until(lambda: not stage.app.settings.bell)


async def test_a_number_is_written_and_what_it_cannot_be_is_said(on_stage: Open) -> None:
    async with on_stage() as stage:
        await _open(stage, "smoothing_steps")
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, TextPrompt))
        await stage.press("minus", "5", "enter")
        await stage.until("✗ Expected")
        assert stage.app.settings.smoothing_steps == Settings().smoothing_steps
        await stage.press("backspace", "backspace", "2", "5", "enter")
        await stage.until(lambda: stage.app.settings.smoothing_steps == 25.0)


@pytest.mark.parametrize("key", ["comma", "escape", "q"])
async def test_it_closes_by_the_key_that_opened_it(on_stage: Open, key: str) -> None:
    async with on_stage() as stage:
        await _open(stage)
        await stage.press(key)
        await stage.until(lambda: stage.app.screen is stage.screen)


async def test_a_key_is_pressed_for_an_action_and_holds_everywhere(
    on_stage: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_stage() as stage:
        said = _heard(stage, monkeypatch)
        await _open(stage, "keys")
        await stage.press("enter")
        editor = await _shown(stage, KeyEditor)
        editor.rows.choose("step")
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, KeyCapture))
        await stage.press("v")
        await stage.until(lambda: said == ["keys.step: v is the key of evaluate already; it stays s"])
        assert stage.app.settings.keys == {}
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, KeyCapture))
        await stage.press("f9")
        await stage.until(lambda: stage.app.settings.keys == {"step": "f9"})
        await stage.press("escape", "escape")
        await stage.until(lambda: stage.app.screen is stage.screen)
        await stage.until("f9 step")
        await stage.press("s", "f9")
        await stage.until(lambda: stage.engine.given(Step) == [Step(1)])


async def test_escape_takes_no_key_and_delete_gives_the_tables_back(on_stage: Open) -> None:
    async with on_stage() as stage:
        stage.app.change_settings(keys={"pause": "f9"})
        await stage.until("f9 pause")
        stage.app.push_screen(KeyEditor())
        editor = await _shown(stage, KeyEditor)
        editor.rows.choose("run")
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, KeyCapture))
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is editor)
        assert stage.app.settings.keys == {"pause": "f9"}
        await stage.press("delete")
        await stage.until(lambda: stage.app.keymap is DEFAULT_KEYMAP)


async def test_wrong_keys_in_the_file_are_said_and_the_rest_holds(
    on_stage: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_stage() as stage:
        said = _heard(stage, monkeypatch)
        stage.app.change_settings(keys={"stepp": "f9", "evaluate": "f8"})
        assert said == ["keys: there is no action stepp; did you mean step?"]
        await stage.press("f8")
        await stage.until(lambda: stage.engine.given(Evaluate))
