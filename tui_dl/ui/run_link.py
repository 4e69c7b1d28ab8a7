"""The connection behind a run screen: follows what the engine says, comes back when the line drops."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, final

from tui_dl.errors import ConnectionLost, ProtocolError, TuiDlError
from tui_dl.spec.lecture import OptimizerState
from tui_dl.ui.engine_port import EnginePort, Opening
from tui_dl.ui.run_model import Link
from tui_dl.wire.commands import AnyCommand, Evaluate, FindRate, SaveCheckpoint, Step, Stop
from tui_dl.wire.messages import Answered, AnyMessage, RunFailed, RunFinished, Welcomed
from tui_dl.wire.plans import Plan

RETRY_DELAYS_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
_TAKE_TIME: Final = (Step, Evaluate, FindRate, SaveCheckpoint, Stop)
"""Commands that are answered when their work is done: silence means nothing."""
_LINE_ERRORS: Final = (OSError, EOFError, ConnectionLost)


class NotConnectedError(TuiDlError):
    """A command was given while no engine listens."""


@final
class RunLink:
    """Feeds messages to `receive` and the state of the line to `link_changed`, in one task: `follow`."""

    def __init__(
        self,
        opening: Opening,
        receive: Callable[[AnyMessage], None],
        link_changed: Callable[[Link, str], None],
    ) -> None:
        self._opening = opening
        self._receive = receive
        self._link_changed = link_changed
        self._port: EnginePort | None = None
        self._is_ending = False
        self._failed = ""
        self.retry_at_s: float | None = None
        """When the next try to connect comes, on the monotonic clock; None while there is a connection."""
        self._asked_s: dict[int, float] = {}
        self._asked = 0

    @property
    def asked_at_s(self) -> float | None:
        """When the oldest command was given that should have been answered at once, and has not been."""
        return min(self._asked_s.values(), default=None)

    async def follow(self) -> None:
        """Connect and pass on messages until the run ends, its engine fails, or this task is cancelled."""
        attempt = 0
        while True:
            try:
                port = self._port = await self._opening.connect()
                self._take(port.welcome)
                attempt = 0
                lost = await self._listen(port)
            except _LINE_ERRORS as error:
                lost = str(error) or type(error).__name__
            except TuiDlError as error:
                # Whoever connects knows why there is no engine to return to: trying again would not help.
                self._failed = str(error)
            finally:
                await self._let_go()
            if self._failed or self._is_ending:
                self._link_changed("failed" if self._failed else "closed", self._failed)
                return
            delay_s = RETRY_DELAYS_S[min(attempt, len(RETRY_DELAYS_S) - 1)]
            attempt += 1
            self.retry_at_s = time.monotonic() + delay_s
            self._link_changed("lost", f"{lost} (attempt {attempt})" if attempt > 1 else lost)
            await asyncio.sleep(delay_s)
            self.retry_at_s = None

    async def request(self, command: AnyCommand) -> Answered:
        """Give a command. Raises TuiDlError when it is refused or nobody listens."""
        if self._port is None:
            raise NotConnectedError("not connected to an engine: the command was not given")
        if isinstance(command, Stop):
            self._is_ending = True
        self._asked += 1
        asked = self._asked
        if not isinstance(command, _TAKE_TIME):
            self._asked_s[asked] = time.monotonic()
        try:
            return await self._port.request(command)
        except OSError as error:
            raise NotConnectedError(f"the connection dropped before the engine answered: {error}") from error
        finally:
            self._asked_s.pop(asked, None)

    async def plan(
        self, change: Mapping[str, Any], state: OptimizerState | None = None, warmup_steps: int = 0
    ) -> Plan:
        """What a change would do. Raises TuiDlError when it cannot work or nobody listens."""
        if self._port is None:
            raise NotConnectedError("not connected to an engine: it plans a change")
        try:
            return await self._port.plan(change, state, warmup_steps)
        except OSError as error:
            raise NotConnectedError(f"the connection dropped before the plan came: {error}") from error

    async def _listen(self, port: EnginePort) -> str:
        """Pass messages on until the connection ends; returns how it did."""
        try:
            async for message in port.messages():
                self._take(message)
        except ProtocolError as error:
            return str(error)
        return "the engine closed the connection"

    def _take(self, message: AnyMessage) -> None:
        match message:
            case Welcomed(refused=refused) if refused:
                self._failed = refused
            case RunFailed(error):
                self._failed = error
            case RunFinished(reason) if reason in ("stopped", "interrupted"):
                self._is_ending = True
            case _:
                pass
        self._receive(message)

    async def _let_go(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            try:
                await port.close()
            except _LINE_ERRORS:
                return
