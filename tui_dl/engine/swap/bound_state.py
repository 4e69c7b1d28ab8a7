"""Optimizers whose state holds for one objective alone: what a change of that objective does to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_dl.components.optimizers.translation import translation
from tui_dl.engine.swap.transfer import Transfer, plan_transfer
from tui_dl.errors import ChangeRefused, SpecError
from tui_dl.spec.optimizer_checks import refuse_moving_batches

if TYPE_CHECKING:
    from tui_dl.engine.parts.parts import Parts
    from tui_dl.spec.change import Edit
    from tui_dl.spec.experiment import Experiment
    from tui_dl.spec.lecture import OptimizerState

_HEADS = ("loss", "model", "regularizers")
_HARMLESS = "regularizers.early_stopping"


def refuse_moving(parts: Parts, new: Experiment) -> None:
    """Raises ChangeRefused where an optimizer would see another part of the data at each update."""
    if parts.splits is None:
        return
    try:
        refuse_moving_batches(new, len(parts.splits.train.inputs))
    except SpecError as error:
        raise ChangeRefused(str(error)) from error


def bound_transfer(
    parts: Parts,
    new: Experiment,
    found: tuple[Edit, ...],
    transfer: Transfer | None,
    state: OptimizerState | None,
) -> Transfer | None:
    """What becomes of the state after all: it is reset where it is of another function than what is to come.

    Args:
        parts: as they are.
        new: what will be running.
        found: where it differs.
        transfer: what was decided for the optimizer by itself; None where it stays.
        state: what was asked for.

    Raises:
        ChangeRefused: if such state was asked to be carried.
    """
    is_bound = translation(new.optimizer).is_bound_to_objective
    if not is_bound or (transfer is not None and transfer.mode != "carry"):
        return transfer
    if not any(edit.path.split(".")[0] in _HEADS and not edit.path.startswith(_HARMLESS) for edit in found):
        return transfer
    if state == "carry":
        name = new.optimizer.name
        raise ChangeRefused(f'state "carry": what {name} keeps is of the loss so far; use "fresh".')
    return plan_transfer(parts.experiment.optimizer, new.optimizer, "fresh")
