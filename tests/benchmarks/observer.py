"""A client that watches an engine, or drives it as a headless run does, for code without asyncio."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, TypeVar, final

from tui_dl.client import EngineClient
from tui_dl.launcher import RunningEngine
from tui_dl.wire.messages import StatusChanged, StepsRecorded

_T = TypeVar("_T")
_PATIENCE_S: Final = 60.0


@dataclass(frozen=True)
class SeenStatus:
    """A status and when it came, on the clock of `time.perf_counter`."""

    at: float
    status: StatusChanged


@final
class Observer:
    """A connection to an engine, served by a thread of its own.

    Args:
        engine: which engine.
        headless: control and own it, and receive every step, as `tui-dl run --headless` does.
    """

    def __init__(self, engine: RunningEngine, *, headless: bool = False) -> None:
        self.steps_received = 0
        self._engine = engine
        self._headless = headless
        self._loop = asyncio.new_event_loop()
        self._arrived = threading.Condition()
        self._seen: SeenStatus | None = None
        self._error: BaseException | None = None
        threading.Thread(target=self._loop.run_forever, name="observer", daemon=True).start()
        self.client: EngineClient = self._do(self._connect())
        asyncio.run_coroutine_threadsafe(self._follow(), self._loop)

    @property
    def engine_pid(self) -> int:
        """Of the engine's process."""
        return self.client.welcome.pid

    def newest(self) -> SeenStatus:
        """The newest status; waits for the first."""
        return self.wait(lambda _: True)

    def wait(self, wanted: Callable[[StatusChanged], bool], timeout_s: float = _PATIENCE_S) -> SeenStatus:
        """Wait until the newest status is as wanted. Raises TimeoutError."""
        deadline = time.monotonic() + timeout_s
        with self._arrived:
            while True:
                if self._seen is not None and wanted(self._seen.status):
                    return self._seen
                if self._error is not None:
                    raise self._error
                if not self._arrived.wait(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError(f"the engine did not come to it; it says {self._seen}")

    def run(self) -> tuple[int, float]:
        """Have it train. Returns the step and when the answer came."""
        step = self._do(self.client.run())
        return step, time.perf_counter()

    def pause(self) -> tuple[int, float]:
        """Have it pause. Returns the step and when the answer came."""
        step = self._do(self.client.pause())
        return step, time.perf_counter()

    def close(self) -> None:
        """Let go of the engine; one that this client owns ends."""
        self._do(self.client.close())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _do(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_S)

    async def _connect(self) -> EngineClient:
        if self._headless:
            return await self._engine.connect(client="headless", scalars="every_step", owner=True)
        return await self._engine.connect(client="python", control=False)

    async def _follow(self) -> None:
        try:
            async for message in self.client.messages():
                if isinstance(message, StatusChanged):
                    with self._arrived:
                        self._seen = SeenStatus(time.perf_counter(), message)
                        self._arrived.notify_all()
                elif isinstance(message, StepsRecorded):
                    self.steps_received += len(message.columns) // (8 * len(message.names))
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            with self._arrived:
                self._error = error
                self._arrived.notify_all()
