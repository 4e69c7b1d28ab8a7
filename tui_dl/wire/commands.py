"""All that an engine can be told, each in the imperative; every one is answered at a boundary."""

from typing import Any, Literal

from msgspec import Struct

from tui_dl.spec.lecture import OptimizerState

ProbeName = Literal[
    "layers", "histograms", "optimizer", "task", "loss_shape", "loss_slice", "loss_surface", "matrix"
]


class Hello(Struct, frozen=True):
    """The first frame from a client."""

    protocol: int
    client: str
    """``ui``, ``headless``, ``python``, ``cli``."""
    control: bool = True
    """Asks to control; granted if no other client does."""
    scalars: Literal["bounded", "every_step"] = "bounded"
    """bounded: the past as one HistorySent; every_step: every StepsRecorded from step 1."""
    owner: bool = False
    """The run belongs to this client: when the connection ends, the run ends after its batch."""
    keep: bool = True
    """False, of an owner: the run's folder is deleted once it has ended so."""
    past_readings: bool = False
    """Also have what the instruments have seen so far sent, as PastReadings; only with bounded scalars."""


class Command(Struct, frozen=True, tag_field="type"):
    """Base of all commands."""


class Run(Command, frozen=True, tag="run"):
    """Go on until told otherwise, until the given step, the end of the present epoch, or the planned end."""

    until_step: int | None = None
    until_epoch_end: bool = False


class Pause(Command, frozen=True, tag="pause"):
    """Stop at the next batch boundary."""


class Step(Command, frozen=True, tag="step"):
    """Make this many batches, then pause; answered when they are made."""

    batches: int = 1


class StepPhase(Command, frozen=True, tag="step_phase"):
    """Complete the next phase of a batch, then pause inside it."""


class SetPace(Command, frozen=True, tag="set_pace"):
    """Batches per second; 0 is flat out."""

    batches_per_s: float


class PlanChange(Command, frozen=True, tag="plan_change"):
    """What would this change do? Answered by PlanMade to this client alone."""

    change: dict[str, Any]
    state: OptimizerState | None = None
    warmup_steps: int = 0


class ApplyChange(Command, frozen=True, tag="apply_change"):
    """Make the change at the next boundary."""

    change: dict[str, Any]
    state: OptimizerState | None = None
    warmup_steps: int = 0


class Undo(Command, frozen=True, tag="undo"):
    """Back to the newest undo point."""


class Restart(Command, frozen=True, tag="restart"):
    """From the same initial weights, or with a new seed; the history stays."""

    seed: int | None = None


class ExtendRun(Command, frozen=True, tag="extend"):
    """Plan this many more epochs and go on."""

    epochs: int
    goes_on: bool = True
    """False: stay as it is, paused or running."""


class Evaluate(Command, frozen=True, tag="evaluate"):
    """Evaluate a split now."""

    split: Literal["train", "validation", "test"] = "validation"


class MeasureMetrics(Command, frozen=True, tag="measure"):
    """Compute these metrics exactly, now, whatever the overhead budget; answered by MetricsMeasured."""

    metrics: list[str]


class FindRate(Command, frozen=True, tag="find_rate"):
    """Try growing rates from here on copies; answered once RateFound has come. Nothing of the run changes."""

    settings: dict[str, Any] = {}
    """Of `RateSearch`, those that are not at their defaults."""


class CancelRateSearch(Command, frozen=True, tag="cancel_rate_search"):
    """End the search that goes on; what it has found by then is told. Without one nothing happens."""


class GoToScene(Command, frozen=True, tag="scene"):
    """Move to the next (+1) or previous (-1) scene; from a waiting scene, +1 goes on."""

    move: int = 1


class Watch(Command, frozen=True, tag="watch"):
    """What this client shows now; only what some client names is measured. Observers may send it too."""

    probes: list[ProbeName]
    """In order of importance."""
    rate_hz: float = 10.0
    layer: str = ""
    """For a page about one layer; empty for all."""
    sample: int | None = None
    """Which validation sample the task's view shows in full; None for the one that fares worst."""
    grid: tuple[int, int] = (0, 0)
    """Columns and rows that a picture of the input plane is drawn with; 0 leaves it to the engine."""
    background: list[ProbeName] = []
    """What it may show later: measured every few seconds while it is connected, at a tenth of the budget at
    most, so that there is a past to show then."""
    reach: tuple[float, ...] = ()
    """Of a model with two trained numbers how far the paths on the screen come: lowest and highest of the
    first number, then of the second; empty leaves it to the engine."""


class SetBudget(Command, frozen=True, tag="set_budget"):
    """Share of the time that inspection may take, from 0 to 1."""

    share: float


class TakeControl(Command, frozen=True, tag="take_control"):
    """Become the one whose commands are obeyed."""


class SaveCheckpoint(Command, frozen=True, tag="save_checkpoint"):
    """Write a checkpoint; answered when it is on disk."""


class Stop(Command, frozen=True, tag="stop"):
    """Write a checkpoint and end the engine."""

    reason: Literal["stopped", "interrupted", "steps", "epochs"] = "stopped"
    keep: bool = True
    """False: the run's folder is deleted once the engine has ended (a cancelled run)."""


AnyCommand = (
    Run
    | Pause
    | Step
    | StepPhase
    | SetPace
    | PlanChange
    | ApplyChange
    | Undo
    | Restart
    | ExtendRun
    | Evaluate
    | MeasureMetrics
    | FindRate
    | CancelRateSearch
    | GoToScene
    | Watch
    | SetBudget
    | TakeControl
    | SaveCheckpoint
    | Stop
)


class Request(Struct, frozen=True):
    """A command with the number that its answer will carry."""

    id: int
    command: AnyCommand
