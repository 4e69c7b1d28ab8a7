"""The log of a run: its entries, and how they are added."""

from dataclasses import dataclass
from typing import Final, Literal, final

Level = Literal["info", "good", "warning", "error"]

MAX_EVENTS: Final = 2000
_REPEATED_WITHIN: Final = 5


@final
@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the log; `time_s` is Unix time."""

    time_s: float
    step: int
    kind: str
    text: str
    level: Level = "info"


def add_entry(entries: list[LogEntry], entry: LogEntry) -> None:
    """Add an entry at the end; the oldest go when there are too many."""
    if entry.kind == "notice" and any(one.text == entry.text for one in entries[-_REPEATED_WITHIN:]):
        # What is wrong with the recording is said once, and stands in the status besides.
        return
    entries.append(entry)
    del entries[:-MAX_EVENTS]
