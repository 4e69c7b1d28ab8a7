"""The screen's mirror of a run: messages go in, panels read; it draws nothing and knows no terminal."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar, final

from tui_dl.spec.experiment import Experiment
from tui_dl.spec.lecture import Scene
from tui_dl.spec.metrics import MetricInfo
from tui_dl.spec.translate import ENGLISH, Words, words_of
from tui_dl.ui import run_intake
from tui_dl.ui.keys.keymap import DEFAULT_KEYMAP, Keymap
from tui_dl.ui.run_log import Level, LogEntry, add_entry
from tui_dl.ui.run_topics import ALL_TOPICS, Link, Topic
from tui_dl.wire.messages import (
    AnyMessage,
    EvaluationRecorded,
    LayerInfo,
    NonFiniteFound,
    PhaseReached,
    RateFound,
    RatesTried,
    ReadingTaken,
    RunDescribed,
    RunFailed,
    RunFinished,
    StatusChanged,
    StepsRecorded,
)
from tui_dl.wire.plans import Receipt
from tui_dl.wire.snapshots import ConfusionView, CurveView, Reading, RegionsView, SamplesView

__all__ = ["ALL_TOPICS", "Level", "Link", "LogEntry", "RunModel", "TaskView", "Topic"]

if TYPE_CHECKING:
    from tui_dl.history import SeriesStore
    from tui_dl.ui.lenses.store import Lenses
    from tui_dl.ui.variants import Variant

TaskView = CurveView | RegionsView | ConfusionView | SamplesView

_MOST_UNREAD: Final = 500
_WITHOUT_SPLIT: Final = frozenset({"data_loss", "penalty", "lr", "grad_norm", "epoch", "samples_seen"})
_R = TypeVar("_R", bound=Reading)


@final
@dataclass(slots=True)
class RunModel:
    """All that is known of one run. Not thread-safe: one task feeds it and the same loop reads it."""

    experiment: Experiment | None = None
    preset: str = ""
    language: str = ENGLISH
    """Of titles, notes and scenes, where the experiment has it."""
    keymap: Keymap = DEFAULT_KEYMAP
    """This user's keys: words about what to press name them."""
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
    rates: RatesTried | RateFound | None = None
    """What the search for a rate that this screen asked for has come to."""
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
    _unread: list[StepsRecorded | EvaluationRecorded] = field(default_factory=list)
    _lenses: "Lenses | None" = None
    _words: tuple[object, Words] | None = None

    @property
    def history(self) -> "SeriesStore":
        """All series so far. Loads numpy when it is first asked for, which is after the first paint."""
        if self._history is None or self._unread:
            self._settle()
        assert self._history is not None
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
        if self.is_compiling:
            return "compiling"
        told = ("loading", "connecting") if state == "starting" else ()
        return next((word for word in told if detail.startswith(word)), state)

    @property
    def is_compiling(self) -> bool:
        """Whether the engine is busy compiling a step: it makes no batches meanwhile."""
        return self.status.state in ("starting", "running") and self.status.detail.startswith("compiling")

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
        return math.ceil(left / self.experiment.training.samples_per_update)

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
        found = None if self._history is None and not self._unread else self.history.latest(metric)
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
            self.log("connection", detail or link, "error" if link == "failed" else "warning")
        return frozenset({"link", "status", "events"})

    def apply(self, message: AnyMessage) -> frozenset[Topic]:
        """Take a message in. Returns what it touched."""
        return run_intake.take(self, message)

    def note(self, text: str, level: Level = "info") -> frozenset[Topic]:
        """Add a line of the screen's own to the log."""
        self.log("screen", text, level)
        return frozenset({"events"})

    def log(self, kind: str, text: str, level: Level = "info", step: int | None = None) -> None:
        """Add a line to the log, at the present step unless another is given."""
        add_entry(
            self.events, LogEntry(time.time(), self.status.step if step is None else step, kind, text, level)
        )

    def restore(self, state: Mapping[str, Any]) -> None:
        """Begin with the series of an engine that has run before this screen came."""
        from tui_dl.history import SeriesStore

        self._history = SeriesStore.from_state(state)
        self._unread.clear()

    def take_numbers(self, message: StepsRecorded | EvaluationRecorded) -> None:
        """Keep numbers until somebody reads them: many come between two frames."""
        self._unread.append(message)
        if len(self._unread) > _MOST_UNREAD:
            self._settle()

    def _settle(self) -> None:
        from tui_dl.history import SeriesStore
        from tui_dl.history.intake import take_in_numbers

        if self._history is None:
            self._history = SeriesStore()
        unread, self._unread = self._unread, []
        take_in_numbers(self._history, unread)
