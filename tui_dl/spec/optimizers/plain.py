"""Optimizers that step along the gradient or its sign, all weights at one rate or each at its own."""

from typing import Annotated

from tui_dl.spec.component import described, number
from tui_dl.spec.optimizers.base import Fused, Momentum, Optimizer, Rate


class Sgd(Optimizer, frozen=True, tag="sgd"):
    """Stochastic gradient descent, with momentum (Polyak) and Nesterov's variant as options."""

    family = "sgd"
    source = "torch.optim.SGD"

    lr: Rate = 0.1
    momentum: Momentum = 0.0
    dampening: Annotated[
        float,
        number("Share of each gradient after the first that the momentum leaves out", ge=0, le=1),
    ] = 0.0
    nesterov: Annotated[
        bool, described("Look ahead along the momentum; needs momentum above 0 and no dampening")
    ] = False
    fused: Fused = True


class Asgd(Optimizer, frozen=True, tag="asgd"):
    """Gradient descent that also keeps the average of its weights (Polyak and Juditsky, 1992).

    The rate that an update uses was computed after the one before, as torch has it: a new rate counts one
    update later. The average is kept in the state; what is trained and evaluated are the weights themselves.
    """

    family = "asgd"
    source = "torch.optim.ASGD"

    lr: Rate = 0.01
    lambd: Annotated[
        float, number("Decay of weights and rate: rate = lr / (1 + lambd·lr·step)^alpha", ge=0, le=1000)
    ] = 1e-4
    alpha: Annotated[float, number("Power by which the rate falls", ge=0, le=10)] = 0.75
    t0: Annotated[float, number("Averaging begins there", ge=0, le=1e12, unit="updates")] = 1e6


class Rprop(Optimizer, frozen=True, tag="rprop"):
    """A step of its own for each weight, moved by the gradient's sign alone (Riedmiller and Braun, 1993).

    Meant for the whole training set as one batch: between mini-batches signs change by chance.
    """

    family = "rprop"
    source = "torch.optim.Rprop"

    lr: Annotated[
        float, number("Step of every weight at first; the schedule has no say later", ge=0, le=1e12)
    ] = 0.01
    eta_minus: Annotated[float, number("Factor on a step where the sign changed", gt=0, lt=1)] = 0.5
    eta_plus: Annotated[float, number("Factor on a step where the sign stayed", gt=1, le=1000)] = 1.2
    step_size_min: Annotated[float, number("Shortest step", ge=0, le=1e12)] = 1e-6
    step_size_max: Annotated[float, number("Longest step", gt=0, le=1e12)] = 50.0
