"""A new loss has gradients of another size: measured on the probe batch, so that moments can be rescaled."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import torch

from tui_dl.components.losses import build_loss
from tui_dl.engine.swap.update_size import gradients_at
from tui_dl.engine.training.modes import evaluating
from tui_dl.engine.training.objective import FormerLoss, Objective, objective

if TYPE_CHECKING:
    from tui_dl.engine.parts.parts import Parts
    from tui_dl.spec.experiment import Experiment


def new_objective(parts: Parts, new: Experiment) -> Objective:
    """The objective of a changed experiment; a loss that is swapped away stays as a recorded metric.

    One that is among the task's metrics is recorded anyway.
    """
    old = parts.objective
    former = old.former
    function, loss_name = old.function, old.loss_name
    if not parts.is_foreign:
        assert parts.splits is not None
        present = parts.experiment.loss
        if new.loss != present:
            function = build_loss(new.loss, parts.splits.task, parts.splits.outputs)
            loss_name = new.loss.name
            gone = FormerLoss(present.name, present, old.function)
            measured = parts.task.losses_that_are_metrics if parts.task else {}
            former = tuple(
                each for each in (*former, gone) if each.name != new.loss.name and each.name not in measured
            )
            former = tuple({each.name: each for each in former}.values())
    classes = parts.splits.classes if parts.splits else 0
    return objective(function, loss_name, new.regularizers, parts.parameters, former, classes)


def gradient_scale(parts: Parts, changed: Objective) -> float | None:
    """ρ = ‖g_new‖ / ‖g_old‖ on the probe batch in eval mode; None if either is zero or not finite.

    Clipped as in training: what the optimizer's state holds are clipped gradients.
    """
    old, new = _probe_gradient_norm(parts), _probe_gradient_norm(_with_objective(parts, changed))
    if not (old > 0 and new > 0 and math.isfinite(old) and math.isfinite(new)):
        return None
    return new / old


def _with_objective(parts: Parts, changed: Objective) -> Parts:
    return dataclasses.replace(parts, objective=changed)


def _probe_gradient_norm(parts: Parts) -> float:
    if parts.probe is None:
        return math.nan
    inputs, targets = parts.probe
    with evaluating(parts, gradients=True):
        gradients = gradients_at(parts, inputs, targets)
    return float(torch.nn.utils.get_total_norm(gradients))
