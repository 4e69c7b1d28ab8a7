"""Optimizers: how a gradient becomes a step. Names and, but for SGD's rate, defaults are torch's."""

from tui_dl.spec.optimizers.adams import Adam, Adamax, AdamW, NAdam, RAdam
from tui_dl.spec.optimizers.base import Beta, Decay, Eps, Fused, Momentum, Optimizer, Rate
from tui_dl.spec.optimizers.plain import Asgd, Rprop, Sgd
from tui_dl.spec.optimizers.scaled import Adadelta, Adafactor, Adagrad, RmsProp

AnyOptimizer = Sgd | Adam | AdamW | NAdam | RAdam | Adamax | RmsProp | Adagrad | Adadelta | Rprop | Asgd

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
    "Momentum",
    "NAdam",
    "Optimizer",
    "RAdam",
    "Rate",
    "RmsProp",
    "Rprop",
    "Sgd",
]
