"""Schedules: factors on the base rate, pure functions of the step, so a swap of the optimizer keeps them."""

from typing import Annotated

from tui_dl.spec.component import Component, number

TotalSteps = Annotated[
    int, number("Steps until it ends; 0 means the planned length of the run", ge=0, le=10**12, unit="steps")
]


class Schedule(Component, frozen=True):
    """Base of all schedules."""


class Constant(Schedule, frozen=True, tag="constant"):
    """The base rate, always."""

    source = "torch.optim.lr_scheduler.ConstantLR with factor 1"


class StepDecay(Schedule, frozen=True, tag="step"):
    """Multiply the rate by gamma after every step_size steps."""

    source = "torch.optim.lr_scheduler.StepLR"

    step_size: Annotated[int, number("Steps between two drops", ge=1, le=10**12, unit="steps")] = 1000
    gamma: Annotated[float, number("Factor of each drop", ge=0, le=1000)] = 0.1


class Cosine(Schedule, frozen=True, tag="cosine"):
    """Half a cosine from the base rate down to min_factor times it (Loshchilov and Hutter, 2016)."""

    source = "torch.optim.lr_scheduler.CosineAnnealingLR"

    total_steps: TotalSteps = 0
    min_factor: Annotated[float, number("Share of the base rate at the end", ge=0, le=1)] = 0.0


AnySchedule = Constant | StepDecay | Cosine
