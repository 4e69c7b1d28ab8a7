"""A change thought through: what it edits and what becomes of each piece of state. Nothing is touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from tui_dl.components.models import affine_maps
from tui_dl.components.optimizers import slots
from tui_dl.engine.swap.bound_state import bound_transfer, refuse_moving
from tui_dl.engine.swap.calibrate import refuse_uncalibratable
from tui_dl.engine.swap.foreign import refuse_foreign
from tui_dl.engine.swap.head import HeadChange, planned_head, trial_parts
from tui_dl.engine.swap.loss_change import head_lists, loss_warnings
from tui_dl.engine.swap.loss_scale import gradient_scale, new_objective, with_objective
from tui_dl.engine.swap.modules import planned_changes
from tui_dl.engine.swap.offers import rate_offers, rate_warnings
from tui_dl.engine.swap.precision import refuse_untrainable_precision, scaler_lists
from tui_dl.engine.swap.schedule_state import (
    PIECES,
    epoch_notes,
    rate_jump,
    refuse_uncounted,
    refuse_unevaluated,
    schedule_lists,
)
from tui_dl.engine.swap.transfer import Transfer, plan_transfer, rescalable
from tui_dl.engine.swap.words import label_of, plain_change, words
from tui_dl.engine.training.device import resolve_device
from tui_dl.errors import ChangeRefused, NotAvailable, SpecError
from tui_dl.spec.change import Edit, apply_change, edits
from tui_dl.spec.component import Component
from tui_dl.spec.optimizers import Adagrad, Rprop
from tui_dl.spec.plateau import PlateauState
from tui_dl.spec.validate import needs_fresh_start
from tui_dl.wire.plans import Plan, Receipt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_dl.engine.parts.parts import Parts
    from tui_dl.engine.swap.act import Outcome
    from tui_dl.engine.training.objective import Objective
    from tui_dl.spec.experiment import Experiment
    from tui_dl.spec.lecture import OptimizerState

STATES = ("fresh", "carry", "calibrate")


@final
@dataclass(frozen=True)
class Prepared:
    """A change that is ready to be made.

    Attributes:
        plan: what it will do.
        experiment: what will be running.
        edits: where the two differ.
        transfer: what becomes of the optimizer's state; None where the optimizer stays as it is.
        objective: of the changed experiment; None where it stays.
        scale: ρ, the factor from the old loss's gradients to the new one's; None where nothing is rescaled.
        head: what becomes of the last layer; None where it stays as it is.
    """

    plan: Plan
    experiment: Experiment
    edits: tuple[Edit, ...]
    transfer: Transfer | None
    objective: Objective | None
    scale: float | None
    head: HeadChange | None = None

    @property
    def does_something(self) -> bool:
        """False for a change to what is set already."""
        return bool(self.edits) or self.transfer is not None or self.plan.warmup_steps > 0

    @property
    def label(self) -> str:
        """The change in a few words."""
        return label_of(self.plan.edits) or ("optimizer state" if self.transfer else "warm-up")

    @property
    def single_field(self) -> str:
        """The path, if it edits one number or choice and nothing else; else empty."""
        if len(self.edits) != 1 or self.plan.restarts or self.plan.warmup_steps:
            return ""
        edit = self.edits[0]
        is_whole = any(isinstance(one, Component | tuple) for one in (edit.old, edit.new))
        return "" if is_whole or edit.old is None or edit.new is None else edit.path

    def receipt(self, step: int, outcome: Outcome | None = None) -> Receipt:
        """What was done: the plan's lists with what was measured."""
        plan = self.plan
        return Receipt(
            step=step,
            segment=0,
            change=plan.change,
            edits=plan.edits,
            kept=plan.kept,
            reset=plan.reset,
            rescaled=plan.rescaled,
            converted=plan.converted,
            state=plan.state,
            warmup_steps=plan.warmup_steps,
            probe_loss_before=outcome.probe_loss_before if outcome else None,
            probe_loss_after=outcome.probe_loss_after if outcome else None,
            relative_update=outcome.relative_update if outcome else None,
        )


