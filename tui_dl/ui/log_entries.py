"""The log as one sequence: the run's events and the engine's own words, filtered; and a place in it."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, final

from tui_dl.runs.engine_log import EngineLog, LogLine
from tui_dl.ui.run_model import LogEntry, RunModel

AnyEntry = LogEntry | LogLine
Filter = Callable[[AnyEntry], bool]

_CHANGES: Final = frozenset({"change", "undo", "restart", "extend"})
_COURSE: Final = frozenset({"state", "scene", "expectation", "finished", "resume", "evaluation"})
_TIME: Final = attrgetter("time_s")

FILTERS: Final[dict[str, Filter]] = {
    "all": lambda _entry: True,
    "changes": lambda entry: isinstance(entry, LogEntry) and entry.kind in _CHANGES,
    "course": lambda entry: isinstance(entry, LogEntry) and entry.kind in _COURSE,
    "problems": lambda entry: isinstance(entry, LogEntry) and entry.level in ("warning", "error"),
    "engine": lambda entry: isinstance(entry, LogLine),
}
"""What can be shown alone, by the name that the screen gives it."""


@final
@dataclass(frozen=True, slots=True)
class Place:
    """The lowest line that is shown: an entry, and how many of its lines."""

    entry: AnyEntry
    lines: int


@final
class LogEntries:
    """All entries in order of time, put together again only after something has come."""

    def __init__(self, model: RunModel) -> None:
        self._model = model
        self.engine: EngineLog | None = None
        self.filter = "all"
        self._key: tuple[object, ...] = ()
        self._all: list[AnyEntry] = []
        self._shown: list[AnyEntry] = []

    @property
    def total(self) -> int:
        """How many there are, whatever is filtered."""
        return len(self._all)

    def shown(self) -> Sequence[AnyEntry]:
        """Those that the filter lets through, the oldest first."""
        events, engine = self._model.events, self.engine
        lines = () if engine is None else engine.lines
        unfinished = "" if engine is None else engine.unfinished
        newest_line = lines[-1].number if lines else 0
        key = (len(events), events[-1] if events else None, newest_line, unfinished, self.filter)
        if key != self._key:
            self._key = key
            tail = []
            if engine is not None and unfinished:
                tail = [LogLine(newest_line + 1, engine.written_s, unfinished, False)]
            self._all = sorted([*events, *lines, *tail], key=_TIME)
            wanted = FILTERS[self.filter]
            self._shown = [entry for entry in self._all if wanted(entry)]
        return self._shown

    def index_of(self, entry: AnyEntry) -> int:
        """Where an entry stands among those shown; if it is there no more, where it would."""
        shown = self.shown()
        first = bisect_left(shown, entry.time_s, key=_TIME)
        for index in range(first, len(shown)):
            if shown[index] is entry:
                return index
            if shown[index].time_s > entry.time_s:
                break
        return max(min(first, len(shown) - 1), 0)
