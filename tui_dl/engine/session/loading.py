"""Data that has to be downloaded first: how far it is, and whether somebody would rather stop."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, final

from tui_dl.components.data import have_files
from tui_dl.wire.commands import Stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_dl.engine.serving.inbox import Inbox, Ticket
    from tui_dl.spec.data import AnyData

TELL_EVERY_S: Final = 0.25


@final
class StoppedWhileLoading(Exception):  # noqa: N818 - an event, not a mistake
    """Somebody told the run to end before its data was there.

    Attributes:
        ticket: the command, still to be answered.
        reason: what the command says.
        keep: whether the run's folder is to be kept.
    """

    def __init__(self, ticket: Ticket, command: Stop) -> None:
        super().__init__("stopped while the data was being loaded")
        self.ticket = ticket
        self.reason = command.reason
        self.keep = command.keep


def have_data(
    data: AnyData,
    inbox: Inbox,
    tell: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Download what the data needs and is not in the cache; nothing is said where nothing is to be done.

    Args:
        data: what is to be trained on.
        inbox: a command to stop in it ends the download.
        tell: is told in words how far it is, a few times a second.
        clock: seconds, monotonic.

    Raises:
        NotAvailable: if it can't be had.
        StoppedWhileLoading: if it was told to stop.
    """
    told_at_s = float("-inf")

    def watch(words: str) -> None:
        nonlocal told_at_s
        for ticket in tuple(inbox.tickets):
            if isinstance(ticket.command, Stop):
                raise StoppedWhileLoading(ticket, ticket.command)
        now_s = clock()
        if now_s - told_at_s >= TELL_EVERY_S:
            told_at_s = now_s
            tell(words)

    have_files(data, watch)
