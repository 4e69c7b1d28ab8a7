"""What all optimizers have in common: their base, and the kinds of numbers that come again and again."""

from typing import Annotated, ClassVar

from tui_dl.spec.component import Component, described, number

Rate = Annotated[float, number("Base learning rate; the schedule multiplies it", ge=0, le=1e12)]
Beta = Annotated[float, number("Decay of the running mean", ge=0, lt=1, nudge="decay")]
Momentum = Annotated[float, number("Share of the last step that is carried on", ge=0, lt=1, nudge="decay")]
# Not 0: a weight without a gradient would be 0/0 and NaN at the first update.
Eps = Annotated[float, number("Added to the denominator", ge=1e-30, le=1)]
Decay = Annotated[float, number("Share of a weight removed per step, times the rate", ge=0, le=1000)]
Fused = Annotated[
    bool, described("One fused kernel for all parameters; rounds differently from torch's default loop")
]


class Optimizer(Component, frozen=True):
    """Base of all optimizers."""

    family: ClassVar[str]
    """Optimizers of one family hold state of the same meaning, which a swap carries over."""
