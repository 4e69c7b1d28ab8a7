"""The server with real sockets: handshakes, several clients, one that stalls, and garbage."""

import asyncio
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.engine.serving.served import NAMES, Served, read_messages, serve, stalled, until
from tui_dl.client import EngineClient, connect_unix
from tui_dl.engine.serving.connection import QUEUE_LIMIT_BYTES
from tui_dl.engine.serving.inbox import Abandoned, ScreenAttached, Watched
from tui_dl.errors import ProtocolError, TuiDlError
from tui_dl.history.store import SeriesStore
from tui_dl.runs import RunReader
from tui_dl.wire.commands import Hello, Pause, Request, Run, Stop, TakeControl, Watch
from tui_dl.wire.framing import FrameSplitter, decode_message, frame
from tui_dl.wire.messages import (
    PROTOCOL,
    Answered,
    ChangeUndone,
    HistorySent,
    Noticed,
    RunFinished,
    StatusChanged,
    StepsRecorded,
    Welcomed,
)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    yield from serve(tmp_path, owned=False)


async def steps_of(client: EngineClient, last: int) -> list[int]:
    """The steps a client is sent, up to one."""
    seen: list[int] = []
    async for message in client.messages():
        if isinstance(message, StepsRecorded):
            count = len(message.columns) // 8 // len(message.names)
            values = np.frombuffer(message.columns, dtype="<f8").reshape(len(message.names), count)
            loss = values[message.names.index("loss")]
            assert loss.tolist() == list(range(message.first_step, message.first_step + count))
            seen += range(message.first_step, message.first_step + count)
            if seen[-1] >= last:
                return seen
    raise AssertionError("the connection ended")


async def test_serves_before_torch_is_there_and_tells_so(served: Served) -> None:
    async with await connect_unix(served.path, client="ui") as client:
        assert client.welcome.run == "a-run"
        assert client.controls
        status = await until(client, StatusChanged)
        assert isinstance(status, StatusChanged)
        assert (status.state, status.detail) == ("starting", "loading torch")
        await served.next_ticket(ScreenAttached)
        assert served.server.first_client.is_set()


