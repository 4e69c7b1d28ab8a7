"""Optimizers that divide by the size of past gradients, without a running mean of the gradient itself."""

from typing import Annotated

from tui_dl.spec.component import described, number
from tui_dl.spec.optimizers.base import Beta, Decay, Eps, Fused, Momentum, Optimizer, Rate


class RmsProp(Optimizer, frozen=True, tag="rmsprop"):
    """Divide by a running root mean square of the gradient (Hinton, 2012)."""

    family = "adam"  # its mean of squares is Adam's second moment
    source = "torch.optim.RMSprop"

    lr: Rate = 0.01
    alpha: Annotated[float, number("Decay of the running mean of squares", ge=0, lt=1, nudge="decay")] = 0.99
    eps: Eps = 1e-8
    momentum: Momentum = 0.0
    centered: Annotated[bool, described("Subtract the squared running mean: divide by the deviation")] = False


class Adagrad(Optimizer, frozen=True, tag="adagrad"):
    """Divide by the root of the sum of all squared gradients: steps only shrink (Duchi et al., 2011)."""

    family = "adagrad"
    source = "torch.optim.Adagrad"

    lr: Rate = 0.01
    lr_decay: Annotated[float, number("Decay of the rate with the step count", ge=0, le=1000)] = 0.0
    initial_accumulator_value: Annotated[
        float, number("What the sum of squares starts from", ge=0, le=1e6)
    ] = 0.0
    eps: Eps = 1e-10
    fused: Fused = True


class Adadelta(Optimizer, frozen=True, tag="adadelta"):
    """As long as its own recent steps, over the size of the gradient: hardly needs a rate (Zeiler, 2012)."""

    family = "adadelta"
    source = "torch.optim.Adadelta"

    lr: Annotated[float, number("Factor on the steps that it finds by itself", ge=0, le=1e12)] = 1.0
    rho: Beta = 0.9
    eps: Annotated[float, number("Added to both root mean squares; sets the first step", ge=1e-30, le=1)] = (
        1e-6
    )


class Adafactor(Optimizer, frozen=True, tag="adafactor"):
    """Squared gradients by rows and columns, steps relative to the weights (Shazeer and Stern, 2018)."""

    family = "adafactor"
    source = "torch.optim.Adafactor"

    lr: Annotated[
        float,
        number("Step relative to the root mean square of the weights; at most 1/√step", ge=0, le=1e12),
    ] = 0.01
    beta2_decay: Annotated[
        float, number("The k-th gradient counts k to this power in the means of squares", ge=-10, le=0)
    ] = -0.8
    eps1: Annotated[
        float, number("Least root mean square that is divided by (of float32 by default)", ge=1e-30, le=1)
    ] = 1.1920928955078125e-07
    eps2: Annotated[float, number("Least root mean square of weights that counts", ge=0, le=1)] = 1e-3
    d: Annotated[float, number("An update is cut to this root mean square", ge=1, le=1e6)] = 1.0
    weight_decay: Decay = 0.0
