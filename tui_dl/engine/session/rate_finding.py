"""A search for a rate within a session: told while it goes on, ended by request; all else waits in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tui_dl.engine.serving.inbox import Abandoned
from tui_dl.engine.session.describe import status_of
from tui_dl.spec.rate_search import rate_search
from tui_dl.wire import commands
from tui_dl.wire.messages import RatesTried

if TYPE_CHECKING:
    from tui_dl.engine.serving.inbox import Ticket
    from tui_dl.engine.session.session import Session
    from tui_dl.engine.state.rate_trip import RateTrip

TELL_EVERY_S: Final = 0.1
_ENDING: Final = (commands.CancelRateSearch, commands.Stop, Abandoned)
"""What ends a search that has come to wait behind it."""


def find_rate(session: Session, command: commands.FindRate, ticket: Ticket) -> None:
    """Try the rates and tell the one who asked; commands that come meanwhile are obeyed afterwards, in order.

    Raises:
        SpecError: if the settings do not say something possible.
    """
    search = rate_search(command.settings)
    session.reports.flush()
    # What the search takes is no time of the run.
    session.rate.stop()
    told_at_s = session.clock()
    try:
        trip = session.trainer.rate_trip(search)
        while trip.ended is None:
            trip.try_next()
            if any(isinstance(waiting.command, _ENDING) for waiting in tuple(session.inbox.tickets)):
                trip.cancel()
            now_s = session.clock()
            if now_s - told_at_s >= TELL_EVERY_S:
                told_at_s = now_s
                _tell(session, trip, ticket, search.batches)
    finally:
        if session.is_running:
            session.keep_time()
        session.tell()
    session.sink.reply(ticket.client, trip.found())


def _tell(session: Session, trip: RateTrip, ticket: Ticket, batches: int) -> None:
    words = f"finding a rate, {trip.tried} of {batches} batches"
    session.reports.publish_status(msgspec.structs.replace(status_of(session), detail=words))
    session.sink.reply(ticket.client, RatesTried(session.trainer.step, trip.search, trip.curve))
