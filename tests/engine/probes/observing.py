"""Trainers as the tests of instruments need them, and batches that instruments look at."""

from collections.abc import Mapping
from typing import Any

import torch
from msgspec import structs
from torch import Tensor, nn

from tui_dl.engine.probes.base import Probe
from tui_dl.engine.training.trainer import Trainer
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.optimizers import AnyOptimizer, Lbfgs
from tui_dl.spec.preset import load_preset


def trainer(preset: str = "digits-mlp", changes: Mapping[str, Any] | None = None) -> Trainer:
    return Trainer(load_preset(preset, {"training.device": "cpu", **(changes or {})}))


def trainer_of(
    model: nn.Module,
    inputs: Tensor,
    targets: Tensor | None = None,
    optimizer: torch.optim.Optimizer | None = None,
) -> Trainer:
    """Somebody's own module with one batch again and again, and a loss that every output counts in."""
    with torch.no_grad():
        answer = torch.zeros_like(model(inputs)) if targets is None else targets
    return Trainer.from_parts(
        model=model,
        loss=nn.functional.mse_loss,
        optimizer=optimizer or torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1),
        batches=[(inputs, answer)],
    )


def make_batch(seen: Trainer, *probes: Probe) -> None:
    for phase in seen.phases():
        for probe in probes:
            probe.observe(seen, phase)


def weights(seen: Trainer) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in seen.model.state_dict().items()}


def hook_count(model: nn.Module) -> int:
    return sum(
        len(module._forward_hooks) + len(module._forward_pre_hooks) + len(module._backward_hooks)
        for module in model.modules()
    )


def digits_with(optimizer: AnyOptimizer) -> Experiment:
    """The preset digits-mlp under another optimizer; one that needs the full batch gets it."""
    experiment = structs.replace(load_preset("digits-mlp"), optimizer=optimizer)
    if not isinstance(optimizer, Lbfgs):
        return experiment
    # Few iterations: a few full updates would leave it nothing to do.
    return structs.replace(
        experiment,
        optimizer=structs.replace(optimizer, max_iter=2),
        training=structs.replace(experiment.training, batch_size=2000),
    )
