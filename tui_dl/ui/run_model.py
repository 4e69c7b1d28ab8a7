"""The screen's mirror of a run: messages go in, panels read; knows no Textual and no terminal."""

import contextlib
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, final

import msgspec

from tui_dl.spec.experiment import Experiment
from tui_dl.spec.lecture import Scene
from tui_dl.spec.metrics import MetricInfo
from tui_dl.spec.translate import ENGLISH, Words, words_of
from tui_dl.ui.numerals import number
from tui_dl.wire.messages import (
    AnyMessage,
    ChangeApplied,
    ChangeUndone,
    EvaluationRecorded,
    ExpectationChecked,
    HistorySent,
    LayerInfo,
    NonFiniteFound,
    Noticed,
    PhaseReached,
    ReadingTaken,
    RecordedEvent,
    Restarted,
    RunDescribed,
    RunFailed,
    RunFinished,
    SceneReached,
    StatusChanged,
    StepsRecorded,
    Welcomed,
)
from tui_dl.wire.plans import Receipt
from tui_dl.wire.snapshots import (
    ConfusionView,
    CurveView,
    HistogramsRead,
    LayersRead,
    OptimizerRead,
    Reading,
    RegionsView,
    SamplesView,
)

if TYPE_CHECKING:
    from tui_dl.history import SeriesStore
    from tui_dl.ui.lenses.store import Lenses
    from tui_dl.ui.variants import Variant

Topic = Literal[
    "link", "experiment", "status", "series", "events", "phase", "layers", "histograms", "optimizer", "task"
]
"""What a message touched: panels repaint by topic."""
Link = Literal["connecting", "live", "lost", "failed", "closed"]
Level = Literal["info", "good", "warning", "error"]
TaskView = CurveView | RegionsView | ConfusionView | SamplesView

ALL_TOPICS: Final[frozenset[Topic]] = frozenset(
    ("link", "experiment", "status", "series", "events", "phase", "layers", "histograms", "optimizer", "task")
)
MAX_EVENTS: Final = 2000
MAX_RECEIPTS: Final = 500
_WITHOUT_SPLIT: Final = frozenset({"data_loss", "penalty", "lr", "grad_norm", "epoch", "samples_seen"})
_R = TypeVar("_R", bound=Reading)


