"""What the training thread says, on its way to the I/O thread; the training thread never waits for it."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, final

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_dl.wire.messages import Message, RecordedEvent


class Sink(Protocol):
    """Where a session's reports go. Every method returns at once."""

    def publish(self, message: Message) -> None:
        """Say something to everybody."""

    def reply(self, client: int, message: Message) -> None:
        """Say something to one client alone."""

    def record(self, event: RecordedEvent) -> None:
        """Keep an event in the run's database."""


@dataclass(frozen=True, slots=True)
class ToAll:
    """A message to everybody."""

    message: Message


@dataclass(frozen=True, slots=True)
class ToOne:
    """A message to one client."""

    client: int
    message: Message


@dataclass(frozen=True, slots=True)
class ToDatabase:
    """An event to be kept."""

    event: RecordedEvent


Report = ToAll | ToOne | ToDatabase


@final
class Outbox:
    """Reports in order. The reader is woken once for all that piled up since it last looked.

    Args:
        wake: called from the writing thread when there is something to read; must return at once.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._reports: deque[Report] = deque()
        self._lock = threading.Lock()
        self._woken = False

    def publish(self, message: Message) -> None:
        """Say something to everybody."""
        self._put(ToAll(message))

    def reply(self, client: int, message: Message) -> None:
        """Say something to one client alone."""
        self._put(ToOne(client, message))

    def record(self, event: RecordedEvent) -> None:
        """Keep an event in the run's database."""
        self._put(ToDatabase(event))

    def take(self) -> list[Report]:
        """All reports so far, oldest first; the next report wakes the reader again."""
        with self._lock:
            taken = list(self._reports)
            self._reports.clear()
            self._woken = False
        return taken

    def _put(self, report: Report) -> None:
        with self._lock:
            self._reports.append(report)
            asleep = not self._woken
            self._woken = True
        # Outside the lock: waking the loop takes a lock of its own.
        if asleep:
            self._wake()
