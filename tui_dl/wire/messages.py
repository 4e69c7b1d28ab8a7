"""All that an engine says, each a past event. Clients learn the state of a run from these alone."""

from typing import Any, Literal

from msgspec import Struct

from tui_dl.spec.experiment import Experiment
from tui_dl.spec.metrics import MetricInfo
from tui_dl.spec.rate_search import RateAdvice, RateCurve, RateSearch
from tui_dl.wire.plans import Plan, Receipt
from tui_dl.wire.snapshots import Reading

PROTOCOL = 4
"""Grows with every change of a message or command that an older end would misread."""

ELAPSED_S = "elapsed_s"
"""Name of a step's column that depends on the clock: seconds spent running up to then: waiting for the
pace counts, pauses don't.

It is taken with the last step of each report, at most a twentieth of a second apart; the others have NaN.
"""

PATH = ("path.x", "path.y", "path.to_x", "path.to_y")
"""Names of a step's columns that a model with exactly two trained numbers has: both before the update, and
both after it. The first is the one that the model declares first."""

UNLISTED = frozenset({ELAPSED_S, *PATH})
"""Columns of steps that are no metrics: JSON lines and tables leave them out."""

RunState = Literal["starting", "running", "paused", "finished", "failed"]
"""``dead`` is what others call a run whose engine is gone without having said finished or failed."""
FinishReason = Literal["steps", "epochs", "early_stopping", "stopped", "interrupted", "nonfinite"]
RateEnd = Literal["tried", "diverged", "nonfinite", "cancelled"]
"""All batches were tried, the loss rose far above its lowest, it is not finite, or somebody ended it."""


class Message(Struct, frozen=True, tag_field="type"):
    """Base of all that an engine says."""


class Welcomed(Message, frozen=True, tag="welcomed"):
    """First answer to a client's Hello."""

    protocol: int
    run: str
    pid: int
    version: str
    controls: bool
    """Whether this client's commands are obeyed; otherwise it only watches."""
    refused: str = ""
    """Why the connection ends here (another protocol, say); empty if it goes on."""


class LayerInfo(Struct, frozen=True):
    """A module with parameters of its own."""

    name: str
    kind: str
    output_shape: tuple[int, ...]
    """Without the batch."""
    parameters: int
    input_shape: tuple[int, ...] = ()
    """Without the batch."""
    multiply_adds: int = 0
    """Of one sample's forward pass, in dense layers and convolutions; each is two operations (FLOPs).

    Biases, norms and activations are not counted.
    """
    activation_bytes: int = 0
    """Outputs of one sample from this layer up to the next one, activation and dropout included."""


class RunDescribed(Message, frozen=True, tag="started"):
    """What is being trained: once torch has loaded, and again after each change, undo and restart."""

    run: str
    experiment: Experiment
    device: str
    threads: int
    parameters: int
    layers: tuple[LayerInfo, ...]
    metrics: tuple[MetricInfo, ...]
    """What a step and an evaluation report, declared before the first value."""
    versions: dict[str, str]
    train_samples: int
    validation_samples: int
    steps_per_epoch: int
    total_steps: int
    input_shape: tuple[int, ...]
    outputs: int
    class_names: tuple[str, ...] = ()
    segment: int = 0
    path: str = ""
    """The run's folder."""
    warmup_from: int = 0
    """The step at which the rate's present warm-up began."""
    warmup_steps: int = 0
    """Updates that it takes; 0 is none."""
    epoch_shift: int = 0
    """What a schedule in epochs adds to the step: the batch size was another one before."""
    multiply_adds: int = 0
    """Of one sample's forward pass; a batch costs about 3 times that much for each sample, and twice as many
    operations (FLOPs)."""
    activation_bytes: int = 0
    """Outputs of all layers for a batch, which are held until the backward pass."""


class StatusChanged(Message, frozen=True, tag="status"):
    """Where the run stands now; the newest replaces the ones before."""

    state: RunState
    detail: str = ""
    """In words: loading torch, paused by a scene, non-finite loss in layers.0, …"""
    segment: int = 0
    step: int = 0
    epoch: int = 0
    """Complete passes made."""
    epoch_samples: int = 0
    """Samples of this epoch used."""
    samples_seen: int = 0
    phase: str = ""
    """While micro-stepping: the phase just completed; empty at a batch boundary."""
    steps_per_s: float = 0.0
    pace: float = 0.0
    """0 is flat out."""
    epochs: int = 0
    total_steps: int = 0
    eta_s: float | None = None
    elapsed_s: float = 0.0
    """Time spent running."""
    overhead: float = 0.0
    """Share of the time that inspection took of late."""
    undo_depth: int = 0
    undo_label: str = ""
    """What the next undo would take back."""
    scene: int | None = None
    """Index of the scene that the run waits at or passed last."""
    scene_waiting: bool = False
    rate_scale: float = 1.0
    """Factor on the base rate that evaluations have led to so far; 1 unless the schedule follows them."""
    notice: str = ""
    """Something that is wrong but does not stop the training (recording stopped: disk full)."""


class StepsRecorded(Message, frozen=True, tag="steps"):
    """Consecutive steps of one segment, none skipped."""

    segment: int
    first_step: int
    names: tuple[str, ...]
    columns: bytes
    """float64 little-endian, names x steps; NaN where a value is not finite or was not measured."""
    nonfinite: dict[str, list[int]] = {}
    """By name: positions (0 is first_step) whose value was NaN or infinite."""


