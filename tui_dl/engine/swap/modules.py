"""Activations, norms and dropout in a network that goes on: what a change does to them, said and done."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast, final

import torch
from torch import Tensor, nn

from tui_dl.components.norms import dropout_at, edited_norm, norms_at, preserve
from tui_dl.components.optimizers import build_optimizer
from tui_dl.engine.parts.fades import Fade, begin, settle
from tui_dl.engine.parts.parts import trainable
from tui_dl.engine.parts.places import leaves_traces, set_switches
from tui_dl.engine.training.gradients import GradientBuffer
from tui_dl.engine.training.modes import evaluating
from tui_dl.spec.activations import AnyActivation, PRelu
from tui_dl.spec.regularizers import BatchNorm, LayerNorm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch.utils.hooks import RemovableHandle

    from tui_dl.components.models import Stack
    from tui_dl.engine.parts.parts import Parts
    from tui_dl.spec.experiment import Experiment
    from tui_dl.spec.optimizers import AnyOptimizer

Norm = BatchNorm | LayerNorm


@final
@dataclass(frozen=True)
class ModuleChanges:
    """What becomes of the places behind the layers; what is not named stays.

    Attributes:
        activations: (place, the new one).
        norms: (place, the new one or None) where a norm comes, goes or is exchanged.
        edited_norms: (place, the norm) where only numbers of it change.
        dropouts: (place, probability).
        reset: names of modules whose parameters are let go, or begin from nothing.
        converted: names of norms that are set so as to preserve what the network computes.
        warnings: what somebody should know before.
    """

    activations: tuple[tuple[int, AnyActivation], ...] = ()
    norms: tuple[tuple[int, Norm | None], ...] = ()
    edited_norms: tuple[tuple[int, Norm], ...] = ()
    dropouts: tuple[tuple[int, float], ...] = ()
    reset: tuple[str, ...] = ()
    converted: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def alters_parameters(self) -> bool:
        """Whether parameters come or go."""
        return bool(self.reset or self.converted)


NOTHING: Final = ModuleChanges()


def module_changes(old: Experiment, new: Experiment) -> ModuleChanges:
    """What the step from one experiment to the other does; both have a model of the same shape."""
    before, after = old.model.each_activation, new.model.each_activation
    swapped = [
        (place, one) for place, one in enumerate(after) if place < len(before) and _swaps(before[place], one)
    ]
    learning = [f"activations.{place}" for place, one in swapped if PRelu in (type(before[place]), type(one))]
    had, have = norms_at(old.regularizers, old.model), norms_at(new.regularizers, new.model)
    pairs = list(enumerate(zip(had, have, strict=True)))
    exchanged = [(place, is_now) for place, (was, is_now) in pairs if type(was) is not type(is_now)]
    preserved = [place for place, one in exchanged if _preserves(one)]
    dropped = zip(
        dropout_at(old.regularizers, old.model), dropout_at(new.regularizers, new.model), strict=True
    )
    return ModuleChanges(
        activations=tuple(swapped),
        norms=tuple(exchanged),
        edited_norms=tuple(
            (place, is_now)
            for place, (was, is_now) in pairs
            if is_now is not None and type(was) is type(is_now) and was != is_now
        ),
        dropouts=tuple((place, p) for place, (was, p) in enumerate(dropped) if was != p),
        reset=(*learning, *(f"norms.{place}" for place, _ in exchanged if place not in preserved)),
        converted=tuple(f"norms.{place}" for place in preserved),
        warnings=tuple(_warnings(old, new)),
    )


def planned_changes(parts: Parts, new: Experiment) -> ModuleChanges:
    """What a change does to these parts, with what their data has to say of it; nothing to somebody's own."""
    if parts.is_foreign:
        return NOTHING
    changes = module_changes(parts.experiment, new)
    assert parts.splits is not None
    left_over = len(parts.splits.train.inputs) % new.training.batch_size
    concerns = changes.norms or new.training.batch_size != parts.experiment.training.batch_size
    if _batch_norm(new) is not None and concerns and left_over == 1:
        words = (
            "the last batch of an epoch is a single sample: batch_norm takes its running statistics there."
        )
        return dataclasses.replace(changes, warnings=(*changes.warnings, words))
    return changes


def _swaps(old: AnyActivation, new: AnyActivation) -> bool:
    """Whether another module has to come; slopes that are learnt stay, wherever they began."""
    if isinstance(old, PRelu) and isinstance(new, PRelu):
        return old.per_unit != new.per_unit
    return old != new


def _preserves(norm: Norm | None) -> bool:
    return isinstance(norm, BatchNorm) and norm.insertion == "preserving"


