"""Rates that could go with a new optimizer, each with the length of its first step beside the last ones."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Final

from msgspec import structs

from tui_dl.components.optimizers import rate_stand_in
from tui_dl.engine.swap.update_size import first_update_size, next_gradients, next_update_size, ratio
from tui_dl.wire.plans import RateOption

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_dl.engine.parts.parts import Parts
    from tui_dl.spec.experiment import Experiment

NOTABLE: Final = 3.0
LARGEST_RATE: Final = 1e12
_CLOSE: Final = math.log(1.1)
_TRIES: Final = 3


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

    @cache  # the default and the same number are often one
    def relative(lr: float) -> float | None:
        size = first_update_size(trial or parts, stand_in or optimizer, lr * factor, gradients)
        return ratio(size, recent)

    same_lr = parts.experiment.optimizer.lr
    offers = [
        RateOption("default", default_lr, relative(default_lr)),
        RateOption("same number", same_lr, relative(same_lr)),
    ]
    if stand_in is not None:
        offers += _matched(default_lr, offers[0].relative_update, relative)
    if optimizer.lr not in (default_lr, same_lr):
        offers.append(RateOption("chosen", optimizer.lr, relative(optimizer.lr)))
    return tuple(structs.replace(offer, lr=float(offer.lr)) for offer in offers)


def _matched(lr: float, size: float | None, relative: Callable[[float], float | None]) -> list[RateOption]:
    """The rate whose first update is as long as the recent ones; none where no rate makes it so.

    Most updates are proportional to the rate, so that the first try hits. Muon's has a part at a rate of its
    own, and takes another; Adafactor's is bounded by 1/√t, and may never get there.

    Args:
        lr: a rate.
        size: its update's length over the recent ones'.
        relative: the same for any rate.
    """
    for _ in range(_TRIES):
        if not size or not math.isfinite(lr / size):
            return []
        lr = float(f"{lr / size:.3g}")
        if not 0 < lr <= LARGEST_RATE:
            return []
        size = relative(lr)
        if size and abs(math.log(size)) < _CLOSE:
            return [RateOption("matched", lr, size)]
    return []


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
