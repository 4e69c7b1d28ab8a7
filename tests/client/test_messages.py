import asyncio

import numpy as np
import pytest

from tests.client.peer import WELCOME, connected
from tui_dl.client import EngineClient
from tui_dl.client.backlog import Backlog
from tui_dl.errors import ConnectionLost, ProtocolError
from tui_dl.wire.messages import (
    AnyMessage,
    HistorySent,
    Noticed,
    ReadingTaken,
    RunFinished,
    StatusChanged,
    StepsRecorded,
)
from tui_dl.wire.snapshots import HistogramsRead, LayersRead


def steps(first: int, count: int = 1) -> StepsRecorded:
    return StepsRecorded(0, first, ("loss",), np.arange(first, first + count, dtype="<f8").tobytes())


def layers(step: int) -> ReadingTaken:
    return ReadingTaken(0, step, LayersRead(()))


def histograms(step: int) -> ReadingTaken:
    return ReadingTaken(0, step, HistogramsRead(()))


async def until_lost(client: EngineClient) -> list[AnyMessage]:
    received = []
    try:
        async for message in client.messages():
            received.append(message)  # noqa: PERF401 - those before the loss count
    except ConnectionLost:
        return received
    raise AssertionError("the connection ended well")


def kept(*messages: AnyMessage) -> list[AnyMessage]:
    backlog = Backlog()
    for message in messages:
        backlog.put(message)
    found = [backlog.take() for _ in range(len(backlog))]
    assert backlog.size_bytes == 0
    return found


def test_of_states_only_the_newest_is_kept_and_of_the_rest_all() -> None:
    status = [StatusChanged("running", step=step) for step in range(3)]
    assert kept(
        status[0],
        steps(1),
        layers(1),
        histograms(1),
        status[1],
        steps(2),
        Noticed("info", "x"),
        layers(2),
        status[2],
    ) == [steps(1), histograms(1), steps(2), Noticed("info", "x"), layers(2), status[2]]


def test_a_newer_history_holds_an_older_one_and_no_step_is_dropped() -> None:
    history = HistorySent({"a": 1})
    assert kept(steps(1), HistorySent({}), steps(2), history, steps(3)) == [
        steps(1),
        steps(2),
        history,
        steps(3),
    ]


async def test_messages_come_in_order_while_they_are_waited_for() -> None:
    async with connected() as (client, peer):
        messages = client.messages()
        for number in range(1, 4):
            waiting = asyncio.ensure_future(anext(messages))
            peer.say(steps(number))
            assert await waiting == steps(number)
        await messages.aclose()


async def test_the_newest_status_and_control_are_known_without_reading() -> None:
    async with connected() as (client, peer):
        peer.say(StatusChanged("running", step=4), type(WELCOME)(1, "a-run", 1, "0.1.0", controls=False))
        await peer.close()
        await client.wait_closed()
        assert client.status == StatusChanged("running", step=4)
        assert not client.controls


async def test_closing_ends_the_messages() -> None:
    async with connected() as (client, peer):
        peer.say(Noticed("info", "x"))
        messages = client.messages()
        assert await anext(messages) == Noticed("info", "x")
        waiting = asyncio.ensure_future(anext(messages))
        await client.close()
        with pytest.raises(StopAsyncIteration):
            await waiting
        with pytest.raises(ConnectionLost, match="closed"):
            await client.pause()


async def test_an_end_without_a_word_is_raised_after_the_last_message() -> None:
    async with connected() as (client, peer):
        peer.say(StatusChanged("running"), steps(1, 100))
        await peer.close()
        received = await until_lost(client)
        assert received == [StatusChanged("running"), steps(1, 100)]


@pytest.mark.parametrize(
    "last", [RunFinished("epochs", 9), StatusChanged("finished"), StatusChanged("failed")]
)
async def test_an_end_that_was_announced_is_no_error(last: AnyMessage) -> None:
    async with connected() as (client, peer):
        peer.say(last)
        await peer.close()
        assert [message async for message in client.messages()] == [last]


async def test_a_run_that_went_on_after_its_end_can_be_lost() -> None:
    async with connected() as (client, peer):
        peer.say(RunFinished("epochs", 9), StatusChanged("running"))
        await peer.close()
        with pytest.raises(ConnectionLost):
            _ = [message async for message in client.messages()]


async def test_garbage_is_raised_after_the_last_message() -> None:
    async with connected() as (client, peer):
        peer.say(steps(1), steps(2))
        messages = client.messages()
        assert await anext(messages) == steps(1)
        peer.writer.write(b"\xff\xff\xff\xff")
        assert await anext(messages) == steps(2)
        with pytest.raises(ProtocolError):
            await anext(messages)


async def test_a_consumer_that_stalls_stops_the_reading_but_no_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui_dl.client.engine_client._BACKLOG_LIMIT_BYTES", 100_000)
    count, width = 400, 1000
    async with connected() as (client, peer):
        for number in range(count):
            peer.say(steps(1 + number * width, width))
        # Three megabytes: the socket and the backlog are full, and the peer is kept waiting.
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(peer.writer.drain(), 0.2)
        assert client._backlog.size_bytes < count * width * 8 // 2
        pausing = asyncio.create_task(client.pause())
        request = await peer.request()
        peer.answer(request, 5)
        assert await pausing == 5
        await peer.close()
        received = await until_lost(client)
        assert received == [steps(1 + number * width, width) for number in range(count)]


async def test_a_client_that_nobody_reads_can_still_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_dl.client.engine_client._BACKLOG_LIMIT_BYTES", 1000)
    async with connected() as (client, peer):
        for number in range(50):
            peer.say(steps(1 + number * 1000, 1000))
        stopping = asyncio.create_task(client.stop())
        request = await peer.request()
        peer.answer(request)
        for number in range(50, 100):
            peer.say(steps(1 + number * 1000, 1000))
        await peer.close()
        await stopping
        assert len([message async for message in client.messages()]) == 100


async def test_the_last_words_are_heard_though_a_write_fails() -> None:
    async with connected() as (client, peer):
        peer.say(*[steps(1 + number * 1000, 1000) for number in range(10)], RunFinished("steps", 10_000))
        await peer.close()
        with pytest.raises(ConnectionLost):
            await client.pause()
        received = [message async for message in client.messages()]
        assert received[-1] == RunFinished("steps", 10_000)
        assert len(received) == 11


async def test_an_end_in_haste_is_an_end() -> None:
    """A process that dies with unread requests resets the connection; what it had said still comes."""
    async with connected() as (client, peer):
        peer.say(steps(1))
        tasks = [asyncio.create_task(client.pause()) for _ in range(3)]
        await asyncio.sleep(0)
        peer.writer.transport.abort()
        for task in tasks:
            with pytest.raises(ConnectionLost):
                await task
        assert await until_lost(client) == [steps(1)]
