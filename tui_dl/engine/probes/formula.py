"""Formula: the gradient of a line's squared error as it is derived by hand, held against autograd's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from tui_dl.engine.training.trainer import Trainer


@final
@dataclass(frozen=True, slots=True)
class LineGradient:
    """Derivatives of the mean squared error of ŷ = Xw + b.

    Attributes:
        weight: ∂L/∂w, (inputs,).
        bias: ∂L/∂b, 0-dim.
    """

    weight: Tensor
    bias: Tensor


def by_formula(model: nn.Module, inputs: Any, targets: Any) -> LineGradient | None:
    """∂L/∂w = -2/N Σ (y - ŷ)x and ∂L/∂b = -2/N Σ (y - ŷ) over inputs (N, inputs), targets (N, 1).

    From L = 1/N Σ (y - ŷ)² by the chain rule. None unless the model is one affine map to one number.
    """
    line = _line(model)
    if line is None or not isinstance(inputs, Tensor) or not isinstance(targets, Tensor):
        return None
    with torch.no_grad():
        x = inputs.flatten(1)
        missed = targets.reshape(-1) - (x @ line.weight[0] + line.bias[0])
        return LineGradient(-2 / len(x) * (missed @ x), -2 / len(x) * missed.sum())


def distance(trainer: Trainer, name: str) -> float | None:
    """‖formula's gradient - autograd's‖ / ‖autograd's‖ on the next batch, weight and bias together.

    0 to rounding under squared error. None unless the model is one affine map to one number, and where the
    gradient is zero.
    """
    line = _line(trainer.model)
    inputs, targets = trainer.peek_batch()
    formula = by_formula(trainer.model, inputs, targets)
    if line is None or formula is None:
        return None
    loss = trainer.loss_function(trainer.model(inputs), targets)
    weight, bias = torch.autograd.grad(loss, (line.weight, line.bias))
    found = torch.cat([weight.flatten(), bias.flatten()]).double()
    size = float(found.norm())
    derived = torch.cat([formula.weight.flatten(), formula.bias.reshape(1)]).double()
    return float((derived - found).norm()) / size if size else None


def _line(model: nn.Module) -> nn.Linear | None:
    """The one affine map to one number that the model is; None if it is anything else."""
    lists = (nn.ModuleList, nn.Sequential)
    inner = [module for module in model.modules() if not isinstance(module, lists)]
    leaves = [module for module in inner if not list(module.children()) or list(module._parameters)]
    trained = [module for module in leaves if list(module.parameters())]
    if len(trained) != 1 or not isinstance(trained[0], nn.Linear) or trained[0].out_features != 1:
        return None
    return trained[0] if all(isinstance(each, nn.Identity | nn.Linear) for each in leaves) else None
