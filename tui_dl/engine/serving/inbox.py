"""The one queue of commands into the training thread."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from tui_dl.wire.commands import AnyCommand, ProbeName

NOBODY: Final = 0
"""Client number of what the engine tells itself."""


@dataclass(frozen=True, slots=True)
class ScreenAttached:
    """Somebody looks at the run: scenes pause it, pace counts, and it waits instead of ending."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What all clients together show now."""

    probes: tuple[ProbeName, ...]
    rate_hz: float
    layer: str
    sample: int | None = None
    grid: tuple[int, int] = (0, 0)
    background: tuple[ProbeName, ...] = ()
    """What is not shown, but measured now and then for its history."""
    reach: tuple[float, ...] = ()
    """How far the paths that are shown come in the plane of two trained numbers; empty where nobody says."""


@dataclass(frozen=True, slots=True)
class Abandoned:
    """No client is left."""


Internal = ScreenAttached | Watched | Abandoned


@dataclass(frozen=True, slots=True)
class Ticket:
    """A command with the one who waits for its answer."""

    command: AnyCommand | Internal
    client: int = NOBODY
    request: int = 0


@final
class Inbox:
    """Commands in the order in which they came; any thread may post, one takes."""

    def __init__(self) -> None:
        self.tickets: deque[Ticket] = deque()
        """Whether this is empty is looked at before every batch, so it is the bare deque: 20 ns."""
        self._posted = threading.Event()

    def post(self, ticket: Ticket) -> None:
        """Add a command and wake the training thread if it waits."""
        self.tickets.append(ticket)
        self._posted.set()

    def wait(self, timeout_s: float | None) -> None:
        """Return once there is a command, or after the timeout."""
        self._posted.clear()
        if not self.tickets:
            self._posted.wait(timeout_s)