def prepare(
    parts: Parts, step: int, change: Mapping[str, Any], state: OptimizerState | None, warmup_steps: int
) -> Prepared:
    """Think a change through.

    Raises:
        ChangeRefused: if it can't work; says why and what would.
    """
    _refuse_arguments(state, warmup_steps)
    if parts.is_foreign:
        refuse_foreign(parts, change)
    try:
        new = apply_change(parts.experiment, change)
    except SpecError as error:
        raise ChangeRefused(str(error)) from error
    found = edits(parts.experiment, new)
    said = plain_change(change)
    if any(needs_fresh_start(edit.path) for edit in found):
        return _fresh_start(parts, new, found, said, warmup_steps)
    return _ongoing(parts, step, new, found, said, state, warmup_steps)


def _refuse_arguments(state: object, warmup_steps: object) -> None:
    if state is not None and state not in STATES:
        raise ChangeRefused(f"state must be one of {', '.join(STATES)}, not {state!r}.")
    if isinstance(warmup_steps, bool) or not isinstance(warmup_steps, int) or not 0 <= warmup_steps <= 10**9:
        raise ChangeRefused(f"warmup_steps must be a whole number from 0 to 1e9, not {warmup_steps!r}.")


def _fresh_start(
    parts: Parts, new: Experiment, found: tuple[Edit, ...], change: dict[str, Any], warmup_steps: int
) -> Prepared:
    """Data, model, init, seed or device: everything is built anew."""
    try:
        resolve_device(new.training.device)
        if parts.splits is not None and new.data == parts.experiment.data:
            affine_maps(new.model, parts.splits.input_shape, parts.splits.outputs)
    except (NotAvailable, SpecError) as error:
        raise ChangeRefused(str(error)) from error
    plan = Plan(
        change=change,
        edits=tuple(words(edit) for edit in found),
        reset=(
            "weights",
            *(f"optimizer.{name}" for name in slots(parts.experiment.optimizer)),
            "position",
            *(PIECES if parts.rates.plateau != PlateauState() else ()),
        ),
        state="fresh",
        warmup_steps=warmup_steps,
        restarts=True,
        warnings=("a fresh start by nature: step 0 with new weights; the history stays.",),
    )
    return Prepared(plan, new, found, None, None, None)


def _ongoing(
    parts: Parts,
    step: int,
    new: Experiment,
    found: tuple[Edit, ...],
    change: dict[str, Any],
    state: OptimizerState | None,
    warmup_steps: int,
) -> Prepared:
    """Everything else: the weights go on."""
    refuse_unevaluated(parts, new)
    refuse_uncounted(parts, new)
    touched = {edit.path.split(".")[0] for edit in found}
    refuse_moving(parts, new)
    transfer = _transfer(parts, new, state, found)
    if "training.precision" in {edit.path for edit in found}:
        refuse_untrainable_precision(parts, new)
    changed = head = trial = None
    scale, warnings = None, _warnings(parts, new, found)
    if touched & {"loss", "regularizers"}:
        changed, dropped = new_objective(parts, new)
        head = planned_head(parts, new)
        trial = with_objective(trial_parts(parts, new, head) if head else parts, changed)
        warnings += loss_warnings(head, dropped)
    mode = transfer.mode if transfer else "carry"
    if "loss" in touched and mode == "carry" and trial is not None and has_state(parts):
        scalable = bool(rescalable(new.optimizer))
        scale = gradient_scale(parts, trial) if scalable else None
        if scalable and scale is None:
            warnings.append("the gradient on the probe batch is zero or not finite: no state is rescaled.")
    powers = rescalable(new.optimizer) if scale is not None else {}
    kept, converted, rescaled, reset = _lists(parts, step, transfer, powers)
    scheduled = schedule_lists(parts, new, new_objective=changed is not None)
    kept_scaler, reset_scaler = scaler_lists(parts, new)
    modules = planned_changes(parts, new)
    if head is not None:
        converted, reset = head_lists(parts, head, transfer, converted, reset)
    offers = rate_offers(parts, step, new, trial) if any(e.path == "optimizer" for e in found) else ()
    plan = Plan(
        change=change,
        edits=tuple(words(edit) for edit in found),
        kept=(*kept, *scheduled[0], *kept_scaler),
        reset=(*reset, *modules.reset, *scheduled[1], *reset_scaler),
        rescaled=rescaled,
        converted=(*converted, *modules.converted),
        state=mode,
        warmup_steps=warmup_steps,
        warnings=(
            *warnings,
            *(transfer.notes if transfer is not None else ()),
            *modules.warnings,
            *rate_warnings(offers, new),
            *epoch_notes(parts, new),
            *rate_jump(parts, step, new),
        ),
        rate_options=offers,
    )
    return Prepared(plan, new, found, transfer, changed, scale, head)


