"""Train and eval mode: how far apart the answers are that a model gives in them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Final

import torch

from tui_dl.engine.probes.answers import answers
from tui_dl.engine.training.rng import derived_seed

if TYPE_CHECKING:
    from tui_dl.engine.training.trainer import Trainer

SAMPLES: Final = 1024


def distance(trainer: Trainer, name: str) -> float | None:
    """RMS of outputs in train mode minus those in eval mode, over that of eval mode, on validation inputs.

    0 for a model that does the same in both. Dropout's draws come from a seed of their own: the same model
    always gives the same number. A copy is asked, so that no running statistics move.
    """
    splits = trainer.splits
    if splits is None:
        return None
    inputs = splits.validation.inputs[:SAMPLES]
    model = copy.deepcopy(trainer.model)
    in_eval = answers(model, inputs)
    devices = [inputs.device] if inputs.device.type == "cuda" else []
    with torch.random.fork_rng(devices), torch.no_grad():
        torch.manual_seed(derived_seed(0, "modes"))
        in_train = model.train()(inputs)
    size = in_eval.double().square().mean().sqrt()
    apart = (in_train - in_eval).double().square().mean().sqrt()
    return float(apart / size) if float(size) else None
