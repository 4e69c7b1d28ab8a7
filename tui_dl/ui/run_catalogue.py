"""The runs on disk, looked at again cheaply: an ended run is read once, a live one each time."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final, final

from tui_dl.runs.folder import RunFolder, runs_home
from tui_dl.runs.listing import RunSummary, summarise

_FIRST: Final = 24
_Signature = tuple[int, ...]


@final
class RunCatalogue:
    """Keeps what was read of each run until its files change. May be asked from any thread."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[_Signature, RunSummary]] = {}
        self._lock = threading.Lock()

    @property
    def known(self) -> list[RunSummary]:
        """What was read so far, the latest start first; without touching the disk."""
        return _sorted([summary for _, summary in tuple(self._known.values())])

    def refreshed(self) -> Iterator[list[RunSummary]]:
        """All runs, the latest start first; where many must be read, the newest alone come before."""
        with self._lock:
            names = _names()
            for gone in self._known.keys() - set(names):
                del self._known[gone]
            news = False
            for place, name in enumerate(names):
                news = self._read(name) or news
                if place + 1 == _FIRST and news and len(names) > _FIRST:
                    yield self.known
            yield self.known

    def _read(self, name: str) -> bool:
        folder = RunFolder(runs_home() / name)
        signature = _signature(folder)
        before = self._known.get(name)
        if before is not None and before[0] == signature and not before[1].alive:
            return False
        if not (folder.database_path.exists() or folder.experiment_path.exists()):
            self._known.pop(name, None)
            return before is not None
        self._known[name] = (signature, summarise(folder))
        return True


def _sorted(summaries: list[RunSummary]) -> list[RunSummary]:
    """Live ones first, then by start."""
    return sorted(summaries, key=lambda one: (one.alive, one.started, one.id), reverse=True)


def _names() -> list[str]:
    """All folders of runs; their names begin with their start, so the newest come first."""
    try:
        with os.scandir(runs_home()) as entries:
            return sorted((entry.name for entry in entries if not entry.name.startswith(".")), reverse=True)
    except OSError:
        return []


def _signature(folder: RunFolder) -> _Signature:
    """Changes when an engine writes: of its database, the log that is written ahead, and its own log."""
    database = folder.database_path
    found: list[int] = []
    for path in (database, Path(f"{database}-wal"), folder.log_path):
        try:
            facts = path.stat()
            # Whoever only reads makes an empty write-ahead log.
            found += (facts.st_mtime_ns, facts.st_size) if facts.st_size else (0, 0)
        except OSError:
            found += (0, 0)
    return tuple(found)
