"""Another precision: tried on the probe batch before it is promised, and what becomes of the scaler."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import torch

from tui_dl.engine.swap.update_size import gradients_at
from tui_dl.engine.training.modes import rehearsing
from tui_dl.engine.training.precision import Precision
from tui_dl.errors import ChangeRefused

if TYPE_CHECKING:
    from tui_dl.engine.parts.parts import Parts
    from tui_dl.spec.experiment import Experiment


def refuse_untrainable_precision(parts: Parts, new: Experiment) -> None:
    """Go forward and backward once on copies, as the change would have it.

    Raises:
        ChangeRefused: if torch can't do that here; says which operation and what would work.
    """
    name = new.training.precision
    if parts.probe is None or name == "float32":
        return
    tried = dataclasses.replace(parts, precision=Precision(name, parts.device))
    try:
        with rehearsing(tried):
            gradients_at(tried, *parts.probe)
    except (RuntimeError, NotImplementedError, torch.OutOfMemoryError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ChangeRefused(
            f"training.precision: {name} does not work on {parts.device}: {reason}; "
            "float32 works everywhere, bfloat16 on most devices."
        ) from error


def scaler_lists(parts: Parts, new: Experiment) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is kept and what is reset of float16's scaler; both empty where there is none."""
    if not parts.precision.scales:
        return (), ()
    return (("loss_scale",), ()) if new.training.precision == "float16" else ((), ("loss_scale",))
