"""Optimizers: how a gradient becomes a step.

Names and defaults are torch's, but for SGD's rate and L-BFGS's line search.
"""

from tui_dl.spec.optimizers.adams import Adam, Adamax, AdamW, NAdam, RAdam
from tui_dl.spec.optimizers.base import Beta, Decay, Eps, Fused, Momentum, Optimizer, Rate
from tui_dl.spec.optimizers.geometry import Lbfgs, Muon
from tui_dl.spec.optimizers.plain import Asgd, Rprop, Sgd
from tui_dl.spec.optimizers.scaled import Adadelta, Adafactor, Adagrad, RmsProp

AnyOptimizer = (
    Sgd
    | Adam
    | AdamW
    | NAdam
    | RAdam
    | Adamax
    | RmsProp
    | Adagrad
    | Adadelta
    | Adafactor
    | Muon
    | Rprop
    | Asgd
    | Lbfgs
)

__all__ = [
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "AnyOptimizer",
    "Asgd",
    "Beta",
    "Decay",
    "Eps",
    "Fused",
    "Lbfgs",
    "Momentum",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "Rate",
    "RmsProp",
    "Rprop",
    "Sgd",
]
