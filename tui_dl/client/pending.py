"""Requests that wait for their answers, and for the message that carries what they asked for."""

import asyncio
from dataclasses import dataclass, field
from typing import final

from tui_dl.errors import ChangeRefused, TuiDlError
from tui_dl.wire.commands import (
    AnyCommand,
    ApplyChange,
    Evaluate,
    FindRate,
    MeasureMetrics,
    PlanChange,
    Restart,
    Undo,
)
from tui_dl.wire.messages import (
    Answered,
    AnyMessage,
    ChangeApplied,
    ChangeUndone,
    EvaluationRecorded,
    MetricsMeasured,
    PlanMade,
    RateFound,
)

_REFUSABLE = (PlanChange, ApplyChange, Undo, Restart)
_FOR_THE_ASKER = (PlanMade, MetricsMeasured)


@final
@dataclass(frozen=True, slots=True)
class Pending:
    """One request: its answer, and its outcome where a message carries one."""

    command: AnyCommand
    answered: "asyncio.Future[Answered]"
    outcome: "asyncio.Future[AnyMessage] | None"

    def refuse(self, error: BaseException) -> None:
        """Tell whoever waits that there will be no answer."""
        _fail(self.answered, error)
        if self.outcome is not None:
            _fail(self.outcome, error)

    @property
    def over(self) -> bool:
        """Whether nothing more will come for it."""
        return self.answered.done() and (self.outcome is None or self.outcome.done())


@final
@dataclass(slots=True)
class PendingRequests:
    """All requests under way. The engine obeys in order, so an outcome belongs to the oldest that fits it."""

    _requests: dict[int, Pending] = field(default_factory=dict)
    _last_id: int = 0

    def __len__(self) -> int:
        return len(self._requests)

    def add(self, command: AnyCommand, *, with_outcome: bool) -> tuple[int, Pending]:
        """A new request and the number for its frame.

        It stays known until the engine answers, even if nobody waits any more: else the outcome of a
        cancelled request would go to the next one.
        """
        loop = asyncio.get_running_loop()
        self._last_id += 1
        pending = Pending(command, loop.create_future(), loop.create_future() if with_outcome else None)
        self._requests[self._last_id] = pending
        return self._last_id, pending

    def answer(self, answered: Answered) -> None:
        """Pass an answer on."""
        pending = self._requests.get(answered.request)
        if pending is None:
            return
        if answered.error:
            pending.refuse(_refusal(pending.command, answered.error))
        elif not pending.answered.done():
            pending.answered.set_result(answered)
        self._forget_if_over(answered.request)

    def offer(self, message: AnyMessage) -> bool:
        """Give a message to the request whose outcome it is; True if it was meant for that one alone."""
        for number, pending in self._requests.items():
            if pending.outcome is not None and not pending.outcome.done() and _fits(pending.command, message):
                pending.outcome.set_result(message)
                self._forget_if_over(number)
                break
        return isinstance(message, _FOR_THE_ASKER)

    def refuse_all(self, error: BaseException) -> None:
        """The connection is gone."""
        for pending in self._requests.values():
            pending.refuse(error)
        self._requests.clear()

    def _forget_if_over(self, number: int) -> None:
        if self._requests[number].over:
            del self._requests[number]


def _fits(command: AnyCommand, message: AnyMessage) -> bool:
    match command, message:
        case (PlanChange(), PlanMade()) | (MeasureMetrics(), MetricsMeasured()) | (Undo(), ChangeUndone()):
            return True
        case ApplyChange(), ChangeApplied(receipt):
            return receipt.source == "user"
        case FindRate(), RateFound():
            return True
        case Evaluate(split), EvaluationRecorded():
            return message.split == split
        case _:
            return False


def _refusal(command: AnyCommand, error: str) -> TuiDlError:
    return ChangeRefused(error) if isinstance(command, _REFUSABLE) else TuiDlError(error)


def _fail(future: "asyncio.Future[Answered] | asyncio.Future[AnyMessage]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
        # Whoever asked may have gone; an error that nobody collects is not worth a warning.
        future.exception()
