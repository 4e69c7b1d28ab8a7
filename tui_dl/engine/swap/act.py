"""A prepared change made: small acts, each on its own piece. Whatever fails, the caller puts all back."""

from __future__ import annotations

import copy
import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import torch

from tui_dl.components.optimizers import all_groups, base_rates, build_optimizer, switches
from tui_dl.engine.parts.parts import Parts, build_parts
from tui_dl.engine.swap.calibrate import calibrated_states
from tui_dl.engine.swap.head import refit_head, task_of
from tui_dl.engine.swap.head_state import seed_new_rows
from tui_dl.engine.swap.modules import change_modules, fill_gaps
from tui_dl.engine.swap.transfer import rescalable, transferred
from tui_dl.engine.swap.update_size import next_gradients, next_update_size, ratio
from tui_dl.engine.training.evaluation import probe_loss
from tui_dl.engine.training.precision import Precision
from tui_dl.engine.training.probe_batch import first_samples
from tui_dl.errors import UsageError

if TYPE_CHECKING:
    from tui_dl.engine.swap.prepare import Prepared
    from tui_dl.spec.experiment import Experiment
    from tui_dl.spec.optimizers import AnyOptimizer

_WEIGHS: tuple[str, ...] = (
    "model",
    "loss",
    "optimizer",
    "schedule",
    "regularizers",
    "training.batch_size",
    "training.accumulate",
    "training.precision",
)
"""Edits after which the next update may have another size."""


@final
@dataclass(frozen=True)
class Outcome:
    """What a change came to.

    Attributes:
        parts: what is running now.
        probe_loss_before: objective on the probe batch in eval mode before; None if not finite.
        probe_loss_after: and after.
        relative_update: size of the next update over what it would have been; None where unknown.
    """

    parts: Parts
    probe_loss_before: float | None
    probe_loss_after: float | None
    relative_update: float | None


def act(prepared: Prepared, parts: Parts, step: int) -> Outcome:
    """Make the change. Objects that stay are edited in place; on an error some may be half edited.

    Raises:
        ChangeRefused: if calibration finds no batches.
    """
    _require_probe(parts)
    before = _finite(probe_loss(parts))
    if prepared.plan.restarts:
        fresh = build_parts(prepared.experiment)
        fresh.rates = fresh.rates.warmed_up_from(0, prepared.plan.warmup_steps)
        return Outcome(fresh, before, _finite(probe_loss(fresh)), None)
    weighs = _weighs(prepared)
    old_size = next_update_size(parts, step, next_gradients(parts)) if weighs else None
    after = copy.copy(parts)
    after.experiment = prepared.experiment
    if prepared.head is not None:
        after.experiment = parts.experiment  # whose optimizer it still is
        refit_head(after, prepared.head)
        after.experiment = prepared.experiment
    if prepared.objective is not None:
        after.objective = prepared.objective.on(after.parameters)
    if "loss" in {edit.path.split(".")[0] for edit in prepared.edits}:
        after.task = task_of(after)
    _change_model(after, parts.experiment, step)
    _change_training(after, parts.experiment)
    if prepared.transfer is not None:
        _change_optimizer(prepared, after, parts.experiment.optimizer)
    if after.gradients is not parts.gradients:
        fill_gaps(after)
    if prepared.scale is not None:
        _rescale(after, prepared.scale)
    if prepared.head is not None and (prepared.transfer is None or prepared.transfer.mode == "carry"):
        seed_new_rows(after, prepared.head)
    _change_rates(prepared, after, parts, step)
    new_size = next_update_size(after, step, next_gradients(after)) if weighs else None
    return Outcome(after, before, _finite(probe_loss(after)), ratio(new_size, old_size))


def _weighs(prepared: Prepared) -> bool:
    paths = [edit.path for edit in prepared.edits]
    return (
        prepared.transfer is not None
        or prepared.plan.warmup_steps > 0
        or any(path == each or path.startswith(f"{each}.") for path in paths for each in _WEIGHS)
    )


def _require_probe(parts: Parts) -> None:
    """Somebody's own run has its probe batch from its first batch."""
    if parts.probe is None:
        try:
            parts.probe = first_samples(*parts.batches.fetch())
        except UsageError:
            return


def _change_model(parts: Parts, old: Experiment, step: int) -> None:
    """Activations, norms, dropout: modules are replaced, parameters that stay are the same objects."""
    if not parts.is_foreign:
        change_modules(parts, old, step)


def _change_training(parts: Parts, old: Experiment) -> None:
    training = parts.experiment.training
    sizes = (training.batch_size, training.accumulate)
    if not parts.is_foreign and sizes != (old.training.batch_size, old.training.accumulate):
        parts.set_batch_size(*sizes)
    if training.precision != old.training.precision:
        parts.precision = Precision(training.precision, parts.device)
    if old.training.zero_grad and not training.zero_grad:
        # What the last batch has left would not be there in a run that was resumed here.
        parts.gradients.zero()


def _change_optimizer(prepared: Prepared, parts: Parts, old: AnyOptimizer) -> None:
    """Edit the optimizer in place where its class stays, else build the new one; then give it its state."""
    assert prepared.transfer is not None
    new = prepared.experiment.optimizer
    source = parts.optimizer
    states = dict(source.state)
    stays = parts.knows_optimizer and type(old) is type(new) and _is_fused(old) == _is_fused(new)
    if stays:
        for group, numbers in zip(source.param_groups, all_groups(new), strict=True):
            group.update(numbers)
        source.param_groups[0].update(switches(new))
        # A state that begins later looks there for where it begins.
        source.defaults.update(switches(new))
        source.state.clear()
    else:
        parts.optimizer = build_optimizer(new, list(parts.parameters))
        parts.knows_optimizer = True
    target = parts.optimizer.state
    if prepared.transfer.mode == "calibrate":
        target.update(calibrated_states(parts, new))
    elif prepared.transfer.mode == "carry":
        held = {parameter: states[parameter] for parameter in parts.parameters if parameter in states}
        target.update(transferred(prepared.transfer, old, new, held))


def _is_fused(optimizer: AnyOptimizer) -> bool:
    return bool(getattr(optimizer, "fused", False))


def _rescale(parts: Parts, scale: float) -> None:
    """m·ρ, v·ρ²: the next step is as long as it would have been."""
    powers = rescalable(parts.experiment.optimizer)
    with torch.no_grad():
        for values in parts.optimizer.state.values():
            for name, value in values.items():
                if name in powers:
                    value.mul_(scale ** powers[name])


def _change_rates(prepared: Prepared, parts: Parts, old: Parts, step: int) -> None:
    new = prepared.experiment
    rates = old.rates.rescheduled(new.schedule)
    if prepared.objective is not None:
        rates = rates.with_new_objective()
    if parts.is_foreign and old.rates.is_constant:
        # Until now the rates were the user's to write.
        rates = dataclasses.replace(
            rates, bases=tuple(float(group["lr"]) for group in old.optimizer.param_groups)
        )
    if prepared.transfer is not None and parts.knows_optimizer:
        rates = dataclasses.replace(rates, bases=base_rates(new.optimizer))
        for group, base in zip(parts.optimizer.param_groups, rates.bases, strict=True):
            group["lr"] = base
    parts.rates = rates.warmed_up_from(step, prepared.plan.warmup_steps)
    parts.plan_length(step)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
