"""Follows one run from its start to its end and tells others what is said."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from tui_dl.errors import ConnectionLost, EngineFailed, NotAvailable, TuiDlError, UsageError
from tui_dl.headless.starting import Started
from tui_dl.wire.commands import ExtendRun, Run, Step, Stop
from tui_dl.wire.messages import (
    Answered,
    AnyMessage,
    EvaluationRecorded,
    FinishReason,
    MetricsMeasured,
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
_FAILURES: Final[dict[int, Callable[[str], TuiDlError]]] = {2: UsageError, 3: NotAvailable}


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
        return EXIT_CODES[self.finished.reason] if self.finished is not None else 1


class Follower:
    """Reads an engine's messages in a task of its own until the run has ended."""

    def __init__(self, started: Started, *listeners: Listener) -> None:
        self.engine = started.engine
        self._explain = started.explain
        self.run = Followed()
        self._listeners = listeners
        self._described = asyncio.Event()
        self._ended = asyncio.Event()
        self._stepped = 0
        self._task = asyncio.create_task(self._read())

    async def described(self) -> RunDescribed:
        """Wait until the engine can train. Raises EngineFailed with its words if it never can."""
        await _first(self._described, self._ended)
        if self.run.described is None:
            raise self._failure()
        return self.run.described

    async def ended(self) -> Followed:
        """Wait until the run has finished. Raises EngineFailed, or what else it says, if it failed."""
        await self._ended.wait()
        if self.run.finished is None:
            raise self._failure()
        return self.run

    @property
    def steps_made(self) -> int:
        """Updates made, as far as `step` and the end of the run tell."""
        return self.run.finished.step if self.run.finished is not None else self._stepped

    async def step(self, batches: int) -> None:
        """Make this many batches; returns early if the run ends before, however it does."""
        try:
            answer = await self._unless_ended(self.engine.request(Step(batches)))
        except TuiDlError:
            # A run that ends on a value that is not finite refuses first and then says its end: hear it out.
            await self.measure([])
            if self.engine.status is None or self.engine.status.state != "finished":
                raise
            await self._ended.wait()
            return
        if answer is not None:
            self._stepped = answer.step

    async def extend(self, epochs: int) -> None:
        """Plan so many more epochs; nothing is run yet."""
        await self._unless_ended(self.engine.request(ExtendRun(epochs, goes_on=False)))

    async def run_to_end(self) -> Followed:
        """Go on until the run ends by itself."""
        await self._unless_ended(self.engine.request(Run()))
        return await self.ended()

    async def stop(self, reason: Literal["steps", "interrupted"]) -> Followed:
        """Tell it to end, and wait until it has."""
        await self._unless_ended(self.engine.request(Stop(reason)))
        return await self.ended()

    async def measure(self, metrics: Sequence[str]) -> MetricsMeasured:
        """Exact values here, also of a run that has ended by itself. Raises EngineFailed if it failed."""
        try:
            return await self.engine.measure(metrics)
        except ConnectionLost:
            await self._ended.wait()
            raise self._failure() from None

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
        except ConnectionLost:
            # Why it was lost is being found out, and is the end.
            await ending
            return None
        finally:
            for task in (asking, ending):
                task.cancel()
            await asyncio.gather(asking, ending, return_exceptions=True)

    async def _read(self) -> None:
        try:
            async for message in self.engine.messages():
                self._take(message)
        except TuiDlError as error:
            why = await self._explain(error) if isinstance(error, ConnectionLost) else error
            self._take(RunFailed(str(why), why.exit_code))
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
        if failed is None:
            return EngineFailed("the engine ended without saying why")
        return _FAILURES.get(failed.exit_code, EngineFailed)(failed.error)


async def _first(*events: asyncio.Event) -> None:
    tasks = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
