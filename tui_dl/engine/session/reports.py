"""What a session says about itself: scalars, status, rates, and the record of what was done to it."""

from __future__ import annotations

import math
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tui_dl.engine.session.skipped import skipped_words
from tui_dl.wire.messages import (
    ELAPSED_S,
    EvaluationRecorded,
    Noticed,
    ReadingTaken,
    RecordedEvent,
    StatusChanged,
    StepsRecorded,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    import numpy.typing as npt

    from tui_dl.engine.serving.outbox import Sink
    from tui_dl.engine.training.scalars import StepScalars
    from tui_dl.engine.training.trainer import Trainer
    from tui_dl.wire.snapshots import Reading

# Nobody paints more often. Each report wakes the other thread and the screen's process: at twice this rate,
# and with readings by themselves, that took a fiftieth of the training's speed.
FLUSH_EVERY_S: Final = 0.1
STATUS_EVERY_S: Final = 0.1
RATE_WINDOW_S: Final = 1.0


@final
class Rate:
    """Steps per second over about the last second of running, and the time spent running."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._running_since: float | None = None
        self._mark: tuple[float, int] = (0.0, 0)
        self._elapsed_s = 0.0
        self.steps_per_s = 0.0

    def start(self, step: int) -> None:
        """The run goes on."""
        if self._running_since is None:
            now = self._clock()
            self._running_since = now
            self._mark = (now, step)

    def stop(self) -> None:
        """The run rests."""
        self._elapsed_s = self.elapsed_s
        self._running_since = None
        self.steps_per_s = 0.0

    def tick(self, now: float, step: int) -> None:
        """Take note of where the run is."""
        since, first = self._mark
        if step < first:
            self._mark = (now, step)
        elif now - since >= (RATE_WINDOW_S if self.steps_per_s else RATE_WINDOW_S / 5):
            self.steps_per_s = (step - first) / (now - since)
            self._mark = (now, step)

    @property
    def elapsed_s(self) -> float:
        """Seconds spent running."""
        since = self._running_since
        return self._elapsed_s + (0.0 if since is None else self._clock() - since)

    @elapsed_s.setter
    def elapsed_s(self, value: float) -> None:
        self._elapsed_s = value


@final
class Reports:
    """Turns a trainer's numbers into messages, in order and no more often than anybody could look at them."""

    def __init__(
        self, trainer: Trainer, sink: Sink, clock: Callable[[], float], elapsed_s: Callable[[], float]
    ) -> None:
        self._trainer = trainer
        self._sink = sink
        self._clock = clock
        self._elapsed_s = elapsed_s
        self._flushed_at = -math.inf
        self._status_at = -math.inf
        self._status: StatusChanged | None = None
        # A flush at every epoch's end took 4 % of the time where an epoch is short.
        self._held: deque[EvaluationRecorded] = deque()
        self._readings: dict[type[Reading], ReadingTaken] = {}
        self.segment = 0
        self.last: dict[str, float] = {}
        """The newest step's values by name, as far as they were published; empty after going back."""

    def flush(self) -> None:
        """Publish steps (with one read from the device), evaluations and readings since the last time."""
        self._flushed_at = self._clock()
        held, self._held = self._held, deque()
        # What follows on a change of what is measured comes with a drain of its own.
        while (scalars := self._trainer.drain_scalars()).values.size:
            self._publish_in_order(scalars, held)
        for evaluation in held:
            self._sink.publish(evaluation)
        readings, self._readings = self._readings, {}
        for reading in readings.values():
            self._sink.publish(reading)

    def _publish_in_order(self, scalars: StepScalars, held: deque[EvaluationRecorded]) -> None:
        """Publish steps, and each evaluation right behind its step: the order depends on no clock."""
        values = np.asarray(scalars.values, dtype="<f8")
        names, first = tuple(scalars.names), scalars.first_step
        end = first + values.shape[1]
        while held and held[0].step < end:
            cut = held[0].step + 1
            if cut > first:
                self._publish(names, first, values[:, : cut - first])
                values, first = values[:, cut - first :], cut
            self._sink.publish(held.popleft())
        if first < end:
            self._publish(names, first, values)

    def _publish(self, names: tuple[str, ...], first_step: int, values: npt.NDArray[np.float64]) -> None:
        skipped = skipped_words(names, first_step, values)
        if skipped:
            self.notice(skipped)
        finite = np.isfinite(values)
        nonfinite: dict[str, list[int]] = {}
        if not finite.all():
            nonfinite = {
                name: np.flatnonzero(~finite[row]).tolist()
                for row, name in enumerate(names)
                if not finite[row].all()
            }
            values = np.where(finite, values, np.nan)
        self.last = dict(zip(names, values[:, -1].tolist(), strict=True))
        # Its columns are those of every step; time is read once a report, and is the last one's.
        times = np.full((1, values.shape[1]), np.nan)
        if first_step + values.shape[1] - 1 == self._trainer.step:
            times[0, -1] = self._elapsed_s()
        columns = np.concatenate([values, times]).astype("<f8", copy=False).tobytes()
        self._sink.publish(StepsRecorded(self.segment, first_step, (*names, ELAPSED_S), columns, nonfinite))

    def forget(self) -> None:
        """The position has changed: the newest step's values belong to the branch that was left."""
        self.last = {}
        self._readings.clear()

    def flush_if_due(self, now: float) -> None:
        """Publish if the last time was long enough ago."""
        if now - self._flushed_at >= FLUSH_EVERY_S:
            self.flush()

    def status_is_due(self, now: float) -> bool:
        """Whether a status may be published while running."""
        return now - self._status_at >= STATUS_EVERY_S

    def publish_status(self, status: StatusChanged) -> None:
        """Publish it unless it says nothing new."""
        self._status_at = self._clock()
        if status != self._status:
            self._status = status
            self._sink.publish(status)

    def evaluation(self, split: str, metrics: dict[str, float]) -> None:
        """Have the metrics of a whole split at this step published with the next flush."""
        trainer = self._trainer
        bad = tuple(sorted(name for name, value in metrics.items() if not math.isfinite(value)))
        values = {name: math.nan if name in bad else value for name, value in metrics.items()}
        self._held.append(EvaluationRecorded(self.segment, trainer.step, trainer.epoch, split, values, bad))

    def reading(self, step: int, reading: Reading) -> None:
        """Have what an instrument saw published with the next flush, unless it sees more before."""
        self._readings.pop(type(reading), None)
        self._readings[type(reading)] = ReadingTaken(self.segment, step, reading)

    def notice(self, words: str, level: Literal["info", "warning", "error"] = "warning") -> None:
        """Say something that the user should know, and keep it."""
        self._sink.publish(Noticed(level, words))
        self.record("notice", words)

    def record(self, kind: str, label: str, body: dict[str, Any] | None = None) -> None:
        """Keep what happened, with its step, in the run's database."""
        step = self._trainer.step
        self._sink.record(RecordedEvent(step, self.segment, kind, label, time.time(), body or {}))