class EvaluationRecorded(Message, frozen=True, tag="evaluation"):
    """A whole split in eval mode."""

    segment: int
    step: int
    epoch: int
    split: str
    metrics: dict[str, float]
    nonfinite: tuple[str, ...] = ()


class HistorySent(Message, frozen=True, tag="history"):
    """All that happened before a client came (or fell behind), in bounded size: restores a SeriesStore."""

    state: dict[str, Any]
    events: tuple["RecordedEvent", ...] = ()


class RecordedEvent(Struct, frozen=True):
    """A change, undo, restart or notice as the run's database has it."""

    step: int
    segment: int
    kind: str
    label: str
    time_s: float
    """Unix time."""
    body: dict[str, Any] = {}


class PhaseReached(Message, frozen=True, tag="phase"):
    """A phase of a batch was completed while micro-stepping."""

    step: int
    """The update that this batch will make."""
    phase: str
    values: dict[str, float]
    facts: tuple[str, ...] = ()
    """In words: tensors and their shapes, bytes held, formulas with their numbers."""
    micro_batch: int = 1
    """Which of the batches that this update takes together, counted from 1."""
    micro_batches: int = 1


class ReadingTaken(Message, frozen=True, tag="reading"):
    """An instrument's newest view; replaces an older one of the same type."""

    segment: int
    step: int
    reading: Reading


class PastReadings(Message, frozen=True, tag="past_readings"):
    """Readings that were taken before a client came, in bounded number and in the order of the run.

    Sent behind HistorySent to whoever has asked for them (`Hello`), in several pieces, before newer readings
    of their types.
    """

    readings: tuple[ReadingTaken, ...]
    is_first: bool = False
    """The first piece of all: it and those that follow replace what the client may have from before."""


class PlanMade(Message, frozen=True, tag="plan"):
    """The answer to PlanChange."""

    plan: Plan


class ChangeApplied(Message, frozen=True, tag="change"):
    """A change took effect."""

    receipt: Receipt


class ChangeUndone(Message, frozen=True, tag="undo"):
    """The run is back at an undo point; ``segment`` is the new one, branching off at ``step``."""

    segment: int
    step: int
    parent_segment: int
    abandoned_step: int
    """How far the abandoned branch had come."""
    label: str


class Restarted(Message, frozen=True, tag="restart"):
    """A fresh start: step 0 of a new segment."""

    segment: int
    seed: int
    label: str


class SceneReached(Message, frozen=True, tag="scene"):
    """The run paused at a scene, or the presenter moved to it."""

    index: int
    waiting: bool


class NonFiniteFound(Message, frozen=True, tag="nonfinite"):
    """A loss or gradient is not finite; the update that would spread it was not made."""

    step: int
    """Updates made so far."""
    what: str
    layer: str


class ExpectationChecked(Message, frozen=True, tag="expectation"):
    """One of the preset's expectations met its step."""

    passed: bool
    metric: str
    variant: str | None
    at_step: int
    value: float | None
    bound: str
    """In words: above 0.9."""
    message: str = ""


class MetricsMeasured(Message, frozen=True, tag="measured"):
    """The answer to MeasureMetrics: exact values at this step; None if not finite or not defined here."""

    step: int
    values: dict[str, float | None]


class RatesTried(Message, frozen=True, tag="rates_tried"):
    """A search for a rate goes on: its curve so far, to the one who asked."""

    step: int
    search: RateSearch
    curve: RateCurve


class RateFound(Message, frozen=True, tag="rate_found"):
    """A search for a rate has come to its end, to the one who asked; nothing of the run has changed."""

    step: int
    """Updates made by the run: the search began at its weights and state, and they are still there."""
    search: RateSearch
    curve: RateCurve
    advice: RateAdvice
    ended: RateEnd


class Noticed(Message, frozen=True, tag="notice"):
    """Something a user should know."""

    level: Literal["info", "warning", "error"]
    text: str


class RunFinished(Message, frozen=True, tag="finished"):
    """The run came to its end. An engine with a screen stays and can be told to go on."""

    reason: FinishReason
    step: int
    checkpoint: str = ""
    """Path of the last state; empty if it could not be written, or the run keeps none."""


class RunFailed(Message, frozen=True, tag="failed"):
    """The engine can't go on."""

    error: str
    exit_code: int = 1


class Answered(Message, frozen=True, tag="answered"):
    """A request took effect, or did not."""

    request: int
    step: int
    error: str = ""
    """Empty if it took effect."""
    note: str = ""
    """What else happened: the batch in progress was finished first, steps were not all made, …"""


AnyMessage = (
    Welcomed
    | RunDescribed
    | StatusChanged
    | StepsRecorded
    | EvaluationRecorded
    | HistorySent
    | PhaseReached
    | ReadingTaken
    | PastReadings
    | PlanMade
    | ChangeApplied
    | ChangeUndone
    | Restarted
    | SceneReached
    | NonFiniteFound
    | ExpectationChecked
    | MetricsMeasured
    | RatesTried
    | RateFound
    | Noticed
    | RunFinished
    | RunFailed
    | Answered
)
