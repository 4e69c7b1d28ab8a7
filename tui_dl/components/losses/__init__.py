"""Losses in torch: the same kernels as torch.nn.functional, so that a plain loop gets the same bits."""

from tui_dl.components.losses.build import build_loss, loss_on_head, metric_alias
from tui_dl.components.losses.encoding import LossFunction, WeightedLoss, one_hot
from tui_dl.components.losses.targets import refuse_targets

__all__ = [
    "LossFunction",
    "WeightedLoss",
    "build_loss",
    "loss_on_head",
    "metric_alias",
    "one_hot",
    "refuse_targets",
]
