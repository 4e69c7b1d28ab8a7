"""A server with real sockets, and clients that listen well or badly, for the tests of serving."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tui_dl.client import EngineClient
from tui_dl.engine.serving.inbox import Inbox, Ticket
from tui_dl.engine.serving.record import Record
from tui_dl.engine.serving.server import Server
from tui_dl.runs import RunWriter
from tui_dl.wire.commands import Hello
from tui_dl.wire.framing import FrameSplitter, decode_message, frame
from tui_dl.wire.messages import PROTOCOL, AnyMessage, StepsRecorded

NAMES = ("loss", "lr", "grad_norm")


@dataclass
class Served:
    """A server that runs, with the two ends of the training thread's queues."""

    server: Server
    inbox: Inbox
    path: Path
    database: Path

    def publish_steps(self, first: int, count: int, segment: int = 0) -> None:
        values = np.stack([np.arange(first, first + count) * factor for factor in (1.0, 2.0, 3.0)])
        self.server.outbox.publish(StepsRecorded(segment, first, NAMES, values.astype("<f8").tobytes()))

    async def next_ticket(self, kind: type) -> Ticket:
        """Wait for a command of a kind, as the training thread would."""
        while True:
            while self.inbox.tickets:
                ticket = self.inbox.tickets.popleft()
                if isinstance(ticket.command, kind):
                    return ticket
            await asyncio.to_thread(self.inbox.wait, 5.0)


def serve(tmp_path: Path, *, owned: bool) -> Iterator[Served]:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    path = tmp_path / "engine.sock"
    listener.bind(str(path))
    listener.listen()
    inbox = Inbox()
    record = Record(RunWriter(tmp_path / "run.db"))
    server = Server(listener, inbox, record, run="a-run", owned=owned)
    server.start()
    server.open_record(record.load)
    yield Served(server, inbox, path, tmp_path / "run.db")
    server.close()


async def until(client: EngineClient, kind: type) -> AnyMessage:
    async for message in client.messages():
        if isinstance(message, kind):
            return message
    raise AssertionError(f"no {kind.__name__} came")


@asynccontextmanager
async def stalled(
    served: Served, scalars: str, *, past_readings: bool = False
) -> AsyncIterator[socket.socket]:
    """A client that has said hello and does not read."""
    raw = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    raw.connect(str(served.path))
    hello = Hello(PROTOCOL, "python", scalars=scalars, past_readings=past_readings)  # type: ignore[arg-type]
    raw.sendall(frame(hello))
    try:
        yield raw
    finally:
        raw.close()


def read_messages(
    raw: socket.socket, stop: type, before: bytes = b"", timeout_s: float = 20.0
) -> list[AnyMessage]:
    """What a client is told up to a message of a kind; `before` has been read already."""
    raw.settimeout(timeout_s)
    splitter, found = FrameSplitter(), []
    splitter.feed(before)
    while not any(isinstance(message, stop) for message in found):
        chunk = raw.recv(1 << 16)
        assert chunk, "the connection ended"
        found += [decode_message(body) for body in splitter.feed(chunk)]
    return found
