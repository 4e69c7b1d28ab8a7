"""Schedules: factors on the base rate, pure functions of the step, so a swap of the optimizer keeps them.

Lengths are in steps, which are updates made, or in epochs where `unit` says so; either way the rate may move
at each step. The base rate is the highest that they give (but for `step` and
`multi_step` with gamma above 1), so a rate that was found to be bearable stays so under any of them.
"""

from typing import Annotated, Literal

from tui_dl.spec.component import Component, described, number

MOST_STEPS = 10**12
LENGTH = "steps or epochs"

Unit = Annotated[
    Literal["steps", "epochs"],
    described(
        "What lengths are counted in, and what gamma falls by; epochs stay epochs under another batch size"
    ),
]
TotalSteps = Annotated[
    int,
    number("Length until it ends; 0 means the planned length of the run", ge=0, le=MOST_STEPS, unit=LENGTH),
]
Floor = Annotated[float, number("Lowest share of the base rate", ge=0, le=1)]
Drop = Annotated[float, number("Factor of each drop", ge=0, le=1000)]


class Schedule(Component, frozen=True):
    """Base of all schedules."""


class Constant(Schedule, frozen=True, tag="constant"):
    """The base rate, always."""

    source = "torch.optim.lr_scheduler.ConstantLR with factor 1"


class StepDecay(Schedule, frozen=True, tag="step"):
    """Multiply the rate by gamma after every step_size steps, or epochs."""

    source = "torch.optim.lr_scheduler.StepLR"

    step_size: Annotated[int, number("Length between two drops", ge=1, le=MOST_STEPS, unit=LENGTH)] = 1000
    gamma: Drop = 0.1
    unit: Unit = "steps"


class MultiStep(Schedule, frozen=True, tag="multi_step"):
    """Multiply the rate by gamma at each of the milestones."""

    source = "torch.optim.lr_scheduler.MultiStepLR"

    milestones: Annotated[
        tuple[Annotated[int, number("Where the rate drops", ge=1, le=MOST_STEPS, unit=LENGTH)], ...],
        described("Steps or epochs at which the rate drops", max_length=1000),
    ] = (1000, 2000)
    gamma: Drop = 0.1
    unit: Unit = "steps"


class Exponential(Schedule, frozen=True, tag="exponential"):
    """Multiply the rate by gamma after every step, or evenly over every epoch."""

    source = "torch.optim.lr_scheduler.ExponentialLR"

    gamma: Annotated[
        float, number("Share that is left after a step, or an epoch", ge=0, le=1, nudge="decay")
    ] = 0.999
    unit: Unit = "steps"


class Linear(Schedule, frozen=True, tag="linear"):
    """A straight line from start_factor to end_factor of the base rate."""

    source = "torch.optim.lr_scheduler.LinearLR"

    total_steps: TotalSteps = 0
    start_factor: Annotated[float, number("Share of the base rate at the beginning", ge=0, le=1)] = 1.0
    end_factor: Annotated[float, number("Share of the base rate at the end", ge=0, le=1)] = 0.0
    unit: Unit = "steps"


class Polynomial(Schedule, frozen=True, tag="polynomial"):
    """A power of what is left of the run: down to 0, the higher the power the sooner."""

    source = "torch.optim.lr_scheduler.PolynomialLR"

    total_steps: TotalSteps = 0
    power: Annotated[float, number("Exponent; 1 is a straight line", ge=0, le=100)] = 1.0
    unit: Unit = "steps"


class Cosine(Schedule, frozen=True, tag="cosine"):
    """Half a cosine from the base rate down to min_factor times it (Loshchilov and Hutter, 2016)."""

    source = "torch.optim.lr_scheduler.CosineAnnealingLR"

    total_steps: TotalSteps = 0
    min_factor: Annotated[float, number("Share of the base rate at the end", ge=0, le=1)] = 0.0
    unit: Unit = "steps"


class CosineRestarts(Schedule, frozen=True, tag="cosine_restarts"):
    """Half a cosine again and again, each time from the base rate (SGDR, Loshchilov and Hutter, 2016)."""

    source = "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts"

    first_steps: Annotated[
        int, number("Length until the first restart", ge=1, le=MOST_STEPS, unit=LENGTH)
    ] = 1000
    growth: Annotated[int, number("Each cycle is so many times as long as the one before", ge=1, le=1000)] = 1
    min_factor: Floor = 0.0
    unit: Unit = "steps"


