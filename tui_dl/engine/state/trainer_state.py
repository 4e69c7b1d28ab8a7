"""A run as plain tensors and numbers: what a checkpoint holds, loads with `weights_only=True`."""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import msgspec
from torch import Tensor

from tui_dl.components.optimizers import build_optimizer
from tui_dl.components.tasks import task_for
from tui_dl.engine.parts.fades import put_back, to_plain
from tui_dl.engine.parts.foreign_optimizer import described_optimizer
from tui_dl.engine.parts.loss_parts import former_loss, loss_function
from tui_dl.engine.parts.parts import Parts, build_parts
from tui_dl.engine.state.undo import boundary_random, summed_gradients
from tui_dl.engine.swap.modules import change_modules, module_changes
from tui_dl.engine.training.batches import Position
from tui_dl.engine.training.iterable_batches import IterableBatches
from tui_dl.engine.training.objective import objective
from tui_dl.engine.training.precision import Precision
from tui_dl.errors import ChangeRefused, SpecError, UsageError
from tui_dl.spec.change import apply_change, edits
from tui_dl.spec.losses import AnyLoss
from tui_dl.spec.plateau import PlateauState
from tui_dl.spec.preset import from_toml, to_toml
from tui_dl.spec.rates import Rates
from tui_dl.spec.validate import needs_fresh_start

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_dl.engine.training.batch_loop import BatchLoop
    from tui_dl.spec.experiment import Experiment

FORMAT: Final = 1


@final
@dataclass(frozen=True)
class Loaded:
    """A state put into parts."""

    parts: Parts
    step: int
    samples_seen: int


def save(loop: BatchLoop) -> dict[str, Any]:
    """Everything that a run goes on from, in copies, at the last batch boundary."""
    parts = loop.parts
    batches = parts.batches
    random = boundary_random(parts)
    model = _copied(parts.model.state_dict())
    if loop.before is not None:
        if not isinstance(batches, IterableBatches):
            random = loop.before[0]
        names = [name for name, _ in parts.model.named_buffers()]
        kept = {name: value for name, value in zip(names, loop.before[1], strict=True) if name in model}
        model.update(_copied(kept))
    position = batches.position
    rates = parts.rates
    return {
        "format": FORMAT,
        "experiment": to_toml(parts.experiment),
        "from_parts": parts.is_foreign,
        "optimizer_class": type(parts.optimizer).__name__,
        "model": model,
        "optimizer": _copied(parts.optimizer.state_dict()),
        "step": loop.step,
        "samples_seen": loop.samples_seen,
        "epoch": position.epoch,
        "epoch_samples": position.samples,
        "epoch_batches": position.batches,
        "random": _copied(list(random)),
        "epoch_random": _copied(list(batches.epoch_random)) if isinstance(batches, IterableBatches) else [],
        "loss_scaler": parts.precision.state(),
        "base_rates": list(rates.bases),
        "warmup_from": rates.warmup_from,
        "warmup_steps": rates.warmup_steps,
        "gradients": _copied(list(loop.sums or summed_gradients(parts))),
        "plateau": list(dataclasses.astuple(rates.plateau)),
        "fades": to_plain(parts.fades),
        "former_losses": [msgspec.to_builtins(each.spec) for each in parts.objective.former],
    }


def load(parts: Parts, state: Mapping[str, Any]) -> Loaded:
    """Put a state into parts: in place where the network is the same, else into parts built anew.

    Raises:
        UsageError: if it is not a trainer's state or not one of these parts; nothing is altered then.
    """
    _refuse_misfits(parts, state)
    try:
        experiment = from_toml(state["experiment"], "state", rehearse=False)
    except SpecError as error:
        raise UsageError(f"the state's experiment can't be read: {error}") from error
    fades = state.get("fades", ())
    needs_new = not parts.is_foreign and (
        bool(fades or parts.fades)
        or _needs_new_network(parts.experiment, experiment)
        or _has_other_head(parts, experiment)
    )
    target = build_parts(experiment) if needs_new else parts
    if fades:
        put_back(target, fades)
    _refuse_other_shapes(target, state)
    if parts.is_foreign:
        target = _foreign_target(parts, experiment, state)
    elif target is parts:
        target = _adjusted(parts, experiment)
    _fill(target, state)
    return Loaded(target, int(state["step"]), int(state["samples_seen"]))


def _needs_new_network(old: Experiment, new: Experiment) -> bool:
    """Whether the model that there is can't be made the other's by exchanging modules without parameters."""
    if any(needs_fresh_start(edit.path) for edit in edits(old, new)):
        return True
    return module_changes(old, new).alters_parameters


def extend(parts: Parts, step: int, epochs: object) -> None:
    """Plan more epochs.

    Raises:
        ChangeRefused: if it is no positive whole number, or more than an experiment may have.
    """
    if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 1:
        raise ChangeRefused(f"epochs must be a whole number of at least 1, not {epochs!r}.")
    wanted = max(parts.experiment.training.epochs, parts.batches.epoch) + epochs
    try:
        parts.experiment = apply_change(parts.experiment, {"training.epochs": wanted})
    except SpecError as error:
        raise ChangeRefused(str(error)) from error
    parts.plan_length(step)


