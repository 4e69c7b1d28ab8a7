"""Messages that wait for a slow consumer: the newest of what is a state, and all of what happened."""

from collections import OrderedDict
from typing import Final, final

from tui_dl.wire.messages import AnyMessage, HistorySent, ReadingTaken, StatusChanged, StepsRecorded

_OVERHEAD_BYTES: Final = 200
"""About what a small message takes in memory."""


@final
class Backlog:
    """A queue in order of arrival in which a newer status or reading takes the place of the older one."""

    def __init__(self) -> None:
        # An ordered dict takes its first entry away at constant cost, a dict does not.
        self._waiting: OrderedDict[int | str, AnyMessage] = OrderedDict()
        self._number = 0
        self.size_bytes = 0
        """About the memory that is waiting."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, message: AnyMessage) -> None:
        """Add a message; what it makes superfluous is dropped."""
        self._number += 1
        key = _replaceable(message) or self._number
        # The newest goes to the end: it may speak of steps that wait before it.
        self._drop(key)
        self._waiting[key] = message
        self.size_bytes += _size_bytes(message)

    def take(self) -> AnyMessage:
        """The oldest message. Raises KeyError if there is none."""
        _, message = self._waiting.popitem(last=False)
        self.size_bytes -= _size_bytes(message)
        return message

    def _drop(self, key: int | str) -> None:
        message = self._waiting.pop(key, None)
        if message is not None:
            self.size_bytes -= _size_bytes(message)


def _replaceable(message: AnyMessage) -> str | None:
    match message:
        case StatusChanged():
            return "status"
        case ReadingTaken(reading=reading):
            return type(reading).__name__
        case HistorySent():
            return "history"
        case _:
            return None


def _size_bytes(message: AnyMessage) -> int:
    return _OVERHEAD_BYTES + (len(message.columns) if isinstance(message, StepsRecorded) else 0)
