"""The view of the task on the run screen: what the engine is told to show, and which keys choose."""

import pytest

from tests.ui.panels.task_worlds import pictures, regions
from tests.ui.screens.conftest import Open, Stage
from tui_dl.wire.commands import Watch
from tui_dl.wire.messages import ReadingTaken


def last_watch(stage: Stage) -> Watch:
    watch = stage.engine.given(Watch)[-1]
    assert isinstance(watch, Watch)
    return watch


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 36), (160, 48)])
async def test_the_engine_is_told_which_sample_and_how_large_the_plane_is(
    on_stage: Open, width: int, height: int
) -> None:
    async with on_stage(width, height) as stage:
        await stage.press("5")
        stage.engine.post(ReadingTaken(0, 50, regions()))
        await stage.until("decision regions")
        await stage.until(lambda: last_watch(stage).grid[0] > 20)
        assert last_watch(stage).probes[0] == "task"
        assert last_watch(stage).sample is None
        await stage.press("down")
        await stage.until(lambda: last_watch(stage).sample == 10)
        await stage.press("k")
        await stage.until(lambda: last_watch(stage).sample == 11)
        before = last_watch(stage).grid
        await stage.pilot.resize_terminal(width + 10, height + 6)
        await stage.until(lambda: last_watch(stage).grid != before)
        await stage.press("escape")
        await stage.until(lambda: last_watch(stage).sample is None)


async def test_an_observer_chooses_too(on_stage: Open) -> None:
    async with on_stage(80, 24, controls=False) as stage:
        await stage.press("5")
        stage.engine.post(ReadingTaken(0, 50, pictures()))
        await stage.until("confusion")
        await stage.press("down")
        await stage.until(lambda: last_watch(stage).sample == 8)


async def test_enter_turns_the_page_and_escape_turns_it_back(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        await stage.press("5")
        stage.engine.post(ReadingTaken(0, 50, pictures()))
        await stage.until("confusion")
        await stage.press("enter")
        await stage.until("softmax")
        await stage.press("escape")
        await stage.until("confusion")


async def test_what_was_seen_stays_when_the_engine_is_lost(on_stage: Open) -> None:
    async with on_stage(120, 36) as stage:
        await stage.press("5")
        stage.engine.post(ReadingTaken(0, 50, pictures()))
        await stage.until("confusion")
        stage.engine.connect_errors.append(ConnectionResetError("gone"))
        stage.engine.drop()
        await stage.until("DISCONNECTED")
        assert "confusion" in stage.text


async def test_before_there_is_anything_to_see_it_says_so(on_stage: Open) -> None:
    async with on_stage(80, 24, silent=True) as stage:
        await stage.press("5")
        await stage.until("once the engine is up")