def _refuse_misfits(parts: Parts, state: Mapping[str, Any]) -> None:
    needed = ("format", "experiment", "model", "optimizer", "step", "random", "base_rates")
    missing = [name for name in needed if name not in state]
    if missing:
        raise UsageError(f"this is not a trainer's state: {', '.join(missing)} is missing.")
    if state["format"] != FORMAT:
        raise UsageError(f"this state has format {state['format']}; this program reads format {FORMAT}.")
    if bool(state.get("from_parts")) != parts.is_foreign:
        kinds = ("an experiment", "somebody's own parts")
        there, here = (kinds[is_foreign] for is_foreign in (bool(state.get("from_parts")), parts.is_foreign))
        raise UsageError(f"this is the state of {there}, and the trainer was made from {here}.")


def _has_other_head(parts: Parts, experiment: Experiment) -> bool:
    """Whether the network has more or fewer outputs because its loss wants them."""
    if parts.splits is None:
        return False
    task, outputs = parts.splits.task, parts.splits.outputs
    present, saved = parts.experiment.loss.head(task), experiment.loss.head(task)
    return present.outputs(outputs) != saved.outputs(outputs)


def _refuse_other_shapes(parts: Parts, state: Mapping[str, Any]) -> None:
    present = {name: tuple(value.shape) for name, value in parts.model.state_dict().items()}
    saved = {name: tuple(value.shape) for name, value in state["model"].items()}
    for name in (*present, *saved):
        if present.get(name) != saved.get(name):
            there = f"has shape {saved[name]}" if name in saved else "is missing"
            here = f"has shape {present[name]}" if name in present else "is missing"
            raise UsageError(f"the state is of another model: {name} {there} in it and {here} here.")
    held = [len(group["params"]) for group in state["optimizer"]["param_groups"]]
    if sum(held) != len(parts.parameters):
        raise UsageError(
            f"the state's optimizer holds {sum(held)} parameters; here {len(parts.parameters)} are trained."
        )


def _adjusted(parts: Parts, experiment: Experiment) -> Parts:
    """The same network under another experiment; only modules without parameters are replaced."""
    after = copy.copy(parts)
    after.experiment = experiment
    change_modules(after, parts.experiment, None)
    after.optimizer = build_optimizer(experiment.optimizer, list(parts.parameters))
    after.precision = Precision(experiment.training.precision, parts.device)
    after.set_batch_size(experiment.training.batch_size, experiment.training.accumulate)
    return after


def _foreign_target(parts: Parts, experiment: Experiment, state: Mapping[str, Any]) -> Parts:
    after = copy.copy(parts)
    after.experiment = experiment
    if type(parts.optimizer).__name__ != state["optimizer_class"]:
        after.optimizer = build_optimizer(experiment.optimizer, list(parts.parameters))
        if type(after.optimizer).__name__ != state["optimizer_class"]:
            raise UsageError(
                f"the state is of {state['optimizer_class']}, and the trainer's optimizer is "
                f"{type(parts.optimizer).__name__}; make the trainer with one like it."
            )
    after.objective = objective(
        parts.objective.function, "", experiment.regularizers, parts.parameters, parts.objective.former
    )
    return after


def _fill(parts: Parts, state: Mapping[str, Any]) -> None:
    """Copy all values into parts that fit them."""
    parts.model.load_state_dict(state["model"])
    # A copy: torch takes tensors over where type and device fit, and later updates would write into them.
    parts.optimizer.load_state_dict(_copied(state["optimizer"]))
    parts.knows_optimizer = described_optimizer(parts.optimizer) is not None
    experiment = parts.experiment
    if not parts.is_foreign:
        assert parts.splits is not None
        declared = msgspec.convert(state.get("former_losses", []), list[AnyLoss])
        found = (former_loss(each, experiment.loss, parts.splits) for each in declared)
        function, loss_name = loss_function(experiment.loss, parts.splits)
        former = tuple(each for each in found if each is not None)
        classes = parts.splits.classes
        parts.objective = objective(
            function, loss_name, experiment.regularizers, parts.parameters, former, classes
        )
        parts.task = task_for(parts.splits, experiment.loss.head(parts.splits.task))
    parts.rates = Rates(
        tuple(map(float, state["base_rates"])),
        experiment.schedule,
        0,
        int(state.get("warmup_from", 0)),
        int(state.get("warmup_steps", 0)),
        PlateauState(*state.get("plateau", ())),
    )
    position = Position(int(state["epoch"]), int(state["epoch_samples"]), int(state["epoch_batches"]))
    random = tuple(each.cpu().clone() for each in state["random"])
    if isinstance(parts.batches, IterableBatches):
        parts.batches.return_to(position, tuple(each.cpu().clone() for each in state["epoch_random"]))
    else:
        parts.batches.seek(position)
    parts.random.state = random
    parts.precision.load(dict(state.get("loss_scaler", {})))
    parts.plan_length(int(state["step"]))
    if summed_gradients(parts):
        parts.gradients.fill(state["gradients"])
    parts.gradients.attach()


def _copied(value: Any) -> Any:
    """The same nested values with tensors of their own."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_copied(each) for each in value)
    return value
