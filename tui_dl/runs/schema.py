"""The tables of a run's database, and how it is opened: SQLite, for anyone's `sqlite3` or pandas.

    steps        one row a step, a column for each metric; key (segment, step)
    evaluations  one row a metric of a split
    events       every change, undo, restart, notice, ... with its step
    segments     which segment an undo branched off from, and where
    meta         facts of the run by name: state, pid, preset, started, step, reason, socket, ...

A value that is not finite is NULL, and its metric is named in the row's `nonfinite` (commas between names); a
NULL that is not named there was not measured. An evaluation's NULL value was not finite.
"""

import sqlite3
from pathlib import Path
from typing import Final

from tui_dl.errors import RunUnreadable

SCHEMA_VERSION: Final = 1
KEY_COLUMNS: Final = ("segment", "step")
RESERVED: Final = frozenset({*KEY_COLUMNS, "nonfinite"})
INTEGER_METRICS: Final = frozenset({"epoch", "samples_seen"})

TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS steps (
        segment INTEGER NOT NULL, step INTEGER NOT NULL, epoch INTEGER, samples_seen INTEGER,
        loss REAL, lr REAL, grad_norm REAL, nonfinite TEXT, PRIMARY KEY (segment, step)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS evaluations (
        segment INTEGER NOT NULL, step INTEGER NOT NULL, epoch INTEGER NOT NULL, split TEXT NOT NULL,
        metric TEXT NOT NULL, value REAL, PRIMARY KEY (segment, step, split, metric))""",
    """CREATE TABLE IF NOT EXISTS events (
        id INTEGER PRIMARY KEY, segment INTEGER NOT NULL, step INTEGER NOT NULL, time_s REAL NOT NULL,
        kind TEXT NOT NULL, label TEXT NOT NULL, body TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS segments (
        segment INTEGER PRIMARY KEY, parent INTEGER, at_step INTEGER NOT NULL)""",
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID",
)


def quoted(name: str) -> str:
    """A metric's name as a column's name; dots and all."""
    return '"' + name.replace('"', '""') + '"'


def step_columns(connection: sqlite3.Connection) -> list[str]:
    """The metrics that the table of steps has columns for, in the order of their first appearance."""
    rows = connection.execute("SELECT name FROM pragma_table_info('steps')").fetchall()
    return [name for (name,) in rows if name not in RESERVED]


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a database of a newer program. Raises RunUnreadable."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    version = row[0] if row else 0
    if version != SCHEMA_VERSION:
        raise RunUnreadable(
            f"{path}: written with database layout {version}, this program reads {SCHEMA_VERSION}; "
            "use the version of tui-dl that wrote it"
        )
