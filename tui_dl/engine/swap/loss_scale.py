"""A new loss has gradients of another size: measured on the probe batch, so that moments can be rescaled."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import torch

from tui_dl.engine.parts.loss_parts import former_loss, loss_function
from tui_dl.engine.swap.update_size import clipped, gradients_at, gradients_of
from tui_dl.engine.training.modes import evaluating
from tui_dl.engine.training.objective import FormerLoss, Objective, objective
from tui_dl.errors import ChangeRefused, SpecError

if TYPE_CHECKING:
    from torch import Tensor

    from tui_dl.engine.parts.parts import Parts
    from tui_dl.spec.experiment import Experiment


def new_objective(parts: Parts, new: Experiment) -> tuple[Objective, tuple[str, ...]]:
    """The objective of a changed experiment; a loss that is swapped away stays as a recorded metric.

    One that is among the task's metrics is recorded anyway.

    Returns:
        The objective, and the names of former losses that end: the new head's outputs don't tell them.

    Raises:
        ChangeRefused: if the loss can't work with the data.
    """
    old = parts.objective
    former = old.former
    dropped: tuple[str, ...] = ()
    function, loss_name = old.function, old.loss_name
    if parts.splits is not None and new.loss != parts.experiment.loss:
        try:
            function, loss_name = loss_function(new.loss, parts.splits)
        except SpecError as error:
            raise ChangeRefused(str(error)) from error
        former, dropped = _former(parts, new)
    classes = parts.splits.classes if parts.splits else 0
    made = objective(function, loss_name, new.regularizers, parts.parameters, former, classes)
    return made, dropped


def _former(parts: Parts, new: Experiment) -> tuple[tuple[FormerLoss, ...], tuple[str, ...]]:
    """Former losses on the new loss's head, the present one among them; and the names of those that end."""
    assert parts.splits is not None
    gone = {each.name: each.spec for each in parts.objective.former}
    present = parts.experiment.loss
    # Whoever has no name among the metrics differs from the metric of that name.
    measured = parts.task.losses_that_are_metrics if parts.task else {}
    if parts.objective.loss_name not in measured:
        gone[present.name] = present
    gone.pop(new.loss.name, None)
    found = {name: former_loss(each, new.loss, parts.splits) for name, each in gone.items()}
    kept = tuple(each for each in found.values() if each is not None)
    return kept, tuple(name for name, each in found.items() if each is None)


def gradient_scale(parts: Parts, trial: Parts) -> float | None:
    """ρ = ‖g_new‖ / ‖g_old‖ on the probe batch in eval mode; None if either is zero or not finite.

    Clipped as in training: what the optimizer's state holds are clipped gradients. Of a head that changes
    its size, the rows that both have count.

    Args:
        parts: the run.
        trial: the same with the new objective, and with a copy of the model where the head changes.
    """
    if parts.probe is None or trial.probe is None:
        return None
    if trial.model is parts.model:
        old, new = _of_one_pass(parts, trial, *parts.probe)
    else:
        old, new = (_probe_gradients(each, *each.probe) for each in (parts, trial) if each.probe is not None)
    shared = [_shared(one, other) for one, other in zip(old, new, strict=True)]
    before, after = (float(torch.nn.utils.get_total_norm(each)) for each in zip(*shared, strict=True))
    if not (before > 0 and after > 0 and math.isfinite(before) and math.isfinite(after)):
        return None
    return after / before


def with_objective(parts: Parts, changed: Objective) -> Parts:
    """The same parts with another objective."""
    return dataclasses.replace(parts, objective=changed)


def _shared(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    if one.shape == other.shape:
        return one, other
    rows = min(len(one), len(other))
    return one[:rows], other[:rows]


def _of_one_pass(parts: Parts, trial: Parts, inputs: Any, targets: Any) -> tuple[list[Tensor], list[Tensor]]:
    """Gradients of both objectives: most of a plan's time on 10⁶ parameters is for such passes."""
    with evaluating(parts, gradients=True):
        outputs = parts.forward(inputs)
        old = gradients_of(parts, outputs, targets, keeps_graph=True)
        return clipped(parts, old), clipped(trial, gradients_of(trial, outputs, targets))


def _probe_gradients(parts: Parts, inputs: Any, targets: Any) -> list[Tensor]:
    with evaluating(parts, gradients=True):
        return clipped(parts, gradients_at(parts, inputs, targets))