def test_importing_the_server_loads_no_torch() -> None:
    code = (
        "import sys, tui_dl.engine.serving.server, tui_dl.engine.__main__; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_another_protocol_is_refused_with_words(served: Served) -> None:
    reader, writer = await asyncio.open_unix_connection(served.path)
    writer.write(frame(Hello(PROTOCOL + 1, "python")))
    splitter = FrameSplitter()
    bodies: list[bytes] = []
    while chunk := await reader.read(4096):
        bodies += splitter.feed(chunk)
    welcomed = decode_message(bodies[0])
    assert isinstance(welcomed, Welcomed)
    assert str(PROTOCOL) in welcomed.refused
    assert str(PROTOCOL + 1) in welcomed.refused
    writer.close()


async def test_one_controls_and_another_may_take_over(served: Served) -> None:
    async with (
        await connect_unix(served.path) as first,
        await connect_unix(served.path) as second,
    ):
        assert first.controls
        assert not second.controls
        with pytest.raises(TuiDlError, match="only watches"):
            await second.request(Run())
        await second.request(TakeControl())
        await until(second, Welcomed)
        assert second.controls
        asking = asyncio.create_task(second.request(Pause()))
        ticket = await served.next_ticket(Pause)
        served.server.outbox.reply(ticket.client, Answered(ticket.request, 7))
        assert (await asking).step == 7
        with pytest.raises(TuiDlError, match="only watches"):
            await first.request(Run())
        assert not first.controls


async def test_control_goes_to_whoever_is_left(served: Served) -> None:
    first = await connect_unix(served.path)
    async with await connect_unix(served.path) as second:
        assert not second.controls
        await first.close()
        while not second.controls:
            await until(second, Welcomed)


async def test_what_is_watched_is_the_union_and_nothing_without_clients(served: Served) -> None:
    async with await connect_unix(served.path) as first:
        await first.request(Watch(["layers"], 5.0))
        await served.next_ticket(Watched)
        async with await connect_unix(served.path, control=False) as second:
            await second.request(Watch(["task", "layers"], 10.0))
            ticket = await served.next_ticket(Watched)
            assert ticket.command == Watched(("layers", "task"), 10.0, "")
        ticket = await served.next_ticket(Watched)
        assert ticket.command == Watched(("layers",), 5.0, "")
    ticket = await served.next_ticket(Watched)
    assert ticket.command == Watched((), 0.0, "")
    await served.next_ticket(Abandoned)


async def test_every_step_reaches_a_client_that_came_late(served: Served) -> None:
    for first in range(1, 5001, 100):
        served.publish_steps(first, 100)
    async with await connect_unix(served.path, scalars="every_step") as client:
        reading = asyncio.create_task(steps_of(client, 6000))
        for first in range(5001, 6001, 10):
            served.publish_steps(first, 10)
        assert await reading == list(range(1, 6001))


async def test_a_bounded_client_gets_the_past_as_one_history(served: Served) -> None:
    served.publish_steps(1, 300)
    served.server.outbox.publish(ChangeUndone(1, 200, 0, 300, "lr 0.1 → 1"))
    served.publish_steps(201, 50, segment=1)
    served.server.commit()
    async with await connect_unix(served.path) as client:
        history = await until(client, HistorySent)
        assert isinstance(history, HistorySent)
        store = SeriesStore.from_state(history.state)
        assert store.last_step("train.loss") == 250
        assert store.branches == {1: (0, 200)}
    with RunReader(served.database) as reader:
        assert reader.segments()[1] == (1, 0, 200)
        assert reader.last_position() == (1, 250)


@pytest.mark.parametrize("scalars", ["every_step", "bounded"])
async def test_a_stalled_client_costs_the_others_nothing_and_is_caught_up(
    served: Served, scalars: str
) -> None:
    per_message, messages = 500, 4 * QUEUE_LIMIT_BYTES // (500 * 8 * len(NAMES))
    total = per_message * messages
    async with stalled(served, scalars) as raw:
        async with await connect_unix(served.path, scalars="every_step") as healthy:
            reading = asyncio.create_task(steps_of(healthy, total))
            for number in range(messages):
                served.publish_steps(number * per_message + 1, per_message)
                await asyncio.sleep(0)
            assert await reading == list(range(1, total + 1))
        served.server.outbox.publish(RunFinished("steps", total))
        served.server.commit()
        backlog = sum(each._queued_bytes for each in served.server._connections.values())
        assert backlog <= QUEUE_LIMIT_BYTES
        served.server.outbox.publish(Noticed("info", "and now it reads"))
        if scalars == "every_step":
            messages_read = await asyncio.to_thread(read_messages, raw, Noticed)
            got = [
                step
                for message in messages_read
                if isinstance(message, StepsRecorded)
                for step in range(
                    message.first_step,
                    message.first_step + len(message.columns) // 8 // len(message.names),
                )
            ]
            assert got == list(range(1, total + 1))
        else:
            messages_read = await asyncio.to_thread(read_until_caught_up, raw, total)
            assert messages_read == total


def read_until_caught_up(raw: socket.socket, total: int) -> int:
    """The last step of the last history that a bounded client was sent."""
    raw.settimeout(20.0)
    splitter, last = FrameSplitter(), 0
    while last < total:
        chunk = raw.recv(1 << 16)
        assert chunk, "the connection ended"
        for message in map(decode_message, splitter.feed(chunk)):
            if isinstance(message, HistorySent) and message.state["segments"]:
                last = SeriesStore.from_state(message.state).last_step("train.loss")
    return last


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        struct.pack(">I", 0xFFFFFFFF),
        struct.pack(">I", 3) + b"\x00\x01\x02",
        frame(Hello(PROTOCOL, "python")) + struct.pack(">I", 5) + b"\xff\xff\xff\xff\xff",
        frame(Hello(PROTOCOL, "python")) + frame(Hello(PROTOCOL, "python")),
        frame(Request(1, Pause()))[:9],
        b"",
    ],
    ids=["http", "huge", "not-msgpack", "garbage-after-hello", "two-hellos", "half", "nothing"],
)
async def test_garbage_closes_that_client_alone(served: Served, garbage: bytes) -> None:
    async with await connect_unix(served.path) as healthy:
        raw = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        raw.connect(str(served.path))
        raw.sendall(garbage)
        raw.shutdown(socket.SHUT_WR)
        raw.settimeout(10.0)
        while await asyncio.to_thread(raw.recv, 1 << 16):
            pass
        raw.close()
        served.server.outbox.publish(Noticed("info", "still here"))
        assert await until(healthy, Noticed) == Noticed("info", "still here")


