"""One client's end of the server: what waits to be sent to it, in bounded memory however slow it reads."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, final

from tui_dl.history.intake import step_count
from tui_dl.wire.messages import EvaluationRecorded, Message, ReadingTaken, StatusChanged, StepsRecorded
from tui_dl.wire.snapshots import HistogramsRead, LayersRead, OptimizerRead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui_dl.wire.commands import Hello, Watch

Position = tuple[int, int]
"""(segment, step)."""

CHUNK_BYTES: Final = 128 * 1024
PAST_CHUNK_BYTES: Final = 48 * 1024
"""… of old readings: a screen takes 128 KiB of them in for longer than a key press may wait."""
QUEUE_LIMIT_BYTES: Final = 2 * 1024 * 1024
"""When so much waits, the client is behind: its steps are dropped here and come from the history."""
LAST_LIMIT_BYTES: Final = 64 * 1024 * 1024
"""When so much waits that can't be dropped, the client is given up."""
WITH_A_PAST: Final = frozenset(each.__name__ for each in (LayersRead, HistogramsRead, OptimizerRead))
"""Readings that are kept for those who come late: newer ones wait until these have been sent."""


class Past(Protocol):
    """Where a client that fell behind, or came late, is brought up to date from."""

    def history(self) -> bytes | None:
        """All of it in bounded size, as a frame; None while it is still being loaded."""

    def past_readings(self, chunk_bytes: int) -> Iterator[bytes]:
        """What the instruments have seen so far, as frames of about so many bytes."""

    def steps(self, gap: Gap) -> Iterator[tuple[bytes, Position]] | None:
        """Every step in a gap: frames and the position each reaches; None if the recording has stopped."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Steps that a client did not get, both ends among what it needs but `after`."""

    after: Position
    last: Position
    with_evaluations: bool = False


@dataclass(frozen=True, slots=True)
class _Steps:
    """A frame of steps and what it covers."""

    body: bytes
    after: Position
    last: Position