class OneCycle(Schedule, frozen=True, tag="one_cycle"):
    """Up to the base rate and down to far below where it began (Smith and Topin, 2017).

    Torch's moves the momentum the other way besides. Here momentum and beta1 stay what the optimizer says:
    they are numbers that a change edits and a receipt reports, and of two writers one undoes the other.
    """

    source = "torch.optim.lr_scheduler.OneCycleLR with cycle_momentum=False"

    total_steps: TotalSteps = 0
    rise_share: Annotated[float, number("Share of the steps until the base rate is reached", ge=0, lt=1)] = (
        0.3
    )
    start_divisor: Annotated[float, number("It begins at the base rate over this", ge=1, le=1e12)] = 25.0
    end_divisor: Annotated[float, number("It ends at the beginning's rate over this", ge=1, le=1e12)] = 1e4
    shape: Annotated[Literal["cosine", "linear"], described("Course between the turning points")] = "cosine"
    three_phase: Annotated[
        bool, described("Come down as fast as it went up, then below; a rise_share under 0.5 leaves room")
    ] = False
    unit: Unit = "steps"


class Cyclic(Schedule, frozen=True, tag="cyclic"):
    """Up and down between min_factor and the base rate, in straight lines (Smith, 2015)."""

    source = "torch.optim.lr_scheduler.CyclicLR with cycle_momentum=False"

    up_steps: Annotated[int, number("Length of a rise", ge=1, le=MOST_STEPS, unit=LENGTH)] = 500
    down_steps: Annotated[
        int, number("Length of a fall; 0 means that of a rise", ge=0, le=MOST_STEPS, unit=LENGTH)
    ] = 0
    # Smith (2015), 3.3: the lowest rate is a third or a fourth of the highest.
    min_factor: Floor = 0.25
    mode: Annotated[
        Literal["triangular", "triangular2", "exp_range"],
        described(
            "What becomes of the height: it stays, is halved each cycle, or shrinks by gamma each step"
        ),
    ] = "triangular"
    gamma: Annotated[
        float,
        number("Share of the height left after a step of exp_range, or an epoch", ge=0, le=1, nudge="decay"),
    ] = 0.999
    unit: Unit = "steps"


class Plateau(Schedule, frozen=True, tag="plateau"):
    """Multiply the rate by factor when the validation loss at the epochs' ends no longer improves.

    It counts the evaluation at the end of each epoch and no other, so looking on changes nothing.
    """

    source = "torch.optim.lr_scheduler.ReduceLROnPlateau with eps=0"

    factor: Annotated[float, number("Factor of each drop", ge=0, lt=1)] = 0.1
    patience: Annotated[
        int,
        number("Evaluations without improvement that are borne", ge=0, le=10**9, unit="evaluations"),
    ] = 10
    threshold: Annotated[float, number("What counts as an improvement", ge=0, le=1e6)] = 1e-4
    threshold_mode: Annotated[
        Literal["rel", "abs"], described("Whether the threshold is a share of the best loss, or a difference")
    ] = "rel"
    cooldown: Annotated[
        int,
        number("Evaluations after a drop that are not counted", ge=0, le=10**9, unit="evaluations"),
    ] = 0
    min_factor: Floor = 0.0


AnyPlainSchedule = (
    Constant
    | StepDecay
    | MultiStep
    | Exponential
    | Linear
    | Polynomial
    | Cosine
    | CosineRestarts
    | OneCycle
    | Cyclic
    | Plateau
)


class Warmup(Schedule, frozen=True, tag="warmup"):
    """Climb in a straight line (Goyal et al., 2017), then follow another schedule from its beginning."""

    source = "torch.optim.lr_scheduler.SequentialLR of LinearLR and another"

    steps: Annotated[int, number("Length of the climb", ge=0, le=MOST_STEPS, unit=LENGTH)] = 100
    start_factor: Annotated[
        float, number("Share of the first rate of what follows that it begins with", ge=0, le=1)
    ] = 0.01
    after: Annotated[
        AnyPlainSchedule, described("What follows, counted from the climb's end; its length is what is left")
    ] = Constant()
    unit: Unit = "steps"


AnySchedule = AnyPlainSchedule | Warmup
