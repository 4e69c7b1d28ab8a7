import asyncio
import time

import pytest

from tests.ui.fake_engine import FakeEngine, status
from tui_dl.errors import ConnectionLost, EngineFailed
from tui_dl.ui import run_link
from tui_dl.ui.run_link import NotConnectedError, RunLink
from tui_dl.wire.commands import AnyCommand, Pause, Step, Stop
from tui_dl.wire.messages import Answered, AnyMessage, RunFailed, RunFinished, Welcomed


class Screen:
    """What a link tells: messages, and how it stands."""

    def __init__(self, engine: FakeEngine) -> None:
        self.messages: list[AnyMessage] = []
        self.links: list[tuple[str, str]] = []
        self.link = RunLink(engine.opening(), self.messages.append, lambda *told: self.links.append(told))
        self.task = asyncio.create_task(self.link.follow())

    async def until(self, states: int) -> None:
        while len(self.links) < states:
            await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def _no_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_link, "RETRY_DELAYS_S", (0.0,))


async def test_the_welcome_comes_first_then_what_is_posted() -> None:
    engine = FakeEngine()
    screen = Screen(engine)
    engine.post(status("running", 5), RunFinished("stopped", 5))
    engine.drop()
    await screen.task
    assert isinstance(screen.messages[0], Welcomed)
    assert len(screen.messages) == 3
    assert screen.links == [("closed", "")]
    assert engine.is_closed


async def test_a_dropped_line_is_taken_up_again() -> None:
    engine = FakeEngine()
    screen = Screen(engine)
    engine.drop(ConnectionLost("broken pipe"))
    await screen.until(1)
    engine.post(RunFinished("stopped", 9))
    engine.drop()
    await screen.task
    assert engine.connections == 2
    assert screen.links[0][0] == "lost"
    assert "broken pipe" in screen.links[0][1]
    assert screen.links[-1] == ("closed", "")


async def test_until_the_next_try_it_is_known_when_that_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_link, "RETRY_DELAYS_S", (60.0,))
    engine = FakeEngine()
    screen = Screen(engine)
    engine.drop(ConnectionLost("broken pipe"))
    before_s = time.monotonic()
    await screen.until(1)
    assert screen.link.retry_at_s is not None
    assert 0 < screen.link.retry_at_s - before_s <= 120
    screen.task.cancel()


async def test_a_command_without_an_answer_is_known_since_when() -> None:
    engine = FakeEngine()
    screen = Screen(engine)
    while not engine.connections:
        await asyncio.sleep(0)
    answered = asyncio.Event()

    async def slow(command: AnyCommand) -> Answered:
        await answered.wait()
        return Answered(1, 0)

    engine.request = slow  # type: ignore[method-assign]
    assert screen.link.asked_at_s is None
    steps = asyncio.create_task(screen.link.request(Step(100)))
    await asyncio.sleep(0)
    assert screen.link.asked_at_s is None
    pause = asyncio.create_task(screen.link.request(Pause()))
    await asyncio.sleep(0)
    assert screen.link.asked_at_s is not None
    answered.set()
    await asyncio.gather(steps, pause)
    assert screen.link.asked_at_s is None
    screen.task.cancel()


async def test_an_engine_that_is_gone_is_not_asked_again() -> None:
    engine = FakeEngine()
    screen = Screen(engine)
    engine.drop(ConnectionLost("gone"))
    engine.connect_errors = []
    await asyncio.sleep(0)
    engine.connect_errors = [EngineFailed("was killed by SIGKILL")]
    await screen.task
    assert screen.links[-1] == ("failed", "was killed by SIGKILL")
    assert engine.connections == 1


async def test_a_first_connection_that_fails_says_why() -> None:
    engine = FakeEngine()
    engine.connect_errors = [EngineFailed("no place for a socket")]
    screen = Screen(engine)
    await screen.task
    assert screen.links == [("failed", "no place for a socket")]


async def test_a_failed_engine_is_told_from_a_stopped_one() -> None:
    engine = FakeEngine()
    screen = Screen(engine)
    engine.post(RunFailed("CUDA out of memory", 3))
    engine.drop()
    await screen.task
    assert screen.links == [("failed", "CUDA out of memory")]


async def test_after_a_stop_the_end_of_the_line_is_no_loss() -> None:
    engine = FakeEngine()
    screen = Screen(engine)
    while not engine.connections:
        await asyncio.sleep(0)
    await screen.link.request(Stop())
    engine.drop(ConnectionLost("closed"))
    await screen.task
    assert screen.links == [("closed", "")]


async def test_without_a_connection_commands_and_plans_are_refused() -> None:
    link = RunLink(FakeEngine().opening(), lambda _: None, lambda *_: None)
    with pytest.raises(NotConnectedError, match="not connected"):
        await link.request(Pause())
    with pytest.raises(NotConnectedError):
        await link.plan({"optimizer.lr": 1.0})