@final
class Connection:
    """Queues what a client is told and writes it as fast as the client reads.

    What happened is kept in order; of a status, and of each kind of reading, only the newest is.

    Args:
        number: the client's own.
        hello: what it said of itself.
        writer: its stream.
        past: where what it missed comes from.
    """

    def __init__(self, number: int, hello: Hello, writer: asyncio.StreamWriter, past: Past) -> None:
        self.number = number
        self.hello = hello
        self.watch: Watch | None = None
        self.is_closed = False
        self._writer = writer
        self._past = past
        self._queue: deque[bytes | _Steps | Gap] = deque()
        self._queued_bytes = 0
        self._newest: dict[str, bytes] = {}
        self._needs_history = hello.scalars == "bounded"
        self._needs_readings = hello.past_readings
        self._past_readings: Iterator[bytes] | None = None
        self._changed = asyncio.Event()
        self._idle = asyncio.Event()

    @property
    def wants_every_step(self) -> bool:
        """Whether no step may be missing in what it is sent."""
        return self.hello.scalars == "every_step"

    def put(self, message: Message, body: bytes) -> None:
        """Have a message sent; `body` is its frame, made once for all clients."""
        if self.is_closed:
            return
        match message:
            case StatusChanged():
                self._newest["status"] = body
            case ReadingTaken(reading=reading):
                self._newest[type(reading).__name__] = body
            case StepsRecorded():
                self._put_steps(message, body)
            case EvaluationRecorded() if self._needs_history:
                pass
            case _:
                self._append(body)
        self._wake()

    def put_past(self, gap: Gap) -> None:
        """Have all steps that were made before it came sent."""
        self._queue.append(gap)
        self._wake()

    def history_is_ready(self) -> None:
        """The history has been loaded: it may be sent now."""
        self._wake()

    async def write_on(self) -> None:
        """Write until closed. Raises OSError if the client has gone."""
        while not self.is_closed:
            await self._changed.wait()
            self._changed.clear()
            while (chunk := self._next_chunk()) is not None:
                self._writer.write(chunk)
                # Returns at once unless the client reads more slowly than this.
                await self._writer.drain()
            self._idle.set()

    async def flush(self, timeout_s: float) -> None:
        """Wait until all is written, but not for ever."""
        self._wake()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()

    def close(self) -> None:
        """Let go of the client, whatever still waits."""
        self.is_closed = True
        self._queue.clear()
        self._newest.clear()
        self._changed.set()
        self._writer.close()

    def abort(self) -> None:
        """Close without waiting for what the stream still holds."""
        self._writer.transport.abort()
        self.close()

    # -- inside ----------------------------------------------------------------------------------------

    def _wake(self) -> None:
        self._idle.clear()
        self._changed.set()

    def _append(self, entry: bytes | _Steps) -> None:
        self._queue.append(entry)
        self._queued_bytes += _size(entry)
        if self._queued_bytes > QUEUE_LIMIT_BYTES:
            self._drop_steps()
        if self._queued_bytes > LAST_LIMIT_BYTES:
            self.abort()

    def _put_steps(self, message: StepsRecorded, body: bytes) -> None:
        if self._needs_history:
            return
        segment, first = message.segment, message.first_step
        steps = _Steps(body, (segment, first - 1), (segment, first + step_count(message) - 1))
        behind = self._queue[-1] if self._queue else None
        if isinstance(behind, Gap):
            self._queue[-1] = Gap(behind.after, steps.last, behind.with_evaluations)
        else:
            self._append(steps)

    def _drop_steps(self) -> None:
        """Forget the steps that wait: they will be read back, from the history or from the database."""
        if not self.wants_every_step:
            self._needs_history = True
            self._queue = deque(entry for entry in self._queue if not isinstance(entry, _Steps))
        else:
            kept: deque[bytes | _Steps | Gap] = deque()
            for entry in self._queue:
                behind = kept[-1] if kept else None
                if not isinstance(entry, _Steps):
                    kept.append(entry)
                elif isinstance(behind, Gap):
                    kept[-1] = Gap(behind.after, entry.last, behind.with_evaluations)
                else:
                    kept.append(Gap(entry.after, entry.last))
            self._queue = kept
        self._queued_bytes = sum(_size(entry) for entry in self._queue)

    def _next_chunk(self) -> bytes | None:
        """What is to be written next; None if nothing is."""
        parts: list[bytes] = []
        size = 0
        while self._queue and size < CHUNK_BYTES:
            entry = self._queue.popleft()
            if isinstance(entry, Gap):
                read = self._read_gap(entry)
                if read is None:
                    break
                entry = read
            else:
                self._queued_bytes -= _size(entry)
            body = entry.body if isinstance(entry, _Steps) else entry
            parts.append(body)
            size += len(body)
        if not self._queue and not self.is_closed:
            parts += self._state_of_affairs() or self._next_readings()
        return b"".join(parts) or None

    def _state_of_affairs(self) -> list[bytes]:
        parts = []
        if self._needs_history:
            history = self._past.history()
            if history is not None:
                self._needs_history = False
                parts.append(history)
                if self._needs_readings:
                    self._needs_readings = False
                    self._past_readings = self._past.past_readings(PAST_CHUNK_BYTES)
        waiting = WITH_A_PAST if self._past_readings is not None else frozenset()
        parts += [body for name, body in self._newest.items() if name not in waiting]
        self._newest = {name: body for name, body in self._newest.items() if name in waiting}
        return parts

    def _next_readings(self) -> list[bytes]:
        """A piece of the readings so far, once nothing else is left to say: on a slow line it is much."""
        if self._past_readings is None:
            return []
        piece = next(self._past_readings, None)
        if piece is not None:
            return [piece]
        self._past_readings = None
        return self._state_of_affairs()

    def _read_gap(self, gap: Gap) -> bytes | None:
        """The first part of a gap; the rest goes back to the head of the queue."""
        found = self._past.steps(gap)
        if found is None:
            # The disk was full: what was not kept can't be sent, and leaving a hole would be a lie.
            self.abort()
            return None
        parts: list[bytes] = []
        size = 0
        position = gap.after
        for body, reached in found:
            parts.append(body)
            position = max(position, reached)
            size += len(body)
            if size >= CHUNK_BYTES:
                self._queue.appendleft(Gap(position, gap.last, gap.with_evaluations))
                break
        return b"".join(parts)


def _size(entry: bytes | _Steps | Gap) -> int:
    if isinstance(entry, bytes):
        return len(entry)
    return len(entry.body) if isinstance(entry, _Steps) else 0
