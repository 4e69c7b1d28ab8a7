"""Optimizers in torch, a file each: how it is built, what can be edited mid-run, what its state means."""

from tui_dl.components.optimizers import (  # noqa: F401 - each registers its builders
    adadelta,
    adafactor,
    adagrad,
    adam,
    adamax,
    asgd,
    lbfgs,
    muon,
    nadam,
    radam,
    rmsprop,
    rprop,
    sgd,
)
from tui_dl.components.optimizers.declared import (
    Moments,
    all_groups,
    base_rates,
    build_optimizer,
    described,
    edits_in_place,
    effective_step,
    hyperparameters,
    moments,
    rate_stand_in,
    slots,
    switches,
)

__all__ = [
    "Moments",
    "all_groups",
    "base_rates",
    "build_optimizer",
    "described",
    "edits_in_place",
    "effective_step",
    "hyperparameters",
    "moments",
    "rate_stand_in",
    "slots",
    "switches",
]
