"""Fit: the slope of what was fitted to points on a line."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch

from tui_dl.engine.probes.answers import answers
from tui_dl.engine.probes.curve_view import x_range

if TYPE_CHECKING:
    from tui_dl.engine.training.trainer import Trainer


def slope(trainer: Trainer, name: str) -> float | None:
    """(f(b) - f(a)) / (b - a) between the smallest input a and the largest b, in the data's own units.

    Exact for a linear model; None unless one number is mapped to one number.
    """
    splits = trainer.splits
    if splits is None or trainer.task is None or splits.task != "regression" or splits.outputs != 1:
        return None
    if splits.train.inputs[0].numel() != 1:
        return None
    low, high = x_range(splits)
    if not low < high:
        return None
    ends = torch.tensor([low, high], dtype=torch.float64).reshape(-1, *splits.input_shape)
    inputs = splits.scaling.apply(ends).to(trainer.device)
    outputs = answers(copy.deepcopy(trainer.model).double(), inputs)
    first, last = trainer.task.predictions(outputs).reshape(-1).tolist()
    return float(last - first) / (high - low)
