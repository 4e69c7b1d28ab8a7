"""A client that comes late is told what the instruments have seen so far."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.serving.served import Served, read_messages, serve, stalled, until
from tests.ui.fake_engine import described
from tui_dl.client import EngineClient, connect_unix
from tui_dl.wire.messages import (
    AnyMessage,
    ChangeUndone,
    HistorySent,
    PastReadings,
    ReadingTaken,
    StepsRecorded,
)
from tui_dl.wire.snapshots import Histogram, HistogramsRead, LayerReading, LayersRead


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    yield from serve(tmp_path, owned=False)


def _histogram(bins: int = 40) -> HistogramsRead:
    return HistogramsRead((Histogram("layers.0", "weights", -1.0, 1.0, (3,) * bins, 3 * bins, 0, 0),))


async def _told_until_the_next_reading(client: EngineClient, step: int) -> list[AnyMessage]:
    """All that a client is told up to a reading of this step."""
    told: list[AnyMessage] = []
    async for message in client.messages():
        told.append(message)
        if isinstance(message, ReadingTaken) and message.step == step:
            return told
    raise AssertionError("the connection ended")


async def test_a_client_that_asks_gets_the_readings_so_far_behind_the_history(served: Served) -> None:
    outbox = served.server.outbox
    served.publish_steps(1, 300)
    for step in range(10, 301, 10):
        outbox.publish(ReadingTaken(0, step, _histogram()))
        outbox.publish(ReadingTaken(0, step, LayersRead((LayerReading("layers.0", 1.0),))))
    outbox.publish(ChangeUndone(1, 200, 0, 300, "lr 0.1 → 1"))
    served.publish_steps(201, 50, segment=1)
    outbox.publish(ReadingTaken(1, 230, _histogram()))
    served.server.commit()
    async with (
        await connect_unix(served.path, past_readings=True) as asks,
        await connect_unix(served.path) as does_not,
    ):
        await until(asks, HistorySent)
        await until(does_not, HistorySent)
        outbox.publish(ReadingTaken(1, 240, _histogram()))
        told = await _told_until_the_next_reading(asks, 240)
        pieces = [message for message in told if isinstance(message, PastReadings)]
        past = [one for piece in pieces for one in piece.readings]
        assert [piece.is_first for piece in pieces] == [True, *(False for _ in pieces[1:])]
        seen = [(one.segment, one.step) for one in past if isinstance(one.reading, HistogramsRead)]
        assert seen[:21] == [*((0, step) for step in range(10, 201, 10)), (1, 230)]
        assert seen[21:] in ([], [(1, 240)])
        assert sum(isinstance(one.reading, LayersRead) for one in past) == 20
        told = await _told_until_the_next_reading(does_not, 240)
        assert not any(isinstance(message, PastReadings) for message in told)


async def test_readings_of_another_model_are_not_sent(served: Served) -> None:
    outbox = served.server.outbox
    for count in (3, 2):
        outbox.publish(described(layers=count))
        outbox.publish(ReadingTaken(0, 100 * count, _histogram()))
    served.server.commit()
    async with await connect_unix(served.path, past_readings=True) as client:
        past = await until(client, PastReadings)
        assert isinstance(past, PastReadings)
        assert [one.step for one in past.readings] == [200]


async def test_one_that_reads_slowly_gets_steps_before_old_readings_and_new_readings_after_them(
    served: Served,
) -> None:
    outbox = served.server.outbox
    served.publish_steps(1, 10)
    # More than a socket holds, so that some of it still waits when more is said.
    for step in range(1, 200):
        outbox.publish(ReadingTaken(0, step, _histogram(bins=20_000)))
    served.server.commit()
    async with stalled(served, "bounded", past_readings=True) as raw:
        raw.settimeout(20.0)
        first: bytes = await asyncio.to_thread(raw.recv, 1)
        outbox.publish(ReadingTaken(0, 200, _histogram()))
        served.publish_steps(11, 5)
        served.server.commit()
        told = await asyncio.to_thread(read_messages, raw, ReadingTaken, first)
    kinds = [type(message) for message in told]
    assert kinds.index(StepsRecorded) < len(kinds) - 1 - kinds[::-1].index(PastReadings)
    assert kinds.count(ReadingTaken) == 1
    assert kinds[-1] is ReadingTaken
    past = [one.step for message in told if isinstance(message, PastReadings) for one in message.readings]
    assert past[0] == 1
    assert past == sorted(past)
