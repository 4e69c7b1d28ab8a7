"""A screen may go with commands that have not begun: nobody is told of that on the terminal."""

import gc
import inspect

from tests.ui.screens.conftest import Open


async def test_commands_that_were_cancelled_before_they_began_are_closed(on_stage: Open) -> None:
    begun: list[str] = []

    async def command() -> None:
        begun.append("it")

    given = [command() for _ in range(2)]
    async with on_stage() as stage:
        stage.screen.do(given[0])
        stage.screen.flows._start(given[1])
        stage.screen.workers.cancel_all()
        await stage.pilot.pause()
    assert begun == []
    assert [inspect.getcoroutinestate(one) for one in given] == [inspect.CORO_CLOSED] * 2
    # Warnings of coroutines that were never awaited come with their end, and fail the test.
    gc.collect()
