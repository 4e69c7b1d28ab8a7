"""An evaluation that takes long: how far it is, and whether somebody would rather do something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

import msgspec

from tui_dl.engine.session.describe import status_of
from tui_dl.errors import ChangeRefused
from tui_dl.wire import commands

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_dl.engine.session.session import Session

TELL_EVERY_S: Final = 0.25
_LEAVE_IT_ALONE: Final = (commands.PlanChange, commands.MeasureMetrics, commands.Evaluate, commands.SetPace)


@final
class EvaluationWatch:
    """Called after each chunk of a split.

    Args:
        session: whose trainer evaluates.
        split: which one.
        clock: seconds, monotonic.
        may_be_cancelled: whether a command that comes meanwhile ends it. One that was asked for may be; those
            at an epoch's end belong to the record of the run.
    """

    def __init__(
        self, session: Session, split: str, clock: Callable[[], float], *, may_be_cancelled: bool
    ) -> None:
        self._session = session
        self._split = split
        self._clock = clock
        self._may_be_cancelled = may_be_cancelled
        self._told_at_s = clock()
        self._has_told = False
        self._total = len(session.splits.by_name.get(split, ()))

    def __call__(self, samples: int) -> None:
        """So many samples are done. Raises ChangeRefused to end it."""
        if self._may_be_cancelled and samples < self._total and self._is_unwanted():
            raise ChangeRefused(f"the evaluation of the {self._split} split was cancelled by another command")
        now_s = self._clock()
        if now_s - self._told_at_s >= TELL_EVERY_S:
            self._told_at_s, self._has_told = now_s, True
            words = f"evaluating {self._split}, {100 * samples // self._total}%"
            session = self._session
            session.reports.publish_status(msgspec.structs.replace(status_of(session), detail=words))

    def close(self) -> None:
        """It is over: say again what the run is about."""
        if self._has_told:
            self._session.tell()

    def _is_unwanted(self) -> bool:
        waiting = tuple(self._session.inbox.tickets)
        return any(
            isinstance(ticket.command, commands.Command) and not isinstance(ticket.command, _LEAVE_IT_ALONE)
            for ticket in waiting
            if not isinstance(ticket.command, commands.Watch)
        )
