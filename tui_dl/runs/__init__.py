"""Runs on disk: folder, database, liveness, listing.

An engine uses `hold_log`, `RunWriter` (add_*, commit every `COMMIT_EVERY_S`, close) and, to catch a client
up, `RunReader`; front ends use `find_run`, `list_runs`, `delete_run` and `RunReader`.
"""

from tui_dl.runs.folder import RunFolder, new_run, runs_home
from tui_dl.runs.listing import RunSummary, delete_run, find_live_run, find_run, list_runs, summarise
from tui_dl.runs.liveness import LogLock, hold_log, is_alive, lock_log
from tui_dl.runs.reader import BEFORE_ALL, RunReader, SegmentRow
from tui_dl.runs.writer import COMMIT_EVERY_S, RunWriter

__all__ = [
    "BEFORE_ALL",
    "COMMIT_EVERY_S",
    "LogLock",
    "RunFolder",
    "RunReader",
    "RunSummary",
    "RunWriter",
    "SegmentRow",
    "delete_run",
    "find_live_run",
    "find_run",
    "hold_log",
    "is_alive",
    "list_runs",
    "lock_log",
    "new_run",
    "runs_home",
    "summarise",
]
