import asyncio

import pytest
from textual import events

from tests.ui.screens.conftest import Open
from tui_dl.ui.screens.dialog import Dialog
from tui_dl.wire.commands import Evaluate, Step, Undo


async def test_a_committed_syllable_is_the_keys_that_made_it(on_stage: Open) -> None:
    async with on_stage() as stage:
        # 늪 is s, m, v: a batch, the next curve, an evaluation.
        stage.app.post_message(events.Key("늪", "늪"))
        await stage.until(lambda: stage.engine.given(Step) and stage.engine.given(Evaluate))


async def test_dialogs_answer_under_the_input_method_too(on_stage: Open) -> None:
    async with on_stage() as stage:
        await stage.press("ㅂ")
        await stage.until(lambda: isinstance(stage.app.screen, Dialog))
        await stage.press("ㅊ")
        await stage.until(lambda: stage.app.screen is stage.screen)


async def test_pasted_text_gives_no_commands(on_stage: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_stage() as stage:
        said: list[str] = []
        monkeypatch.setattr(stage.app, "notify", lambda message, **_: said.append(message))
        stage.app.post_message(events.Paste("s v s v"))
        await stage.until(lambda: said)
        assert not stage.engine.given(Step)
        # The same where the terminal does not mark what is pasted: one piece, faster than anybody types.
        stage.app.gates_keys = True
        for character in "space vs tabs, which is it":
            key = events.Key(character, character)
            key.time = 100.0
            stage.app.post_message(key)
        await stage.until(lambda: len(said) == 2)
        assert len(stage.engine.given(Step)) <= 1
        assert not stage.engine.given(Evaluate)


async def test_a_held_key_does_not_answer_the_dialog_that_it_opened(on_stage: Open) -> None:
    async with on_stage() as stage:
        stage.app.gates_keys = True
        opening = events.Key("question_mark", "?")
        opening.time = 0.0
        stage.app.post_message(opening)
        await stage.until(lambda: isinstance(stage.app.screen, Dialog))
        for place in range(1, 20):
            again = events.Key("question_mark", "?")
            again.time = 0.03 * place
            stage.app.post_message(again)
        await stage.pilot.pause()
        assert isinstance(stage.app.screen, Dialog)
        meant = events.Key("question_mark", "?")
        meant.time = 2.0
        stage.app.post_message(meant)
        await stage.until(lambda: stage.app.screen is stage.screen)


async def test_a_held_key_leaves_no_queue_of_commands(
    on_stage: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_stage() as stage:
        may_answer = asyncio.Event()
        asked: list[object] = []
        request = stage.engine.request

        async def slow(command: object) -> object:
            asked.append(command)
            await may_answer.wait()
            return await request(command)  # type: ignore[arg-type]

        monkeypatch.setattr(stage.engine, "request", slow)
        for _ in range(30):
            await stage.press("s")
        assert asked == [Step(1), Step(1)]
        may_answer.set()
        await stage.until(lambda: len(stage.engine.given(Step)) == 2)
        await stage.press("s")
        await stage.until(lambda: len(stage.engine.given(Step)) == 3)
        assert not stage.engine.given(Undo)