def _warnings(old: Experiment, new: Experiment) -> list[str]:
    said = []
    was, norm = (_batch_norm(one) for one in (old, new))
    if norm is not None and was is None and norm.insertion == "plain":
        said.append(
            "batch_norm with γ=1 and β=0 changes what the network computes: in training at once, in "
            "evaluation as running statistics follow; insertion = preserving changes neither by itself."
        )
    if norm is not None and was is not None and norm.insertion != was.insertion and norm.layers == was.layers:
        said.append("insertion counts when the norm comes: take it away and put it back.")
    layer_norms = [[one for one in each.regularizers if isinstance(one, LayerNorm)] for each in (old, new)]
    if layer_norms[1] and not layer_norms[0]:
        said.append("layer_norm with γ=1 and β=0 changes what the network computes.")
    steps = getattr(new.model, "blend_steps", 0)
    if steps and old.model.each_activation != new.model.each_activation:
        said.append(f"the old activation gives way to the new one over {steps:,} steps.")
    slopes = [
        one.slope
        for one in (*old.model.each_activation, *new.model.each_activation)
        if isinstance(one, PRelu)
    ]
    if len(set(slopes)) > 1:
        said.append("slope is where learning starts: slopes that are learnt already stay as they are.")
    return said


def _batch_norm(experiment: Experiment) -> BatchNorm | None:
    return next((one for one in experiment.regularizers if isinstance(one, BatchNorm)), None)


def change_modules(parts: Parts, old: Experiment, step: int | None) -> None:
    """Make the step from another experiment to the one that the parts now have.

    Modules are replaced under their names; parameters that stay are the same objects and keep their state in
    the optimizer, new ones have none yet.

    Args:
        parts: ours, not somebody's own.
        old: what was running until now; the parts' optimizer was built from it.
        step: updates made; None lets nothing fade.
    """
    model = cast("Stack", parts.model)
    changes = module_changes(old, parts.experiment)
    _change_activations(parts, model, changes, old, step)
    for place, p in changes.dropouts:
        model.set_dropout(p, place)
    for place, norm in changes.edited_norms:
        model.norms[place] = edited_norm(model.norms[place], norm)
    set_switches(model, parts.experiment)
    _change_norms(parts, model, changes)
    parts.draws = leaves_traces(model)
    if changes.alters_parameters:
        _renew_parameters(parts, old.optimizer)


def _change_activations(
    parts: Parts, model: Stack, changes: ModuleChanges, old: Experiment, step: int | None
) -> None:
    """At once, or letting the old ones fade."""
    steps = getattr(parts.experiment.model, "blend_steps", 0)
    former = [(place, model.activations[place]) for place, _ in changes.activations]
    for place, activation in changes.activations:
        model.set_activation(activation, place)
    if step is None:
        return
    swapped = {place for place, _ in former}
    parts.fades = tuple(fade for fade in parts.fades if fade.place not in swapped)
    if steps:
        each = old.model.each_activation
        begin(parts, [(Fade(place, step, steps, each[place]), module) for place, module in former])
    settle(parts, step)


def _change_norms(parts: Parts, model: Stack, changes: ModuleChanges) -> None:
    """All that change the function first: what is preserved is what it computes then."""
    preserved = [(place, norm) for place, norm in changes.norms if _preserves(norm)]
    for place, norm in changes.norms:
        model.set_norm(None if _preserves(norm) else norm, place)
    if not preserved:
        return
    values = _seen_behind(parts, model, [place for place, _ in preserved])
    for place, norm in preserved:
        model.set_norm(norm, place)
        preserve(model.norms[place], values[place])


def _seen_behind(parts: Parts, model: Stack, places: Sequence[int]) -> dict[int, Tensor]:
    """What the layers give for the probe batch in eval mode, by place."""
    seen: dict[int, Tensor] = {}

    def note(place: int) -> RemovableHandle:
        def hook(_module: nn.Module, _arguments: object, output: Tensor) -> None:
            seen[place] = output

        return model.layers[place].register_forward_hook(hook)

    assert parts.probe is not None
    hooks = [note(place) for place in places]
    try:
        with evaluating(parts):
            model(parts.probe[0])
    finally:
        for hook in hooks:
            hook.remove()
    return seen


def _renew_parameters(parts: Parts, optimizer: AnyOptimizer) -> None:
    """Gradients and optimizer for the parameters that there are now, in the model's order."""
    parameters = trainable(parts.model)
    kept = {one: one.grad.clone() for one in parts.parameters if one.grad is not None}
    parts.gradients = GradientBuffer(parameters)
    for parameter, view in zip(parameters, parts.gradients.views, strict=True):
        if parameter in kept:
            view.copy_(kept[parameter])
    source = parts.optimizer
    parts.optimizer = built = build_optimizer(optimizer, list(parameters))
    if len(source.param_groups) == len(built.param_groups):
        for group, former in zip(built.param_groups, source.param_groups, strict=True):
            group.update({name: value for name, value in former.items() if name != "params"})
    stays = set(parameters)
    built.state.update({one: state for one, state in source.state.items() if one in stays})


def fill_gaps(parts: Parts) -> None:
    """Give parameters that came the state that torch can't begin beside others' that have some already.

    SGD's fused kernel takes the buffers of all or none. One of zeros does what torch's own first
    step does: μ·0 + g is the gradient itself.
    """
    optimizer = parts.optimizer
    if not isinstance(optimizer, torch.optim.SGD):
        return
    for group in optimizer.param_groups:
        buffers = [optimizer.state.get(one, {}).get("momentum_buffer") for one in group["params"]]
        if group["momentum"] and any(buffer is not None for buffer in buffers):
            for parameter, buffer in zip(group["params"], buffers, strict=True):
                if buffer is None:
                    optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
