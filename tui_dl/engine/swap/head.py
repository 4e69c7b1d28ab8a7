"""A loss that reads outputs otherwise: what becomes of the last layer, so that what was learnt goes on."""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import torch
from torch import nn

from tui_dl.components.heads import raw_of_variance
from tui_dl.components.tasks import task_for
from tui_dl.engine.parts.parts import trainable
from tui_dl.engine.swap.head_state import refitted_optimizer
from tui_dl.engine.training.gradients import GradientBuffer
from tui_dl.engine.training.modes import evaluating
from tui_dl.errors import ChangeRefused

if TYPE_CHECKING:
    from torch import Tensor

    from tui_dl.components.tasks import Task
    from tui_dl.engine.parts.parts import Parts
    from tui_dl.spec.experiment import Experiment
    from tui_dl.spec.heads import Head


@final
@dataclass(frozen=True)
class HeadChange:
    """What becomes of the last affine map; its first V rows make the predicted values before and after.

    Attributes:
        module: its dotted name in the model.
        head: what outputs mean afterwards.
        rows_before: its outputs so far.
        rows_after: and afterwards.
        values: V.
        scale, shift: (V,): a value's row is multiplied and its bias moved, for outputs of another meaning;
            None where these rows keep their numbers.
        spread: (V,) standard deviations that rows for variances begin with; None where none are added.
    """

    module: str
    head: Head
    rows_before: int
    rows_after: int
    values: int
    scale: Tensor | None
    shift: Tensor | None
    spread: Tensor | None

    @property
    def keeps_rows(self) -> bool:
        """Whether the values' rows keep their numbers, so that the optimizer's state of them goes on."""
        return self.scale is None

    @property
    def words(self) -> str:
        """The change in a sentence."""
        said = f"the head {self.module} goes from {self.rows_before} to {self.rows_after} outputs: "
        if self.rows_before == self.rows_after:
            said = f"the head {self.module} is read otherwise: "
        said += (
            "the rows of the values keep their numbers"
            if self.keeps_rows
            else "the rows of the values are adjusted so that predictions stay near what they were"
        )
        if self.spread is not None:
            spreads = ", ".join(f"{each:.3g}" for each in self.spread.tolist())
            return f"{said}, σ begins at {spreads}: the residuals' on the probe batch."
        return f"{said}." if self.rows_after >= self.rows_before else f"{said}, those of the variances go."


def planned_head(parts: Parts, new: Experiment) -> HeadChange | None:
    """Think through what a new loss makes of the head; None if it stays as it is.

    Raises:
        ChangeRefused: if the model has no last affine map that could be refitted.
    """
    if parts.splits is None:
        return None
    task, values = parts.splits.task, parts.splits.outputs
    old, head = parts.experiment.loss.head(task), new.loss.head(task)
    if task == "classification" or old.kind == head.kind:
        return None
    rows = old.outputs(values)
    module = _last_affine(parts.model, rows, new.loss.name)
    scale = shift = spread = None
    outputs, targets = _probe(parts)
    if "log_rate" in (old.kind, head.kind):
        scale, shift = _matched(outputs[:, :values], targets, to_logarithm=head.kind == "log_rate")
        outputs = outputs[:, :values] * scale + shift
    if head.kind == "mean_variance":
        found = (targets - outputs[:, :values]).square().mean(0).sqrt()
        spread = found.where(found.isfinite(), 1.0).double()
    return HeadChange(module, head, rows, head.outputs(values), values, scale, shift, spread)


def _probe(parts: Parts) -> tuple[Tensor, Tensor]:
    """Outputs (N, rows) and targets (N, V) of the probe batch, in eval mode."""
    assert parts.probe is not None
    inputs, targets = parts.probe
    with evaluating(parts):
        return parts.model(inputs), targets


def _last_affine(model: nn.Module, rows: int, loss: str) -> str:
    linear = [(name, each) for name, each in model.named_modules() if isinstance(each, nn.Linear)]
    if not linear or linear[-1][1].out_features != rows or linear[-1][1].bias is None:
        raise ChangeRefused(
            f"loss: {loss} needs other outputs, and this model's last layer is no affine map that could be "
            "refitted; start a run with this loss instead."
        )
    return str(linear[-1][0])


def _matched(outputs: Tensor, targets: Tensor, *, to_logarithm: bool) -> tuple[Tensor, Tensor]:
    """Factor and shift (V,) of the outputs, so that what is predicted stays the same to first order.

    About the mean prediction m: log f ≈ log m + (f - m)/m, and exp z ≈ m + m·(z - log m). Where m is no
    positive number, the targets' mean stands for it.
    """
    center = (outputs if to_logarithm else outputs.exp()).mean(0)
    fallback = targets.mean(0).clamp_min(1e-3)
    center = center.where((center > 0) & center.isfinite(), fallback)
    if to_logarithm:
        return 1 / center, center.log() - 1
    return center, center - center * center.log()


def trial_parts(parts: Parts, new: Experiment, change: HeadChange) -> Parts:
    """The same parts with a copied model whose head is refitted; the run's own is not touched."""
    model = copy.deepcopy(parts.model)
    _refit(model, change)
    return dataclasses.replace(parts, experiment=new, model=model, gradients=GradientBuffer(trainable(model)))


def refit_head(parts: Parts, change: HeadChange) -> None:
    """Put the refitted head into the run's model, with gradients and an optimizer of the new parameters.

    The old layer, optimizer and gradient buffer stay as they were, for an undo.
    """
    before = parts.parameters
    gradients = [view.clone() for view in parts.gradients.views]
    _refit(parts.model, change)
    parts.gradients = GradientBuffer(trainable(parts.model))
    for view, gradient in zip(parts.gradients.views, gradients, strict=True):
        # What looks at the last batch goes on seeing it.
        rows = len(view) if view.shape == gradient.shape else change.values
        view[:rows] = gradient[:rows]
    changed = {old: new for old, new in zip(before, parts.parameters, strict=True) if old is not new}
    parts.optimizer = refitted_optimizer(parts, before, changed, change)


def task_of(parts: Parts) -> Task | None:
    """The task, with outputs read as the present loss's head says; somebody's own stays."""
    if parts.splits is None:
        return parts.task
    return task_for(parts.splits, parts.experiment.loss.head(parts.splits.task))


def _refit(model: nn.Module, change: HeadChange) -> None:
    old = model.get_submodule(change.module)
    assert isinstance(old, nn.Linear)
    # Skipping torch's own draw keeps it out of the random stream.
    made = nn.Linear(old.in_features, change.rows_after, device="meta", dtype=old.weight.dtype)
    made = made.to_empty(device=old.weight.device)
    values = change.values
    with torch.no_grad():
        made.weight.zero_()
        made.bias.zero_()
        made.weight[:values], made.bias[:values] = old.weight[:values], old.bias[:values]
        if change.scale is not None and change.shift is not None:
            made.weight[:values] *= change.scale[:, None]
            made.bias[:values] = made.bias[:values] * change.scale + change.shift
        if change.spread is not None:
            raw = [raw_of_variance(each**2, change.head.least_variance) for each in change.spread.tolist()]
            made.bias[values:] = torch.tensor(raw)
    made.train(old.training)
    made.weight.requires_grad_(old.weight.requires_grad)
    made.bias.requires_grad_(old.bias.requires_grad)
    model.set_submodule(change.module, made)
