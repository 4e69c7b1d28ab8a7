"""A connection to an engine over a pair of byte streams: commands in, messages out."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Literal, TypeVar, final

from tui_dl.client.backlog import Backlog
from tui_dl.client.pending import Pending, PendingRequests
from tui_dl.client.streams import ByteSink, ByteSource
from tui_dl.errors import ConnectionLost, EngineFailed, NotAvailable, ProtocolError, TuiDlError, UsageError
from tui_dl.spec.lecture import OptimizerState
from tui_dl.wire.commands import (
    AnyCommand,
    ApplyChange,
    Evaluate,
    FindRate,
    Hello,
    MeasureMetrics,
    Pause,
    PlanChange,
    Request,
    Run,
    Step,
    Stop,
    Undo,
)
from tui_dl.wire.framing import FrameSplitter, decode_message, frame
from tui_dl.wire.messages import (
    PROTOCOL,
    Answered,
    AnyMessage,
    ChangeApplied,
    ChangeUndone,
    EvaluationRecorded,
    Message,
    MetricsMeasured,
    PlanMade,
    RateFound,
    RunFailed,
    RunFinished,
    StatusChanged,
    Welcomed,
)
from tui_dl.wire.plans import Plan, Receipt

_CHUNK_BYTES: Final = 256 * 1024
_BACKLOG_LIMIT_BYTES: Final = 64 * 1024 * 1024
_FAILURES: Final[dict[int, Callable[[str], TuiDlError]]] = {2: UsageError, 3: NotAvailable}
_M = TypeVar("_M", bound=Message)


@final
class EngineClient:
    """What a front end or a script has of an engine; made by `EngineClient.connect`.

    One task may read `messages`. If it is slow it misses older statuses and readings, but never a step or an
    event: when much is waiting and no request is under way the connection is not read, and the engine, whose
    training never waits, catches up later.
    """

    def __init__(
        self,
        reader: ByteSource,
        writer: ByteSink,
        splitter: FrameSplitter,
        welcome: Welcomed,
    ) -> None:
        self.welcome: Final = welcome
        self.controls: bool = welcome.controls
        """Whether this client's commands are obeyed; TakeControl makes it so."""
        self.status: StatusChanged | None = None
        """The newest status, read by somebody or not."""
        self.failure: RunFailed | None = None
        """What the engine said before it failed."""
        self._reader, self._writer, self._splitter = reader, writer, splitter
        self._backlog = Backlog()
        self._pending = PendingRequests()
        self._arrived = asyncio.Event()
        self._roomy = asyncio.Event()
        self._roomy.set()
        self._closing = False
        self._draining = False
        self._finished = False
        self._end: TuiDlError | None = None
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def connect(
        cls,
        reader: ByteSource,
        writer: ByteSink,
        *,
        client: str = "python",
        control: bool = True,
        scalars: Literal["bounded", "every_step"] = "bounded",
        owner: bool = False,
        keep: bool = True,
        past_readings: bool = False,
    ) -> "EngineClient":
        """Introduce oneself to the engine at the other end and wait for its welcome.

        Args:
            reader: what the engine says.
            writer: what it is told; closed when the welcome fails.
            client: what this end is: ``ui``, ``headless``, ``python``, ``cli``.
            control: ask to control; granted if no other client does.
            scalars: how the past comes (see `Hello`).
            owner: end the run with this connection.
            keep: whether a run that ends so leaves its folder.
            past_readings: have the readings so far sent as well.

        Raises:
            ProtocolError: the other end is of another version, or no engine.
            ConnectionLost: it went away.
        """
        hello = Hello(PROTOCOL, client, control, scalars, owner, keep, past_readings)
        splitter = FrameSplitter()
        try:
            with suppress(OSError):
                writer.write(frame(hello))
                await writer.drain()
            welcome, more = await _welcome(reader, splitter)
        except BaseException:
            writer.close()
            raise
        engine = cls(reader, writer, splitter, welcome)
        for body in more:
            engine._receive(decode_message(body))
        engine._task = asyncio.create_task(engine._read(), name="engine messages")
        return engine

    # -- commands --------------------------------------------------------------------------------------

    async def request(self, command: AnyCommand) -> Answered:
        """Wait until a command took effect.

        Raises:
            ChangeRefused: a change, plan, undo or restart that cannot be.
            ConnectionLost: the engine went away meanwhile (or what it said before it failed).
            TuiDlError: any other command that was refused.
        """
        return await (await self._send(command, with_outcome=False)).answered

    async def step(self, batches: int = 1) -> int:
        """Make so many batches, then pause. Returns the number of updates made so far, once they are."""
        return (await self.request(Step(batches))).step

    async def run(self, until_step: int | None = None, *, until_epoch_end: bool = False) -> int:
        """Go on, without waiting for the end. Returns the step at which it went on."""
        return (await self.request(Run(until_step, until_epoch_end))).step

    async def pause(self) -> int:
        """Stop at the next batch boundary. Returns that step."""
        return (await self.request(Pause())).step

    async def apply(
        self, change: Mapping[str, Any], state: OptimizerState | None = None, warmup_steps: int = 0
    ) -> Receipt:
        """Make a change at the next boundary. Raises ChangeRefused if it cannot work."""
        command = ApplyChange(dict(change), state, warmup_steps)
        return (await self._outcome(command, ChangeApplied)).receipt

    async def plan(
        self, change: Mapping[str, Any], state: OptimizerState | None = None, warmup_steps: int = 0
    ) -> Plan:
        """What a change would do. Raises ChangeRefused if it cannot work."""
        command = PlanChange(dict(change), state, warmup_steps)
        return (await self._outcome(command, PlanMade)).plan

    async def undo(self) -> ChangeUndone:
        """Back to the newest undo point. Raises ChangeRefused if there is none."""
        return await self._outcome(Undo(), ChangeUndone)

    async def evaluate(
        self, split: Literal["train", "validation", "test"] = "validation"
    ) -> EvaluationRecorded:
        """Evaluate a whole split now, in eval mode."""
        return await self._outcome(Evaluate(split), EvaluationRecorded)

    async def measure(self, metrics: Sequence[str]) -> MetricsMeasured:
        """Compute metrics exactly, now; None where a value is not finite or not defined."""
        return await self._outcome(MeasureMetrics(list(metrics)), MetricsMeasured)

    async def find_rate(self, **settings: Any) -> RateFound:
        """Try growing rates from here on copies of the run; settings as `RateSearch` has them."""
        return await self._outcome(FindRate(settings), RateFound)

    async def stop(
        self,
        reason: Literal["stopped", "interrupted", "steps", "epochs"] = "stopped",
        *,
        keep: bool = True,
    ) -> None:
        """Have the engine write a checkpoint and end; returns when its end of the connection is closed.

        Raises what `request` does; nothing if it has ended already in good order.
        """
        if self._end is not None and self._ended_well and self.failure is None:
            return
        try:
            await self.request(Stop(reason, keep))
        except ConnectionLost:
            # It may be gone before its answer was sent.
            if not self._finished:
                raise
        self._finished = True
        await self.wait_closed()

    # -- messages --------------------------------------------------------------------------------------

    async def messages(self) -> AsyncGenerator[AnyMessage, None]:
        """All that the engine says, answers to requests aside, from the welcome on.

        Ends when the connection was closed, or the engine's end was after it had said that the run is over.

        Raises:
            ConnectionLost: after the last message, if the engine went away without a word.
            ProtocolError: it said something that can't be read.
        """
        while True:
            while self._backlog:
                message = self._backlog.take()
                self._make_room()
                yield message
            if self._end is not None:
                if self._ended_well:
                    return
                raise self._end
            self._arrived.clear()
            await self._arrived.wait()

    async def wait_closed(self) -> None:
        """Wait until the engine has closed its end. What it still says is kept for `messages`."""
        if self._task is not None:
            self._draining = True
            self._roomy.set()
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """Let go of the engine, which goes on (unless this client owns the run)."""
        self._closing = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def __aenter__(self) -> "EngineClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # -- inside ----------------------------------------------------------------------------------------

    @property
    def _ended_well(self) -> bool:
        return self._closing or (self._finished and isinstance(self._end, ConnectionLost))

    async def _send(self, command: AnyCommand, *, with_outcome: bool) -> Pending:
        if self._end is not None or self._closing:
            raise self._loss()
        number, pending = self._pending.add(command, with_outcome=with_outcome)
        # Its answer may lie behind all that nobody reads.
        self._roomy.set()
        # A broken connection is noticed by the reading task, which refuses what is pending.
        with suppress(OSError):
            self._writer.write(frame(Request(number, command)))
            await self._writer.drain()
        return pending

    async def _outcome(self, command: AnyCommand, kind: type[_M]) -> _M:
        pending = await self._send(command, with_outcome=True)
        await pending.answered
        assert pending.outcome is not None
        outcome = await pending.outcome
        assert isinstance(outcome, kind)
        return outcome

    async def _read(self) -> None:
        """Receive until the other end is closed; whatever ends this is said to all who wait."""
        end: TuiDlError = ConnectionLost("the connection was closed")
        try:
            while chunk := await self._reader.read(_CHUNK_BYTES):
                for body in self._splitter.feed(chunk):
                    self._receive(decode_message(body))
                await self._roomy.wait()
            end = ConnectionLost("the engine closed the connection")
        except ProtocolError as error:
            end = error
        except OSError as error:
            end = ConnectionLost(f"the connection to the engine broke: {error.strerror or error}")
        finally:
            self._end = end
            self._pending.refuse_all(self._loss())
            self._arrived.set()
            self._writer.close()

    def _receive(self, message: AnyMessage) -> None:
        match message:
            case Answered():
                self._pending.answer(message)
                return
            case StatusChanged(state):
                self.status = message
                self._finished = state in ("finished", "failed")
            case RunFinished():
                self._finished = True
            case RunFailed():
                self._finished, self.failure = True, message
            case Welcomed(controls=controls):
                self.controls = controls
            case _:
                pass
        if not self._pending.offer(message):
            self._backlog.put(message)
            self._arrived.set()
        must_read = bool(self._pending) or self._draining
        if self._backlog.size_bytes > _BACKLOG_LIMIT_BYTES and not must_read:
            self._roomy.clear()

    def _make_room(self) -> None:
        if self._backlog.size_bytes <= _BACKLOG_LIMIT_BYTES:
            self._roomy.set()

    def _loss(self) -> TuiDlError:
        """Why no answer will come: what the engine said before it failed, else how the connection ended."""
        if self.failure is not None:
            return _FAILURES.get(self.failure.exit_code, EngineFailed)(self.failure.error)
        return self._end or ConnectionLost("the connection was closed")


async def _welcome(reader: ByteSource, splitter: FrameSplitter) -> tuple[Welcomed, list[bytes]]:
    """The engine's first message, and the bodies that came with it."""
    bodies: list[bytes] = []
    while not bodies:
        try:
            chunk = await reader.read(_CHUNK_BYTES)
        except OSError as error:
            raise ConnectionLost(f"the connection to the engine broke: {error.strerror or error}") from error
        if not chunk:
            raise ConnectionLost("the engine ended before it answered")
        bodies = splitter.feed(chunk)
    first = decode_message(bodies[0])
    if not isinstance(first, Welcomed):
        raise ProtocolError(f"the other end began with {type(first).__name__}, not with a welcome")
    if first.refused:
        raise ProtocolError(first.refused)
    if first.protocol != PROTOCOL:
        raise ProtocolError(
            f"the engine (tui-dl {first.version}) speaks protocol {first.protocol}, this program "
            f"{PROTOCOL}: attach with the version that started it"
        )
    return first, bodies[1:]
