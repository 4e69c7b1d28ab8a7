"""Writes a run's database, in batches, from one thread; gives up once and for all when the disk does."""

import json
import sqlite3
import time
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, final

import msgspec

from tui_dl.errors import RecordingFailed, RunUnreadable
from tui_dl.runs import schema
from tui_dl.runs.rows import evaluation_rows, step_count, step_rows
from tui_dl.wire.messages import EvaluationRecorded, RecordedEvent, RunState, StepsRecorded

COMMIT_EVERY_S: Final = 0.25
"""How often an engine should call `RunWriter.commit`: a killed engine loses at most the last half second."""

_BUSY_TIMEOUT_S: Final = 0.2
_LOCK_PATIENCE_S: Final = 20.0
# Each statement gives the interpreter to the training thread and has to ask for it back: many rows in one.
_VARIABLES_AT_ONCE: Final = 900
_JOURNALS: Final = ("WAL", "TRUNCATE", "DELETE")


@final
class RunWriter:
    """The one writer of a run's database; readers may read at any time.

    What is added waits in memory until `commit`. Everything but events is idempotent: a resumed run may
    record the same steps again. After the first failure nothing is written any more, and nothing else is
    raised: training goes on without, and the caller has been told once.

    Raises:
        RunUnreadable: if there is a file already that is no database of ours.
        RecordingFailed: if the folder can't be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failure: RecordingFailed | None = None
        """Why the recording stopped; None while it goes on."""
        self._steps: list[StepsRecorded] = []
        self._evaluations: list[EvaluationRecorded] = []
        self._events: list[RecordedEvent] = []
        self._segments: dict[int, tuple[int | None, int]] = {}
        self._meta: dict[str, Any] = {}
        self._locked_since: float | None = None
        self._connection = _open(path)
        self._columns = {name.casefold(): name for name in schema.step_columns(self._connection)}

    def add_steps(self, steps: StepsRecorded) -> None:
        """Add consecutive steps of a segment; one that is there already is replaced."""
        if self.failure is None:
            self._steps.append(steps)
            self._meta["step"] = steps.first_step + step_count(steps) - 1

    def add_evaluation(self, evaluation: EvaluationRecorded) -> None:
        """Add a split's evaluation."""
        if self.failure is None:
            self._evaluations.append(evaluation)

    def add_event(self, event: RecordedEvent) -> None:
        """Add a change, undo, restart, notice, ..."""
        if self.failure is None:
            self._events.append(event)

    def add_segment(self, segment: int, parent: int | None, at_step: int) -> None:
        """Say that a segment branched off after `at_step` of another; without a parent it starts afresh."""
        if self.failure is None:
            self._segments[segment] = (parent, at_step)

    def set_meta(self, **facts: str | int | float | None) -> None:
        """Set facts of the run by name."""
        self._meta.update(facts)

    def set_state(
        self, state: RunState, *, reason: str = "", step: int | None = None, error: str = ""
    ) -> None:
        """Say how the run stands, and why it ended if it did."""
        self.set_meta(state=state, reason=reason, error=error)
        if step is not None:
            self.set_meta(step=step)

    def truncate_after(self, segment: int, step: int) -> None:
        """Forget what was recorded after a position, on disk at once: a resume goes on from there.

        Raises RecordingFailed.
        """
        self.commit()
        if self.failure is not None:
            return
        tables = ("steps", "evaluations", "events")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for table in tables:
                self._connection.execute(
                    f"DELETE FROM {table} WHERE (segment, step) > (?, ?)", (segment, step)
                )
            self._connection.execute("DELETE FROM segments WHERE segment > ?", (segment,))
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._fail(error)

    def commit(self) -> None:
        """Write all that was added, in one transaction.

        A database that somebody else has locked is tried again at the next commit, for a while.

        Raises:
            RecordingFailed: once; afterwards this does nothing.
        """
        if self.failure is not None or not self._pending():
            return
        try:
            self._write()
        except sqlite3.Error as error:
            self._roll_back()
            if _is_lock(error) and self._may_wait():
                return
            self._fail(error)
        self._locked_since = None
        self._forget()

    def close(self) -> None:
        """Write what is left and close. Raises RecordingFailed if that is the first failure."""
        try:
            if self.failure is None:
                self.commit()
            else:
                self._save_last_words()
        finally:
            with suppress(sqlite3.Error):
                # Closing does this only for the last one who has the file open, and readers can't.
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            with suppress(sqlite3.Error):
                self._connection.close()

    def __enter__(self) -> "RunWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _pending(self) -> bool:
        return bool(self._steps or self._evaluations or self._events or self._segments or self._meta)

    def _forget(self) -> None:
        for buffer in (self._steps, self._evaluations, self._events):
            buffer.clear()
        self._segments.clear()
        self._meta.clear()

    def _write(self) -> None:
        execute, many = self._connection.execute, self._connection.executemany
        execute("BEGIN IMMEDIATE")
        for steps in self._steps:
            self._write_steps(steps)
        many(
            "INSERT OR REPLACE INTO evaluations VALUES (?, ?, ?, ?, ?, ?)",
            [row for evaluation in self._evaluations for row in evaluation_rows(evaluation)],
        )
        many(
            "INSERT INTO events (segment, step, time_s, kind, label, body) VALUES (?, ?, ?, ?, ?, ?)",
            [(e.segment, e.step, e.time_s, e.kind, e.label, _json(e.body)) for e in self._events],
        )
        many(
            "INSERT OR REPLACE INTO segments VALUES (?, ?, ?)",
            [(segment, parent, at_step) for segment, (parent, at_step) in self._segments.items()],
        )
        many("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(self._meta.items()))
        execute("COMMIT")

    def _write_steps(self, steps: StepsRecorded) -> None:
        names = [name for name in steps.names if name not in schema.RESERVED]
        for name in names:
            self._ensure_column(name)
        columns = ", ".join(("segment", "step", "nonfinite", *map(schema.quoted, names)))
        row_marks = f"({', '.join('?' * (3 + len(names)))})"
        at_once = max(1, _VARIABLES_AT_ONCE // (3 + len(names)))
        rows = step_rows(steps, names)
        while some := list(islice(rows, at_once)):
            marks = ", ".join([row_marks] * len(some))
            self._connection.execute(
                f"INSERT OR REPLACE INTO steps ({columns}) VALUES {marks}", list(chain.from_iterable(some))
            )

    def _ensure_column(self, name: str) -> None:
        # SQLite's names of columns know no case.
        if self._columns.get(name.casefold()) == name:
            return
        kind = "INTEGER" if name in schema.INTEGER_METRICS else "REAL"
        self._connection.execute(f"ALTER TABLE steps ADD COLUMN {schema.quoted(name)} {kind}")
        self._columns[name.casefold()] = name

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        with suppress(sqlite3.Error):
            # New columns were rolled back with the rest.
            self._columns = {name.casefold(): name for name in schema.step_columns(self._connection)}

    def _may_wait(self) -> bool:
        now = time.monotonic()
        if self._locked_since is None:
            self._locked_since = now
        return now - self._locked_since < _LOCK_PATIENCE_S

    def _fail(self, error: sqlite3.Error) -> None:
        self._roll_back()
        self.failure = RecordingFailed(f"recording stopped: {self.path}: {_words(error)}")
        self._forget()
        raise self.failure from error

    def _save_last_words(self) -> None:
        """Once more for the state alone: a disk that was full may have room for a few bytes by now."""
        facts, self._meta = self._meta, {}
        with suppress(sqlite3.Error):
            self._connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(facts.items()))


def _open(path: Path) -> sqlite3.Connection:
    """Open or make a database in the best journal mode that its file system bears."""
    problem: sqlite3.Error | None = None
    for journal in _JOURNALS:
        # The engine opens it in one thread and may commit in another, never in two at once.
        try:
            connection = sqlite3.connect(
                path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise RecordingFailed(f"{path}: cannot be opened for writing: {_words(error)}") from error
        try:
            _prepare(connection, journal)
            schema.check_version(connection, path)
        except sqlite3.Error as error:
            connection.close()
            if not isinstance(error, sqlite3.OperationalError):
                raise RunUnreadable(f"{path}: is damaged or no database ({error})") from error
            problem = error
        except RunUnreadable:
            connection.close()
            raise
        else:
            return connection
    assert problem is not None
    raise RecordingFailed(f"{path}: cannot be written: {_words(problem)}") from problem


def _prepare(connection: sqlite3.Connection, journal: str) -> None:
    """Set the journal and make the tables; the first write is what fails where the journal doesn't work."""
    connection.execute(f"PRAGMA journal_mode = {journal}").fetchone()
    # With WAL a crash of the process loses nothing, one of the machine the last commits, and never the file.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("BEGIN IMMEDIATE")
    for table in schema.TABLES:
        connection.execute(table)
    connection.execute("INSERT OR IGNORE INTO meta VALUES ('schema', ?)", (schema.SCHEMA_VERSION,))
    connection.execute("INSERT OR IGNORE INTO segments VALUES (0, NULL, 0)")
    connection.execute("COMMIT")


def _json(body: dict[str, Any]) -> str:
    try:
        return msgspec.json.encode(body).decode()
    except TypeError:
        return json.dumps(body, default=str)


def _is_lock(error: sqlite3.Error) -> bool:
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _words(error: sqlite3.Error) -> str:
    """The reason in the user's words."""
    # Errors that Python itself raises carry no code.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return {
        sqlite3.SQLITE_FULL: "the disk is full",
        sqlite3.SQLITE_READONLY: "it is read-only",
        sqlite3.SQLITE_CANTOPEN: "its folder is not there or may not be written",
        sqlite3.SQLITE_BUSY: "another program keeps it locked",
        sqlite3.SQLITE_LOCKED: "another program keeps it locked",
        sqlite3.SQLITE_IOERR: f"the disk could not be written ({error})",
        sqlite3.SQLITE_CORRUPT: "the file is damaged",
        sqlite3.SQLITE_NOTADB: "the file is damaged or no database",
    }.get(code, str(error))
