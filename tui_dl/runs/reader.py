"""Reads a run's database at any time, also while its engine writes it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple, final

import msgspec

from tui_dl.errors import RunUnreadable
from tui_dl.runs import schema
from tui_dl.runs.rows import steps_messages
from tui_dl.wire.messages import EvaluationRecorded, RecordedEvent, StepsRecorded

BEFORE_ALL: Final = (-1, -1)
"""The position before the first step of the first segment."""

_BUSY_TIMEOUT_S: Final = 5.0


class SegmentRow(NamedTuple):
    """A segment goes on from `parent` after `at_step`; a fresh start has no parent."""

    segment: int
    parent: int | None
    at_step: int


@final
class RunReader:
    """A run's database, read-only; every method sees all that was committed by then.

    Raises:
        RunUnreadable: here and from every method, if the file is missing, damaged or of another program.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise RunUnreadable(f"{path}: there is no such file")
        with self._explained():
            self._connection = _open(path)
            schema.check_version(self._connection, path)

    def meta(self) -> dict[str, Any]:
        """Facts of the run by name."""
        with self._explained():
            return dict(self._connection.execute("SELECT key, value FROM meta"))

    def steps(self, after: tuple[int, int] = BEFORE_ALL, chunk: int = 4096) -> Iterator[StepsRecorded]:
        """All steps behind a position, oldest first, in messages of at most `chunk` consecutive steps.

        Args:
            after: (segment, step) of the last step that the caller has.
            chunk: steps that are read, and held in memory, at once.

        To follow a live run, call it again with the position of the last step: none is missed. No transaction
        is held between two chunks, so a slow caller keeps nothing from the writer.
        """
        while True:
            with self._explained():
                names = schema.step_columns(self._connection)
                columns = ", ".join(("segment", "step", "nonfinite", *map(schema.quoted, names)))
                rows = self._connection.execute(
                    f"SELECT {columns} FROM steps WHERE (segment, step) > (?, ?) "
                    "ORDER BY segment, step LIMIT ?",
                    (*after, chunk),
                ).fetchall()
            if not rows:
                return
            yield from steps_messages(rows, names)
            after = (rows[-1][0], rows[-1][1])

    def evaluations(self, after: tuple[int, int] = BEFORE_ALL) -> list[EvaluationRecorded]:
        """All evaluations behind a position, oldest first."""
        with self._explained():
            rows = self._connection.execute(
                "SELECT segment, step, epoch, split, metric, value FROM evaluations "
                "WHERE (segment, step) > (?, ?) ORDER BY segment, step, rowid",
                after,
            ).fetchall()
        found: dict[tuple[int, int, int, str], dict[str, float | None]] = {}
        for segment, step, epoch, split, metric, value in rows:
            found.setdefault((segment, step, epoch, split), {})[metric] = value
        return [
            EvaluationRecorded(
                *key,
                metrics={name: float("nan") if value is None else value for name, value in metrics.items()},
                nonfinite=tuple(name for name, value in metrics.items() if value is None),
            )
            for key, metrics in found.items()
        ]

    def events(self) -> list[RecordedEvent]:
        """All events in the order in which they happened."""
        with self._explained():
            rows = self._connection.execute(
                "SELECT step, segment, kind, label, time_s, body FROM events ORDER BY id"
            ).fetchall()
        return [
            RecordedEvent(step, segment, kind, label, time_s, msgspec.json.decode(body))
            for step, segment, kind, label, time_s, body in rows
        ]

    def segments(self) -> list[SegmentRow]:
        """All segments, ascending."""
        with self._explained():
            rows = self._connection.execute("SELECT segment, parent, at_step FROM segments ORDER BY segment")
            return [SegmentRow(*row) for row in rows]

    def last_position(self) -> tuple[int, int]:
        """(segment, step) of the last recorded step; `BEFORE_ALL` before there is one."""
        with self._explained():
            row = self._connection.execute(
                "SELECT segment, step FROM steps ORDER BY segment DESC, step DESC LIMIT 1"
            ).fetchone()
        return (row[0], row[1]) if row else BEFORE_ALL

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> "RunReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, msgspec.DecodeError) as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise RunUnreadable(f"{self.path}: another program keeps it locked") from error
            raise RunUnreadable(f"{self.path}: is damaged or no run's database ({error})") from error


def _open(path: Path) -> sqlite3.Connection:
    place = path.resolve().as_uri()
    connection = sqlite3.connect(
        f"{place}?mode=ro", uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
        # A WAL database in a folder that may not be written can't be shared with a writer; nor is there one.
        return sqlite3.connect(
            f"{place}?immutable=1", uri=True, isolation_level=None, check_same_thread=False
        )
    return connection
