"""What a presenter says and what must come true: notes, scenes, scripted changes, variants, expectations."""

from typing import Annotated, Any, Literal

from msgspec import Struct

from tui_dl.spec.component import described, number

AtStep = Annotated[int, number("Batch boundary: after this many updates", ge=0, le=10**12, unit="steps")]
ViewName = Literal["overview", "layers", "histograms", "optimizer", "task", "log", "loss"]
OptimizerState = Literal["fresh", "carry", "calibrate"]
Finite = Annotated[float, number("A number", ge=-1e300, le=1e300)]


class Translation(Struct, frozen=True, forbid_unknown_fields=True):
    """The words of a lecture in another language; what is missing stays English."""

    title: str = ""
    summary: str = ""
    notes: str = ""
    scenes: dict[str, str] = {}
    """Scene number, from "1", to that scene's note."""


class Lecture(Struct, frozen=True, forbid_unknown_fields=True):
    """What to look at, in Markdown. In TOML each other key of the table is a language."""

    notes: str = ""
    translations: dict[str, Translation] = {}


class Scene(Struct, frozen=True, forbid_unknown_fields=True):
    """With a screen the run pauses here until the presenter goes on."""

    at_step: AtStep
    view: Annotated[ViewName, described("The panel to show")] = "overview"
    note: str = ""
    pace: Annotated[float, number("Batches per second from here on; 0 is flat out", ge=0, le=1e6)] | None = (
        None
    )


class ScriptedChange(Struct, frozen=True, forbid_unknown_fields=True):
    """A change that the run makes by itself, at that batch boundary."""

    at_step: AtStep
    set: dict[str, Any]
    state: OptimizerState | None = None
    warmup_steps: Annotated[int, number("Steps over which the rate ramps up after it", ge=0, le=10**9)] = 0


class Variant(Struct, frozen=True, forbid_unknown_fields=True):
    """The same experiment with something else, run beside it."""

    name: Annotated[str, described("How expectations and legends call it", max_length=80)]
    set: dict[str, Any] = {}
    script: Annotated[bool, described("Whether the script's changes are made in it")] = True


class Reference(Struct, frozen=True, forbid_unknown_fields=True):
    """A bound taken from the same metric elsewhere: another variant, another step, times a factor."""

    variant: str | None = None
    at_step: AtStep | None = None
    times: Finite = 1.0


class Expectation(Struct, frozen=True, forbid_unknown_fields=True):
    """What --check verifies; exactly one of above, below and near, and one of at_step and at_end."""

    metric: str
    at_step: AtStep | None = None
    at_end: bool = False
    variant: str | None = None
    above: Finite | Reference | None = None
    below: Finite | Reference | None = None
    near: Finite | Reference | None = None
    tolerance: Annotated[float, number("Largest distance from near", ge=0, le=1e300)] | None = None
