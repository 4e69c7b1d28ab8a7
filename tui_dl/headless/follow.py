"""Follows one run from its start to its end and tells others what is said."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from tui_dl.client.engine_client import EngineClient
from tui_dl.errors import EngineFailed, NotAvailable, TuiDlError
from tui_dl.wire.commands import Run, Step, Stop
from tui_dl.wire.messages import (
    Answered,
    AnyMessage,
    EvaluationRecorded,
    FinishReason,
    RunDescribed,
    RunFailed,
    RunFinished,
    StatusChanged,
)

Listener = Callable[[AnyMessage], None]
EXIT_CODES: Final[dict[FinishReason, int]] = {
    "steps": 0,
    "epochs": 0,
    "early_stopping": 0,
    "stopped": 0,
    "interrupted": 130,
    "nonfinite": 5,
}


@dataclass
class Followed:
    """What is known of a run so far."""

    described: RunDescribed | None = None
    step: int = 0
    finished: RunFinished | None = None
    failed: RunFailed | None = None
    evaluations: dict[str, EvaluationRecorded] = field(default_factory=dict)
    """The last of each split."""

    @property
    def exit_code(self) -> int:
        """The promised code for how it ended; 1 if it never said."""
        if self.finished is not None:
            return EXIT_CODES[self.finished.reason]
        return self.failed.exit_code if self.failed is not None else 1


class Follower:
    """Reads an engine's messages in a task of its own until the run has ended."""

    def __init__(self, engine: EngineClient, *listeners: Listener) -> None:
        self.engine = engine
        self.run = Followed()
        self._listeners = listeners
        self._described = asyncio.Event()
        self._ended = asyncio.Event()
        self._lost = ""
        self._stepped = 0
        self._task = asyncio.create_task(self._read())

    async def described(self) -> RunDescribed:
        """Wait until the engine can train. Raises EngineFailed with its words if it never can."""
        await _first(self._described, self._ended)
        if self.run.described is None:
            raise self._failure()
        return self.run.described

    async def ended(self) -> Followed:
        """Wait until the run has finished or failed. Raises EngineFailed if the engine just died."""
        await self._ended.wait()
        if self.run.finished is None and self.run.failed is None:
            raise self._failure()
        return self.run

    @property
    def steps_made(self) -> int:
        """Updates made, as far as `step` and the end of the run tell."""
        return self.run.finished.step if self.run.finished is not None else self._stepped

    async def step(self, batches: int) -> None:
        """Make this many batches; returns early if the run ends before."""
        answer = await self._unless_ended(self.engine.request(Step(batches)))
        if answer is not None:
            self._stepped = answer.step

    async def run_to_end(self) -> Followed:
        """Go on until the run ends by itself."""
        await self._unless_ended(self.engine.request(Run()))
        return await self.ended()

    async def stop(self, reason: Literal["steps", "interrupted"]) -> Followed:
        """Tell it to end, and wait until it has."""
        await self._unless_ended(self.engine.request(Stop(reason)))
        return await self.ended()

    async def close(self) -> None:
        """Let go of the engine."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.engine.close()

    async def _unless_ended(self, request: Coroutine[Any, Any, Answered]) -> Answered | None:
        """The answer; None once the run has ended, when it may never come."""
        asking = asyncio.create_task(request)
        ending = asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait({asking, ending}, return_when=asyncio.FIRST_COMPLETED)
            return asking.result() if asking.done() and not self._ended.is_set() else None
        finally:
            for task in (asking, ending):
                task.cancel()
            await asyncio.gather(asking, ending, return_exceptions=True)

    async def _read(self) -> None:
        try:
            async for message in self.engine.messages():
                self._take(message)
        except TuiDlError as error:
            self._lost = str(error)
        finally:
            self._ended.set()

    def _take(self, message: AnyMessage) -> None:
        match message:
            case RunDescribed():
                self.run.described = message
            case StatusChanged(step=step):
                self.run.step = step
            case EvaluationRecorded(split=split):
                self.run.evaluations[split] = message
            case RunFinished(step=step):
                self.run.finished, self.run.step = message, step
            case RunFailed():
                self.run.failed = message
        for listener in self._listeners:
            listener(message)
        if isinstance(message, RunDescribed):
            self._described.set()
        if isinstance(message, RunFinished | RunFailed):
            self._ended.set()

    def _failure(self) -> TuiDlError:
        failed = self.run.failed
        if failed is not None:
            kind = NotAvailable if failed.exit_code == NotAvailable.exit_code else EngineFailed
            return kind(failed.error)
        return EngineFailed(self._lost or "the engine ended without saying why")


async def _first(*events: asyncio.Event) -> None:
    tasks = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
