"""Rates that could go with a new optimizer, each with the length of its first step beside the last ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from msgspec import structs

from tui_dl.components.optimizers import rate_stand_in
from tui_dl.engine.swap.update_size import first_update_size, next_gradients, next_update_size, ratio
from tui_dl.wire.plans import RateOption

if TYPE_CHECKING:
    from tui_dl.engine.parts.parts import Parts
    from tui_dl.spec.experiment import Experiment

NOTABLE: Final = 3.0
LARGEST_RATE: Final = 1e12
_CLOSE: Final = math.log(1.25)


def rate_offers(parts: Parts, step: int, new: Experiment, trial: Parts | None) -> tuple[RateOption, ...]:
    """The new optimizer's default, the number that is set now, and the rate that matches recent updates.

    How long each first step would be is measured on the next batch, with state that begins from nothing; the
    matched rate is left out where the rate doesn't set the length.

    Args:
        parts: the run.
        step: updates made.
        new: the changed experiment.
        trial: the run with the changed objective (and head); None where neither changes.
    """
    gradients = next_gradients(parts)
    recent = next_update_size(parts, step, gradients)
    if trial is not None:
        gradients = next_gradients(trial)
    optimizer = new.optimizer
    default_lr = type(optimizer)().lr
    factor = parts.rates.factor(step)

    stand_in = rate_stand_in(optimizer)

    def relative(lr: float) -> float | None:
        size = first_update_size(trial or parts, stand_in or optimizer, lr * factor, gradients)
        return ratio(size, recent)

    same_lr = parts.experiment.optimizer.lr
    offers = [
        RateOption("default", default_lr, relative(default_lr)),
        RateOption("same number", same_lr, relative(same_lr)),
    ]
    # Updates are proportional to the rate: one at the default tells the rate for any size.
    at_default = offers[0].relative_update if stand_in is not None else None
    if at_default:
        matched = float(f"{default_lr / at_default:.3g}")
        if 0 < matched <= LARGEST_RATE and math.isfinite(matched):
            offer = RateOption("matched", matched, relative(matched))
            # Where something else bounds the step (Adafactor's 1/√t, say), no rate matches.
            if offer.relative_update and abs(math.log(offer.relative_update)) < _CLOSE:
                offers.append(offer)
    if optimizer.lr not in (default_lr, same_lr):
        offers.append(RateOption("chosen", optimizer.lr, relative(optimizer.lr)))
    return tuple(structs.replace(offer, lr=float(offer.lr)) for offer in offers)


def rate_warnings(offers: tuple[RateOption, ...], new: Experiment) -> tuple[str, ...]:
    """What the chosen rate would do, if it is far from what the run is used to."""
    chosen = next((offer for offer in offers if offer.lr == new.optimizer.lr), None)
    if chosen is None or not chosen.relative_update:
        return ()
    size = chosen.relative_update
    if size > NOTABLE:
        return (f"at lr {chosen.lr:g} the first update is about {size:.3g} times as long as the last ones.",)
    if size < 1 / NOTABLE:
        return (
            f"at lr {chosen.lr:g} the first update is about {1 / size:.3g} times shorter than the last ones: "
            "training may look frozen.",
        )
    return ()