@final
@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the log; `time_s` is Unix time."""

    time_s: float
    step: int
    kind: str
    text: str
    level: Level = "info"


@final
@dataclass(slots=True)
class RunModel:
    """All that is known of one run. Not thread-safe: one task feeds it and the same loop reads it."""

    experiment: Experiment | None = None
    preset: str = ""
    language: str = ENGLISH
    """Of titles, notes and scenes, where the experiment has it."""
    link: Link = "connecting"
    link_detail: str = ""
    run: str = ""
    path: str = ""
    pid: int = 0
    """Of the engine, on its own machine."""
    controls: bool = False
    described: RunDescribed | None = None
    status: StatusChanged = field(
        default_factory=lambda: StatusChanged(state="starting", detail="starting the engine")
    )
    readings: dict[type[Any], ReadingTaken] = field(default_factory=dict)
    events: list[LogEntry] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    """Of the changes so far, the newest last; those that were undone as well."""
    is_undone: bool = False
    """Whether the newest of these was taken back."""
    phases: list[PhaseReached] = field(default_factory=list)
    nonfinite: NonFiniteFound | None = None
    finished: RunFinished | None = None
    failed: RunFailed | None = None
    scene: int | None = None
    scene_waiting: bool = False
    goal: tuple[int, int] | None = None
    """While a number of batches is made: the step it began at and the one it ends at."""
    stalled_s: int = 0
    """How long no step or answer has come that should have; 0 while all is well."""
    retry_s: int | None = None
    """Until the next try to connect; None while there is a connection."""
    loading_s: int = 0
    """How long the engine has been loading."""
    ghost_labels: dict[int, str] = field(default_factory=dict)
    """Segment to the words of what an undo took back from it."""
    beside: "list[Variant]" = field(default_factory=list)
    """Runs that go beside this one and are drawn over its curves."""
    _history: "SeriesStore | None" = None
    _lenses: "Lenses | None" = None
    _words: tuple[object, Words] | None = None

    @property
    def history(self) -> "SeriesStore":
        """All series so far. Loads numpy when it is first asked for, which is after the first paint."""
        if self._history is None:
            from tui_dl.history import SeriesStore

            self._history = SeriesStore()
        return self._history

    @property
    def lenses(self) -> "Lenses":
        """The readings so far, as histograms and series over time. Loads numpy, as the history does."""
        if self._lenses is None:
            from tui_dl.ui.lenses.store import Lenses

            self._lenses = Lenses()
        return self._lenses

    # -- what panels ask -------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """The run's state as the screen names it: the engine's, or the link's where nothing is heard."""
        if self.link == "live" or (self.link == "connecting" and self.described is None):
            if self.stalled_s:
                return "stalled"
            return self._engine_state()
        return {"lost": "disconnected", "failed": "failed", "closed": "closed"}.get(self.link, "connecting")

    def _engine_state(self) -> str:
        """What the engine says of itself: in its first states the detail tells what it is about."""
        state, detail = self.status.state, self.status.detail
        if state in ("starting", "running") and detail.startswith("compiling"):
            return "compiling"
        told = ("loading", "connecting") if state == "starting" else ()
        return next((word for word in told if detail.startswith(word)), state)

    @property
    def receipt(self) -> Receipt | None:
        """What the newest change did."""
        return self.receipts[-1] if self.receipts else None

    @property
    def is_running(self) -> bool:
        """Whether batches are being made."""
        return self.link == "live" and self.status.state == "running"

    @property
    def can_steer(self) -> bool:
        """Whether a command would be obeyed."""
        return self.link == "live" and self.controls and self.described is not None and self.failed is None

    @property
    def next_scene(self) -> Scene | None:
        """The scene that the run comes to next; None if there is none."""
        if self.experiment is None:
            return None
        place = 0 if self.scene is None else self.scene + 1
        scenes = self.experiment.scenes
        return scenes[place] if 0 <= place < len(scenes) else None

    @property
    def words(self) -> Words:
        """Title, summary, notes and scenes in the user's language; empty before the experiment is known."""
        if self.experiment is None:
            return Words(self.preset, "", "", ())
        key = (id(self.experiment), self.language)
        if self._words is None or self._words[0] != key:
            self._words = (key, words_of(self.experiment, self.language))
        return self._words[1]

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """The modules with parameters, in the order of the forward pass; empty before torch has loaded."""
        return () if self.described is None else self.described.layers

    @property
    def task_view(self) -> TaskView | None:
        """The newest view of the task, whichever kind it is."""
        taken = [
            self.readings[kind]
            for kind in (CurveView, RegionsView, ConfusionView, SamplesView)
            if kind in self.readings
        ]
        if not taken:
            return None
        reading = max(taken, key=lambda one: (one.segment, one.step)).reading
        assert isinstance(reading, TaskView)
        return reading

    @property
    def primary_metric(self) -> str:
        """The task's own first metric without its split: accuracy for classes; empty before it is known."""
        for info in () if self.described is None else self.described.metrics:
            split, _, name = info.name.rpartition(".")
            if split in ("", "validation", "train") and name not in {"loss", *_WITHOUT_SPLIT}:
                return name
        if self.experiment is None:
            return ""
        return "accuracy" if self.experiment.data.task == "classification" else "mse"

    @property
    def steps_left_in_epoch(self) -> int:
        """Batches until the present epoch is over; 0 before the run is known."""
        if self.described is None or self.experiment is None:
            return 0
        left = max(self.described.train_samples - self.status.epoch_samples, 0)
        return math.ceil(left / self.experiment.training.batch_size)

    def reading(self, kind: type[_R]) -> _R | None:
        """The newest reading of a kind."""
        taken = self.readings.get(kind)
        return taken.reading if taken is not None and isinstance(taken.reading, kind) else None

    def reading_step(self, kind: type[Reading]) -> int | None:
        """The step at which the newest reading of a kind was taken."""
        taken = self.readings.get(kind)
        return None if taken is None else taken.step

    def latest(self, metric: str) -> float | None:
        """The last value of a metric, perhaps not finite; None before there is one."""
        found = None if self._history is None else self._history.latest(metric)
        return None if found is None else found[1]

    def metric_info(self, metric: str) -> MetricInfo | None:
        """What the run declared about a metric, by its full name or without its split."""
        if self.described is None:
            return None
        short = metric.rpartition(".")[2]
        by_name = {info.name: info for info in self.described.metrics}
        return by_name.get(metric) or by_name.get(short)

    # -- what the link tells ---------------------------------------------------------------------------

    def set_link(self, link: Link, detail: str = "") -> frozenset[Topic]:
        """Take note of how the connection stands."""
        self.link, self.link_detail = link, detail
        if link in ("lost", "failed"):
            self._log("connection", detail or link, "error" if link == "failed" else "warning")
        return frozenset({"link", "status", "events"})

    def apply(self, message: AnyMessage) -> frozenset[Topic]:
        """Take a message in. Returns what it touched."""
        match message:
            case StepsRecorded() | EvaluationRecorded():
                return self._add_numbers(message)
            case StatusChanged():
                return self._take_status(message)
            case ReadingTaken():
                return self._take_reading(message)
            case PhaseReached():
                return self._add_phase(message)
            case Welcomed() | RunDescribed() | HistorySent():
                return self._begin(message)
            case ChangeApplied() | ChangeUndone() | Restarted():
                return self._turn(message)
            case _:
                return self._note(message)

    def note(self, text: str, level: Level = "info") -> frozenset[Topic]:
        """Add a line of the screen's own to the log."""
        self._log("screen", text, level)
        return frozenset({"events"})

    # -- one kind of message each ----------------------------------------------------------------------

    def _begin(self, message: Welcomed | RunDescribed | HistorySent) -> frozenset[Topic]:
        match message:
            case Welcomed():
                self.run, self.pid, self.controls = message.run, message.pid, message.controls
                self.link, self.link_detail = "live", message.refused
                return frozenset({"link", "status"})
            case RunDescribed():
                known = self.described
                self.described, self.experiment = message, message.experiment
                self.run, self.path = message.run, message.path or self.path
                if known is not None and [one.name for one in known.layers] != [
                    one.name for one in message.layers
                ]:
                    self.readings.clear()
                    self.lenses.clear()
                return frozenset(
                    {"experiment", "status", "series", "layers", "histograms", "optimizer", "task"}
                )
            case HistorySent():
                from tui_dl.history import SeriesStore

                self._history = SeriesStore.from_state(message.state)
                self.events.clear()
                self.receipts.clear()
                for event in message.events:
                    self._recall(event)
                return ALL_TOPICS

    def _add_numbers(self, message: StepsRecorded | EvaluationRecorded) -> frozenset[Topic]:
        from tui_dl.history.intake import take_in

        take_in(self.history, message)
        if isinstance(message, StepsRecorded):
            self.nonfinite = None
            if self.finished is not None and self.history.last_step("train.loss") > self.finished.step:
                self.finished = None
        return frozenset({"series"})

    def _take_status(self, message: StatusChanged) -> frozenset[Topic]:
        before = self.status
        self.status = message
        self.scene, self.scene_waiting = message.scene, message.scene_waiting
        touched: set[Topic] = {"status"}
        if not message.phase and self.phases:
            self.phases.clear()
            touched.add("phase")
        if message.notice and message.notice != before.notice:
            self._log("notice", message.notice, "warning")
            touched.add("events")
        if message.state == "running":
            self.finished = self.nonfinite = None
        else:
            self.goal = None
        if message.state != before.state and self.described is not None:
            self._log_state(message)
            touched.add("events")
        return frozenset(touched)

    def _log_state(self, message: StatusChanged) -> None:
        """Somebody who steps by hand changes the state twice a second: one line tells the newest."""
        if self.events and self.events[-1].kind == "state":
            self.events.pop()
        self._log("state", ": ".join(filter(None, (message.state, message.detail))), "info", message.step)

    def _take_reading(self, message: ReadingTaken) -> frozenset[Topic]:
        kind = type(message.reading)
        self.readings[kind] = self.lenses.take(message, self.history.lineage)
        topics: dict[type[Reading], Topic] = {
            LayersRead: "layers",
            HistogramsRead: "histograms",
            OptimizerRead: "optimizer",
        }
        return frozenset({topics.get(kind, "task")})

    def _add_phase(self, message: PhaseReached) -> frozenset[Topic]:
        if self.phases and self.phases[0].step != message.step:
            self.phases.clear()
        self.phases = [one for one in self.phases if one.phase != message.phase]
        self.phases.append(message)
        return frozenset({"phase"})

    def _turn(self, message: ChangeApplied | ChangeUndone | Restarted) -> frozenset[Topic]:
        from tui_dl.history.intake import receipt_label, take_in

        take_in(self.history, message)
        match message:
            case ChangeApplied(receipt):
                self._keep_receipt(receipt)
                self._log("change", receipt_label(receipt) + _effect(receipt), "good", receipt.step)
            case ChangeUndone():
                self.ghost_labels[message.parent_segment] = message.label
                back = f"took back {message.label}: from step {message.abandoned_step} to {message.step}"
                self._log("undo", back, "good", message.step)
                self.is_undone = _is_of_change(message.label)
            case Restarted():
                self.ghost_labels.setdefault(message.segment - 1, "before the restart")
                self._log("restart", message.label or f"restart with seed {message.seed}", "good", 0)
                self.phases.clear()
        self.nonfinite = self.finished = None
        return frozenset({"series", "events", "status", "phase"})

    def _note(self, message: AnyMessage) -> frozenset[Topic]:
        match message:
            case SceneReached():
                self.scene, self.scene_waiting = message.index, message.waiting
                scenes = self.words.scenes
                note = f": {scenes[message.index]}" if 0 <= message.index < len(scenes) else ""
                planned = () if self.experiment is None else self.experiment.scenes
                step = planned[message.index].at_step if 0 <= message.index < len(planned) else None
                self._log("scene", f"scene {message.index + 1}{note}", "info", step)
            case NonFiniteFound():
                from tui_dl.history.intake import take_in

                take_in(self.history, message)
                self.nonfinite = message
                where = f" in {message.layer}" if message.layer else ""
                words = f"non-finite {message.what}{where}; the update was not made"
                self._log("nonfinite", words, "error", message.step)
            case ExpectationChecked():
                value = "nothing" if message.value is None else f"{message.value:.4g}"
                verdict = "holds" if message.passed else "FAILS"
                text = f"{message.metric} {message.bound}: {value}, {verdict}"
                self._log("expectation", text, "good" if message.passed else "error", message.at_step)
            case Noticed():
                self._log("notice", message.text, message.level)
            case RunFinished():
                self.finished = message
                self._log(
                    "finished", f"finished ({message.reason}) at step {message.step}", "good", message.step
                )
            case RunFailed():
                self.failed = message
                self._log("failed", message.error, "error")
            case _:
                return frozenset()
        return frozenset(
            {"status", "events", "series"} if self.nonfinite is message else {"status", "events"}
        )

    def _recall(self, event: RecordedEvent) -> None:
        levels: dict[str, Level] = {"change": "good", "undo": "good", "restart": "good", "failed": "error"}
        self.events.append(
            LogEntry(event.time_s, event.step, event.kind, event.label, levels.get(event.kind, "info"))
        )
        if event.kind == "change" and "receipt" in event.body:
            with contextlib.suppress(msgspec.ValidationError):
                self._keep_receipt(msgspec.convert(event.body["receipt"], Receipt))
        if event.kind == "undo":
            self.is_undone = _is_of_change(event.label)
        if event.kind == "undo" and "parent_segment" in event.body:
            self.ghost_labels[int(event.body["parent_segment"])] = event.label

    def _keep_receipt(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)
        self.is_undone = False
        del self.receipts[:-MAX_RECEIPTS]

    def _log(self, kind: str, text: str, level: Level, step: int | None = None) -> None:
        if kind == "notice" and any(entry.text == text for entry in self.events[-5:]):
            # What is wrong with the recording is said once, and stands in the status besides.
            return
        self.events.append(
            LogEntry(time.time(), self.status.step if step is None else step, kind, text, level)
        )
        del self.events[:-MAX_EVENTS]


def _is_of_change(label: str) -> bool:
    """Whether what was taken back was a change, not a restart."""
    return not label.startswith("restart")


def _effect(receipt: Receipt) -> str:
    """What a change did to the loss of the fixed batch and to the size of the next update."""
    words = []
    if receipt.probe_loss_before is not None and receipt.probe_loss_after is not None:
        words.append(f"loss {number(receipt.probe_loss_before)} → {number(receipt.probe_loss_after)}")
    if receipt.relative_update is not None:
        words.append(f"next update ×{number(receipt.relative_update, 3)}")
    return f" ({', '.join(words)})" if words else ""