async def test_a_client_that_is_no_engine_client_gets_a_protocol_error(tmp_path: Path) -> None:
    path = tmp_path / "other.sock"

    async def chat(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(struct.pack(">I", 4) + b"oops")
        writer.close()

    server = await asyncio.start_unix_server(chat, path)
    with pytest.raises(ProtocolError):
        await connect_unix(path)
    server.close()


async def test_what_a_view_shows_is_the_controlling_ones_and_large_enough_for_all(served: Served) -> None:
    async with await connect_unix(served.path) as first:
        await first.request(Watch(["task"], 5.0, grid=(100, 20)))
        await served.next_ticket(Watched)
        async with await connect_unix(served.path, control=False) as second:
            await second.request(Watch(["task"], 5.0, sample=4, grid=(60, 80)))
            ticket = await served.next_ticket(Watched)
            assert ticket.command == Watched(("task",), 5.0, "", 4, (100, 80))
            await first.request(Watch(["task"], 5.0, sample=7))
            ticket = await served.next_ticket(Watched)
            assert ticket.command == Watched(("task",), 5.0, "", 7, (60, 80))


async def test_a_plane_reaches_as_far_as_all_that_look_need(served: Served) -> None:
    async with await connect_unix(served.path) as first:
        await first.request(Watch(["loss_surface"], 5.0, reach=(0.0, 2.0, -1.0, 1.0)))
        ticket = await served.next_ticket(Watched)
        assert ticket.command == Watched(("loss_surface",), 5.0, "", reach=(0.0, 2.0, -1.0, 1.0))
        async with await connect_unix(served.path, control=False) as second:
            await second.request(Watch(["loss_surface"], 5.0, reach=(-3.0, 1.0, -0.5, 4.0)))
            ticket = await served.next_ticket(Watched)
            assert ticket.command == Watched(("loss_surface",), 5.0, "", reach=(-3.0, 2.0, -1.0, 4.0))


async def test_the_background_is_measured_while_somebody_is_there_who_wants_it(served: Served) -> None:
    async with await connect_unix(served.path) as first:
        await first.request(Watch(["task"], 5.0))
        assert (await served.next_ticket(Watched)).command == Watched(("task",), 5.0, "")
        async with await connect_unix(served.path, control=False) as second:
            await second.request(Watch([], 5.0, background=["layers", "task"]))
            ticket = await served.next_ticket(Watched)
            assert ticket.command == Watched(("task",), 5.0, "", background=("layers", "task"))
        assert (await served.next_ticket(Watched)).command == Watched(("task",), 5.0, "")


@pytest.mark.parametrize("keep", [True, False])
async def test_an_owner_that_goes_takes_the_run_along(served: Served, keep: bool) -> None:
    client = await connect_unix(served.path, owner=True, keep=keep)
    await client.close()
    ticket = await served.next_ticket(Stop)
    assert ticket.command == Stop("interrupted", keep=keep)


async def test_what_was_said_last_is_delivered_before_the_end(served: Served) -> None:
    async with await connect_unix(served.path, scalars="every_step") as client:
        served.publish_steps(1, 1000)
        served.server.outbox.publish(RunFinished("epochs", 1000, "somewhere"))
        served.server.outbox.publish(StatusChanged("finished", step=1000))
        await asyncio.to_thread(served.server.close)
        assert await steps_of(client, 1000) == list(range(1, 1001))
        assert isinstance(await until(client, RunFinished), RunFinished)
    with RunReader(served.database) as reader:
        assert reader.meta()["state"] == "finished"
        assert reader.meta()["reason"] == "epochs"


async def test_a_full_disk_stops_the_recording_with_a_notice(served: Served) -> None:
    async with await connect_unix(served.path, scalars="every_step") as client:
        served.publish_steps(1, 10)
        served.server.commit()
        writer = served.server._record._writer
        assert writer is not None
        writer._connection.execute("PRAGMA max_page_count = 1")
        served.publish_steps(11, 20000)
        notice = await until(client, Noticed)
        assert isinstance(notice, Noticed)
        assert "recording stopped" in notice.text
        assert "training goes on" in notice.text
        status = await until(client, StatusChanged)
        assert isinstance(status, StatusChanged)
        assert "recording stopped" in status.notice
        served.publish_steps(20011, 5)
        assert (await steps_of(client, 20015))[-1] == 20015