def _transfer(
    parts: Parts, new: Experiment, state: OptimizerState | None, found: tuple[Edit, ...]
) -> Transfer | None:
    """What becomes of the optimizer's state; None where nothing touches it."""
    touches = state in ("fresh", "calibrate") or any(edit.path.split(".")[0] == "optimizer" for edit in found)
    own = _own_transfer(parts, new, state, found) if touches else None
    return bound_transfer(parts, new, found, own, state)


def _own_transfer(
    parts: Parts, new: Experiment, state: OptimizerState | None, found: tuple[Edit, ...]
) -> Transfer:
    if not parts.knows_optimizer:
        if state in ("carry", "calibrate") and not any(edit.path == "optimizer" for edit in found):
            raise ChangeRefused(f'state "{state}": the present optimizer is not in the catalogue.')
        if state == "carry":
            raise ChangeRefused('state "carry": the present optimizer is not in the catalogue; use "fresh".')
        state = state or "fresh"
    transfer = plan_transfer(parts.experiment.optimizer, new.optimizer, state)
    if transfer.mode == "calibrate":
        refuse_uncalibratable(parts)
    return transfer


def _warnings(parts: Parts, new: Experiment, found: tuple[Edit, ...]) -> list[str]:
    warnings = []
    paths = {edit.path for edit in found}
    if "optimizer.initial_accumulator_value" in paths and isinstance(new.optimizer, Adagrad):
        warnings.append("initial_accumulator_value is where the sum begins: it counts with fresh state.")
    if "optimizer.lr" in paths and isinstance(new.optimizer, Rprop):
        warnings.append("rprop's lr is where its steps begin: it counts with fresh state.")
    if parts.is_foreign and "optimizer" in paths:
        decay = {group.get("weight_decay", 0) for group in parts.optimizer.param_groups} - {0}
        if decay and parts.experiment.optimizer.name != "adamw":
            warnings.append("the former optimizer's coupled weight_decay ends with it; add regularizers.l2.")
    return warnings


def _lists(
    parts: Parts, step: int, transfer: Transfer | None, powers: Mapping[str, int]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """kept, converted, rescaled and reset; before the first update no state appears in any."""
    base = ("weights", "position")
    if transfer is None:
        held = slots(parts.experiment.optimizer) if parts.knows_optimizer else ()
        transfer = Transfer("carry", kept=held)
    kept, converted, reset = transfer.kept, transfer.converted, transfer.reset
    if step == 0 and not has_state(parts) and transfer.mode != "calibrate":
        return base, (), (), ()
    rescaled = tuple(name for name in (*kept, *converted) if name in powers)
    kept = tuple(name for name in kept if name not in rescaled)
    named = [tuple(f"optimizer.{name}" for name in names) for names in (kept, converted, rescaled, reset)]
    return (*base, *named[0]), named[1], named[2], named[3]


def has_state(parts: Parts) -> bool:
    """Whether any update has left something in the optimizer's state."""
    for values in parts.optimizer.state.values():
        if "step" in values:
            if float(values["step"]) > 0:
                return True
        elif any(value is not None for value in values.values()):
            return True
    return False
