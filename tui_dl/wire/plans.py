"""What a change will do (plan) and what it did (receipt): the same four lists before and after."""

from typing import Any

from msgspec import Struct

from tui_dl.spec.lecture import OptimizerState


class RateOption(Struct, frozen=True):
    """One learning rate that could go with a new optimizer, and how long its first steps would be."""

    label: str
    """``default``, ``same number`` or ``matched``."""
    lr: float
    relative_update: float | None = None
    """Expected size of the next update divided by the recent ones; None where it can't be known."""


class Plan(Struct, frozen=True):
    """What a change would do, computed without touching it. Names are of state: ``optimizer.exp_avg``."""

    change: dict[str, Any]
    edits: tuple[tuple[str, str, str], ...] = ()
    """(dotted path, old, new) in words, in the order of the ingredients."""
    kept: tuple[str, ...] = ()
    reset: tuple[str, ...] = ()
    rescaled: tuple[str, ...] = ()
    converted: tuple[str, ...] = ()
    state: OptimizerState = "carry"
    """What happens to the optimizer's state; ``carry`` where the optimizer stays."""
    warmup_steps: int = 0
    restarts: bool = False
    """True for data, model and init: a fresh start by nature, to be confirmed by the user."""
    warnings: tuple[str, ...] = ()
    rate_options: tuple[RateOption, ...] = ()


class Receipt(Struct, frozen=True):
    """What a change did. The four lists equal its plan's."""

    step: int
    """Updates made when it took effect."""
    segment: int
    change: dict[str, Any]
    edits: tuple[tuple[str, str, str], ...] = ()
    kept: tuple[str, ...] = ()
    reset: tuple[str, ...] = ()
    rescaled: tuple[str, ...] = ()
    converted: tuple[str, ...] = ()
    state: OptimizerState = "carry"
    warmup_steps: int = 0
    probe_loss_before: float | None = None
    """Objective on the fixed probe batch in eval mode just before; None if not finite."""
    probe_loss_after: float | None = None
    relative_update: float | None = None
    """Size of the next update divided by the mean of the recent ones; None where unknown."""
    source: str = "user"
    """``user``, ``script``, ``scene``, or ``early_stopping`` that put the best weights back."""
