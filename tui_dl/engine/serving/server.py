"""The I/O thread: clients on a socket, who controls, what each is told; and the run's record. Never torch."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import threading
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Final, final

import msgspec

import tui_dl
from tui_dl.engine.serving.connection import Connection, Gap
from tui_dl.engine.serving.inbox import Abandoned, Inbox, ScreenAttached, Ticket, Watched
from tui_dl.engine.serving.outbox import Outbox, ToAll, ToDatabase, ToOne
from tui_dl.errors import ProtocolError
from tui_dl.runs import BEFORE_ALL, COMMIT_EVERY_S
from tui_dl.wire.commands import Command, Hello, ProbeName, Request, Stop, TakeControl, Watch
from tui_dl.wire.framing import FrameSplitter, decode_hello, decode_request, frame
from tui_dl.wire.messages import (
    PROTOCOL,
    Answered,
    Message,
    Noticed,
    ReadingTaken,
    RunDescribed,
    RunFailed,
    RunFinished,
    StatusChanged,
    Welcomed,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable

    from tui_dl.engine.serving.record import Record

HELLO_PATIENCE_S: Final = 30.0
OWNER_PATIENCE_S: Final = 60.0
FAREWELL_S: Final = 2.0
READ_BYTES: Final = 64 * 1024
WRITE_AHEAD_BYTES: Final = 64 * 1024


@final
class Server:
    """Serves clients from a thread of its own. All but the constructor's arguments belong to that thread.

    Args:
        listener: a listening stream socket.
        inbox: where clients' commands go.
        record: the run's history and database.
        run: the run's name.
        owned: the run ends if no owner comes, and when the owner goes.
    """

    def __init__(
        self, listener: socket.socket, inbox: Inbox, record: Record, *, run: str = "", owned: bool = False
    ) -> None:
        self.outbox = Outbox(self._wake)
        self.first_client = threading.Event()
        """Set once somebody has introduced themselves."""
        self._listener = listener
        self._inbox = inbox
        self._record = record
        self._run = run
        self._owned = owned
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._work, name="server", daemon=True)
        self._up = threading.Event()
        self._connections: dict[int, Connection] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_number = 0
        self._controlling: Connection | None = None
        self._status = StatusChanged(state="starting", detail="loading torch")
        self._described: RunDescribed | None = None
        self._ended: RunFinished | RunFailed | None = None
        self._closing = asyncio.Event()

    # -- from other threads ----------------------------------------------------------------------------

    def start(self) -> None:
        """Serve from here on; returns once connections are accepted."""
        self._thread.start()
        self._up.wait()

    def open_record(self, opening: Callable[[], None]) -> None:
        """Have the record opened by this thread, and wait for it: whoever came early gets the history now."""

        async def open_now() -> None:
            opening()
            for connection in self._connections.values():
                connection.history_is_ready()

        asyncio.run_coroutine_threadsafe(open_now(), self._loop).result()

    def commit(self, timeout_s: float = 5.0) -> None:
        """Have all that was said so far written to the database, and wait for it."""
        with suppress(TimeoutError, RuntimeError):
            asyncio.run_coroutine_threadsafe(self._commit_now(), self._loop).result(timeout_s)

    def close(self) -> None:
        """Deliver what was said to whoever listens, write the record, and end the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._closing.set)
            self._thread.join()

    def _wake(self) -> None:
        with suppress(RuntimeError):  # after the end nobody listens
            self._loop.call_soon_threadsafe(self._deliver)

    # -- life of the thread ----------------------------------------------------------------------------

    def _work(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except Exception:  # noqa: BLE001 - an edge of the process: the training goes on, the log says why
            traceback.print_exc(file=sys.stderr)
        finally:
            self._up.set()
            self._loop.close()

    async def _serve(self) -> None:
        self._listener.setblocking(False)
        server = await asyncio.start_unix_server(self._accept, sock=self._listener)
        committing = asyncio.create_task(self._commit_on())
        if self._owned:
            self._loop.call_later(OWNER_PATIENCE_S, self._miss_owner)
        self._deliver()
        self._up.set()
        await self._closing.wait()
        self._deliver()
        server.close()
        committing.cancel()
        await asyncio.gather(*(each.flush(FAREWELL_S) for each in self._connections.values()))
        self._record.close()
        for connection in list(self._connections.values()):
            connection.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(committing, *self._tasks, return_exceptions=True)

    async def _commit_on(self) -> None:
        while True:
            await asyncio.sleep(COMMIT_EVERY_S)
            self._commit()

    async def _commit_now(self) -> None:
        self._deliver()
        self._commit()

    def _commit(self) -> None:
        problem = self._record.commit()
        if problem:
            self._send_all(Noticed("warning", problem))
            self._send_all(self._noticed(self._status))

    # -- from the training thread ------------------------------------------------------------------------

    def _deliver(self) -> None:
        for report in self.outbox.take():
            match report:
                case ToAll(message):
                    self._take(message)
                case ToOne(client, message):
                    connection = self._connections.get(client)
                    if connection is not None:
                        connection.put(message, frame(message))
                case ToDatabase(event):
                    self._record.add_event(event)

    def _take(self, message: Message) -> None:
        self._record.take(message)
        match message:
            case StatusChanged():
                message = self._status = self._noticed(message)
                if message.state == "running":
                    self._ended = None
            case RunDescribed():
                self._described = message
            case RunFinished() | RunFailed():
                self._ended = message
                if not self._connections:
                    self._inbox.post(Ticket(Abandoned()))
            case _:
                pass
        if isinstance(message, ReadingTaken):
            body = frame(message)
            self._record.take_reading(message, body)
            self._send_all(message, body)
        else:
            self._send_all(message)

    def _send_all(self, message: Message, body: bytes = b"") -> None:
        if not self._connections:
            return
        body = body or frame(message)
        for connection in list(self._connections.values()):
            connection.put(message, body)

    def _noticed(self, status: StatusChanged) -> StatusChanged:
        notice = self._record.notice
        return msgspec.structs.replace(status, notice=notice) if notice else status

    # -- clients -----------------------------------------------------------------------------------------

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._attend(reader, writer)
        except (OSError, ProtocolError, TimeoutError, asyncio.CancelledError):
            # A client that went away or does not speak the protocol is its own affair.
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client from its first frame to its last."""
        splitter = FrameSplitter()
        bodies: list[bytes] = []
        async with asyncio.timeout(HELLO_PATIENCE_S):
            while not bodies:
                chunk = await reader.read(READ_BYTES)
                if not chunk:
                    return
                bodies = splitter.feed(chunk)
        hello = decode_hello(bodies[0])
        if hello.protocol != PROTOCOL:
            await self._refuse(hello, writer)
            return
        writer.transport.set_write_buffer_limits(high=WRITE_AHEAD_BYTES)
        connection = self._welcome(hello, writer)
        writing = asyncio.create_task(connection.write_on())
        writing.add_done_callback(lambda done: _hang_up(done, connection))
        try:
            for body in bodies[1:]:
                self._ask(connection, decode_request(body))
            while not connection.is_closed and (chunk := await reader.read(READ_BYTES)):
                for body in splitter.feed(chunk):
                    self._ask(connection, decode_request(body))
        finally:
            self._part(connection)
            writing.cancel()

    async def _refuse(self, hello: Hello, writer: asyncio.StreamWriter) -> None:
        reason = (
            f"the engine (tui-dl {tui_dl.__version__}) speaks protocol {PROTOCOL}, this client "
            f"{hello.protocol}: attach with the version that started it"
        )
        writer.write(frame(self._welcomed(controls=False, refused=reason)))
        await writer.drain()

    def _welcome(self, hello: Hello, writer: asyncio.StreamWriter) -> Connection:
        self._last_number += 1
        connection = Connection(self._last_number, hello, writer, self._record)
        self._connections[connection.number] = connection
        if hello.control and self._controlling is None:
            self._controlling = connection
        greetings: list[Message] = [self._welcomed(controls=self._controlling is connection)]
        if self._described is not None:
            greetings.append(self._described)
        greetings.append(self._status)
        for message in greetings:
            connection.put(message, frame(message))
        if connection.wants_every_step:
            connection.put_past(Gap(BEFORE_ALL, self._record.position, with_evaluations=True))
        if self._ended is not None:
            connection.put(self._ended, frame(self._ended))
        if hello.client == "ui":
            self._inbox.post(Ticket(ScreenAttached()))
        self.first_client.set()
        return connection

    def _part(self, connection: Connection) -> None:
        """A client is gone."""
        connection.close()
        self._connections.pop(connection.number, None)
        if self._closing.is_set():
            return
        if connection.hello.owner:
            self._inbox.post(Ticket(Stop("interrupted", connection.hello.keep)))
        if self._controlling is connection:
            self._controlling = None
            willing = [each for each in self._connections.values() if each.hello.control]
            if willing:
                self._grant(willing[0])
        self._watch_together()
        if not self._connections:
            self._inbox.post(Ticket(Abandoned()))

    def _ask(self, connection: Connection, request: Request) -> None:
        """A command has come."""
        command: Command = request.command
        error = ""
        if isinstance(command, Watch):
            connection.watch = command
            self._watch_together()
        elif isinstance(command, TakeControl):
            self._grant(connection)
        elif isinstance(self._ended, RunFailed):
            error = self._ended.error
        elif self._controlling is not connection:
            error = "this client only watches: another one controls the run; take control first"
            if self._controlling is None:
                error = "this client only watches; take control first"
        else:
            self._inbox.post(Ticket(request.command, connection.number, request.id))
            return
        answered = Answered(request.id, self._status.step, error)
        connection.put(answered, frame(answered))

    def _grant(self, connection: Connection) -> None:
        """From here on this client controls; both it and the one before are told."""
        before, self._controlling = self._controlling, connection
        for each in (before, connection):
            if each is not None and each.number in self._connections and before is not connection:
                welcomed = self._welcomed(controls=each is connection)
                each.put(welcomed, frame(welcomed))

    def _watch_together(self) -> None:
        """What is measured is what all clients show together, the controlling one's first."""
        controlling = self._controlling
        connections = sorted(self._connections.values(), key=lambda each: each is not controlling)
        watches = [each.watch for each in connections if each.watch is not None]
        probes = tuple(_distinct(probe for watch in watches for probe in watch.probes))
        background = tuple(_distinct(probe for watch in watches for probe in watch.background))
        rate_hz = max((watch.rate_hz for watch in watches), default=0.0)
        layer = watches[0].layer if watches else ""
        sample = next((watch.sample for watch in watches if watch.sample is not None), None)
        # Whoever shows it smaller thins it out.
        columns = max((watch.grid[0] for watch in watches), default=0)
        rows = max((watch.grid[1] for watch in watches), default=0)
        reach = _together(watch.reach for watch in watches if watch.reach)
        self._inbox.post(Ticket(Watched(probes, rate_hz, layer, sample, (columns, rows), background, reach)))

    def _miss_owner(self) -> None:
        if not any(each.hello.owner for each in self._connections.values()) and self._last_number == 0:
            self._inbox.post(Ticket(Stop("interrupted")))

    def _welcomed(self, *, controls: bool, refused: str = "") -> Welcomed:
        return Welcomed(PROTOCOL, self._run, os.getpid(), tui_dl.__version__, controls, refused)


def _distinct(names: Iterable[ProbeName]) -> Iterable[ProbeName]:
    return dict.fromkeys(names)


def _together(reaches: Iterable[tuple[float, ...]]) -> tuple[float, ...]:
    """What holds all of them: lowest and highest in turn; empty without any."""
    ends = (max if place % 2 else min for place in itertools.count())
    return tuple(end(values) for end, values in zip(ends, zip(*reaches, strict=True), strict=False))


def _hang_up(writing: asyncio.Task[None], connection: Connection) -> None:
    """Writing has ended: the client has gone, or something of ours is broken and the log should say so."""
    if not writing.cancelled() and (error := writing.exception()) is not None:
        if not isinstance(error, OSError):
            traceback.print_exception(error, file=sys.stderr)
        connection.abort()
