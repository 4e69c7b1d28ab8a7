"""Optimizers: how a gradient becomes a step. Names and, but for SGD's rate, defaults are torch's."""

from typing import Annotated, ClassVar

from tui_dl.spec.component import Component, described, number

Rate = Annotated[float, number("Base learning rate; the schedule multiplies it", ge=0, le=1e12)]
Beta = Annotated[float, number("Decay of the running mean", ge=0, lt=1, nudge="decay")]
Momentum = Annotated[float, number("Share of the last step that is carried on", ge=0, lt=1, nudge="decay")]
# Not 0: a weight without a gradient would be 0/0 and NaN at the first update.
Eps = Annotated[float, number("Added to the denominator", ge=1e-30, le=1)]
Fused = Annotated[
    bool, described("One fused kernel for all parameters; rounds differently from torch's default loop")
]


class Optimizer(Component, frozen=True):
    """Base of all optimizers."""

    family: ClassVar[str]
    """Optimizers of one family hold state of the same meaning, which a swap carries over."""


class Sgd(Optimizer, frozen=True, tag="sgd"):
    """Stochastic gradient descent, with momentum (Polyak) and Nesterov's variant as options."""

    family = "sgd"
    source = "torch.optim.SGD"

    lr: Rate = 0.1
    momentum: Momentum = 0.0
    nesterov: Annotated[bool, described("Look ahead along the momentum; needs momentum above 0")] = False
    fused: Fused = True


class Adam(Optimizer, frozen=True, tag="adam"):
    """Momentum and a rate of its own for each weight (Kingma and Ba, 2014)."""

    family = "adam"
    source = "torch.optim.Adam"

    lr: Rate = 0.001
    beta1: Beta = 0.9
    beta2: Beta = 0.999
    eps: Eps = 1e-8
    amsgrad: Annotated[bool, described("Use the largest second moment so far (Reddi et al., 2018)")] = False
    fused: Fused = True


class AdamW(Optimizer, frozen=True, tag="adamw"):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2017)."""

    family = "adam"
    source = "torch.optim.AdamW"

    lr: Rate = 0.001
    beta1: Beta = 0.9
    beta2: Beta = 0.999
    eps: Eps = 1e-8
    weight_decay: Annotated[
        float, number("Share of a weight removed per step, times the rate", ge=0, le=1000)
    ] = 0.01
    amsgrad: Annotated[bool, described("Use the largest second moment so far (Reddi et al., 2018)")] = False
    fused: Fused = True


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


AnyOptimizer = Sgd | Adam | AdamW | RmsProp | Adagrad
