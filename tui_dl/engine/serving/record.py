"""What the engine remembers of its run: the bounded history, the events, and the database on disk."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final, final

import numpy as np

from tui_dl.engine.serving.kept_readings import KeptReadings
from tui_dl.errors import RecordingFailed
from tui_dl.history.intake import joined, step_count, take_in, take_in_evaluations
from tui_dl.history.store import SeriesStore
from tui_dl.history.thinned import holds
from tui_dl.runs import BEFORE_ALL, RunReader
from tui_dl.wire.framing import frame
from tui_dl.wire.messages import (
    ChangeUndone,
    EvaluationRecorded,
    HistorySent,
    Message,
    ReadingTaken,
    RecordedEvent,
    Restarted,
    RunDescribed,
    RunFailed,
    RunFinished,
    StatusChanged,
    StepsRecorded,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui_dl.engine.serving.connection import Gap, Position
    from tui_dl.engine.serving.readings_file import ReadingsFile
    from tui_dl.runs import RunWriter

SHOWN_EVENTS: Final = frozenset(
    {"change", "undo", "restart", "notice", "nonfinite", "finished", "failed", "extend", "resume"}
)
MOST_EVENTS: Final = 2000
READ_AT_ONCE: Final = 1024
READINGS_EVERY_S: Final = 60.0
"""What an engine that is killed leaves of them is at most so old."""


@final
class Record:
    """Takes every message in, before any client gets it; used by the I/O thread alone once it is served.

    Args:
        writer: of the run's database; None records nothing on disk.
        readings: where the newest of what instruments read is kept for an engine that resumes the run.
    """

    def __init__(self, writer: RunWriter | None, readings: ReadingsFile | None = None) -> None:
        self.notice = ""
        """What is wrong with the recording; empty while all is well."""
        self.position: Position = BEFORE_ALL
        """(segment, step) of the last step taken in."""
        self.is_loaded = False
        """Whether what was recorded before this engine's time is here too."""
        self._writer = writer
        self._store = SeriesStore()
        self._events: list[RecordedEvent] = []
        self._readings = KeptReadings()
        self._readings_file = readings
        self._has_new_readings = False
        self._readings_written_s = time.monotonic()
        # Short epochs end a hundred times a second; taking in each piece by itself held up the training.
        self._steps: list[StepsRecorded] = []
        self._evaluations: list[EvaluationRecorded] = []
        self._state = ""
        self._reason = ""

    def load(self) -> None:
        """Read back what an earlier engine of this run has recorded."""
        if self._writer is not None:
            with RunReader(self._writer.path) as reader:
                for segment, parent, at_step in reader.segments():
                    if parent is None:
                        self._store.begin(segment)
                    else:
                        self._store.branch(segment, parent, at_step)
                for steps in reader.steps():
                    take_in(self._store, steps)
                    self._reach(steps)
                for evaluation in reader.evaluations():
                    take_in(self._store, evaluation)
                for event in reader.events():
                    self._remember(event)
                    if event.kind in ("change", "undo", "restart", "resume", "nonfinite"):
                        self._store.add_mark(event.step, event.segment, event.label, event.kind)
            if self._readings_file is not None:
                self._readings_file.read(self._readings, self._is_live)
        self.is_loaded = True

    def branch(self, segment: int, parent: int, at_step: int) -> None:
        """A resumed run goes on in a segment of its own."""
        self._store.branch(segment, parent, at_step)
        self._readings.keep(self._store.live())
        if self._writer is not None:
            self._writer.add_segment(segment, parent, at_step)

    def take(self, message: Message) -> None:
        """Take in what the training thread said."""
        match message:
            case StepsRecorded():
                self._steps.append(message)
                self._reach(message)
            case EvaluationRecorded():
                self._evaluations.append(message)
            case ReadingTaken() | StatusChanged(state=self._state):
                # Many a second, and nothing that is kept: what waits may wait on.
                pass
            case _:
                self._settle()
                take_in(self._store, message)
                match message:
                    case ChangeUndone() | Restarted():
                        self._readings.keep(self._store.live())
                    case RunDescribed():
                        self._readings.describe(tuple(layer.name for layer in message.layers))
                    case _:
                        pass
                if self._writer is not None:
                    self._write(self._writer, message)
                if isinstance(message, StatusChanged):
                    self._state = message.state

    def take_reading(self, message: ReadingTaken, body: bytes) -> None:
        """Keep a reading for whoever comes late; `body` is the frame that clients are sent."""
        self._readings.add(message, body)
        self._has_new_readings = True

    def add_event(self, event: RecordedEvent) -> None:
        """Keep an event."""
        self._remember(event)
        if self._writer is not None:
            self._writer.add_event(event)

    def commit(self) -> str:
        """Write what was taken in. Returns what went wrong, the first time that it does."""
        self._settle()
        if time.monotonic() - self._readings_written_s >= READINGS_EVERY_S:
            self._write_readings()
        if self._writer is None:
            return ""
        try:
            self._writer.commit()
        except RecordingFailed as error:
            self.notice = f"{error}; training goes on without"
            return self.notice
        return ""

    def close(self) -> None:
        """Write what is left."""
        self._write_readings()
        if self._writer is not None:
            self.commit()
            self._writer.close()

    # -- for clients that were not there (see `Past`) ----------------------------------------------------

    def history(self) -> bytes | None:
        """All of it in bounded size, as a frame."""
        if not self.is_loaded:
            return None
        self._settle()
        return frame(HistorySent(self._store.to_state(), tuple(self._events)))

    def past_readings(self, chunk_bytes: int) -> Iterator[bytes]:
        """The readings so far, as frames of about so many bytes."""
        return self._readings.frames(chunk_bytes)

    def steps(self, gap: Gap) -> Iterator[tuple[bytes, Position]] | None:
        """Every step in a gap, as frames with the position that each reaches."""
        if self._writer is None:
            return None
        self.commit()
        if self._writer.failure is not None:
            return None
        return self._read(gap)

    def _read(self, gap: Gap) -> Iterator[tuple[bytes, Position]]:
        assert self._writer is not None
        with RunReader(self._writer.path) as reader:
            evaluations = reader.evaluations(gap.after) if gap.with_evaluations else []
            evaluations.reverse()
            for steps in reader.steps(gap.after, READ_AT_ONCE):
                first, last = (steps.segment, steps.first_step), _last(steps)
                while evaluations and _place(evaluations[-1]) < first:
                    yield frame(evaluations.pop()), gap.after
                if first > gap.last:
                    break
                if last > gap.last:
                    steps, last = _cut(steps, gap.last[1]), gap.last
                yield frame(steps), last
            while evaluations and _place(evaluations[-1]) <= gap.last:
                yield frame(evaluations.pop()), gap.after

    # -- inside ----------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Take in the steps and evaluations that wait, as few large pieces."""
        if not self._steps and not self._evaluations:
            return
        steps, self._steps = joined(self._steps), []
        evaluations, self._evaluations = self._evaluations, []
        for message in steps:
            take_in(self._store, message)
        take_in_evaluations(self._store, evaluations)
        if self._writer is not None:
            for message in steps:
                self._writer.add_steps(message)
            for evaluation in evaluations:
                self._writer.add_evaluation(evaluation)

    def _write_readings(self) -> None:
        if self._readings_file is not None and self._has_new_readings:
            self._readings_file.write(self._readings)
        self._has_new_readings = False
        self._readings_written_s = time.monotonic()

    def _is_live(self, reading: ReadingTaken) -> bool:
        """Whether a reading is of the curve that was read back: not of steps that will be made once more."""
        return holds(self._store.live(), reading) and (reading.segment, reading.step) <= self.position

    def _reach(self, steps: StepsRecorded) -> None:
        self.position = max(self.position, _last(steps))

    def _remember(self, event: RecordedEvent) -> None:
        if event.kind in SHOWN_EVENTS:
            self._events.append(event)
            del self._events[:-MOST_EVENTS]

    def _write(self, writer: RunWriter, message: Message) -> None:
        match message:
            case ChangeUndone(segment, step, parent_segment):
                writer.add_segment(segment, parent_segment, step)
            case Restarted(segment):
                writer.add_segment(segment, None, 0)
            case StatusChanged(state, step=step):
                reason = self._reason if state == "finished" else ""
                writer.set_state(state, reason=reason, step=step)
            case RunFinished(reason):
                self._reason = reason
            case RunFailed(error):
                writer.set_state("failed", error=error)
            case RunDescribed():
                writer.set_meta(
                    pid=os.getpid(),
                    device=message.device,
                    threads=message.threads,
                    parameters=message.parameters,
                    total_steps=message.total_steps,
                    version=message.versions.get("tui-dl", ""),
                    torch=message.versions.get("torch", ""),
                )
            case _:
                pass


def _last(steps: StepsRecorded) -> Position:
    return (steps.segment, steps.first_step + step_count(steps) - 1)


def _cut(steps: StepsRecorded, last_step: int) -> StepsRecorded:
    """The same without what comes after a step: by now more may be on disk than was missing."""
    kept = last_step - steps.first_step + 1
    matrix = np.frombuffer(steps.columns, dtype="<f8").reshape(len(steps.names), -1)[:, :kept]
    nonfinite = {name: [at for at in places if at < kept] for name, places in steps.nonfinite.items()}
    columns = np.ascontiguousarray(matrix).tobytes()
    return StepsRecorded(
        steps.segment,
        steps.first_step,
        steps.names,
        columns,
        {name: places for name, places in nonfinite.items() if places},
    )


def _place(evaluation: EvaluationRecorded) -> Position:
    return (evaluation.segment, evaluation.step)
