"""What an experiment's loss is here: its function, its name among the metrics, former losses on its head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_dl.components.losses import build_loss, loss_on_head, metric_alias, refuse_targets
from tui_dl.engine.training.objective import FormerLoss

if TYPE_CHECKING:
    from tui_dl.components.data import DataSplits
    from tui_dl.components.losses import LossFunction
    from tui_dl.spec.losses import AnyLoss


def loss_function(loss: AnyLoss, splits: DataSplits) -> tuple[LossFunction, str]:
    """The function, and the loss's name if a metric of that name equals it; else an empty one.

    Raises:
        SpecError: if the loss can't work with these data.
    """
    refuse_targets(loss, splits)
    function = build_loss(loss, splits.task, splits.outputs, splits.class_weights)
    return function, metric_alias(loss, splits.class_weights)


def former_loss(loss: AnyLoss, present: AnyLoss, splits: DataSplits) -> FormerLoss | None:
    """A loss that goes on as a recorded metric of the present loss's head; None where it can't be told."""
    head = present.head(splits.task)
    function = loss_on_head(loss, splits.task, splits.outputs, splits.class_weights, head)
    return None if function is None else FormerLoss(loss.name, loss, function)
