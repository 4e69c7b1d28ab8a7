"""Collapse: how far a network is from the one affine map that its matrices multiply to."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import TYPE_CHECKING

from torch import Tensor, nn

from tui_dl.engine.probes.answers import answers
from tui_dl.engine.probes.layer_map import layers_of

if TYPE_CHECKING:
    from tui_dl.engine.training.trainer import Trainer


def residual(trainer: Trainer, name: str) -> float | None:
    """RMS of f(x) - (Wx + b) over that of f(x) on the validation inputs: W the product, b carried through it.

    In double precision and eval mode: 0 to rounding if the network is one affine map. None if its matrices
    can't be multiplied.
    """
    splits = trainer.splits
    if splits is None:
        return None
    model = copy.deepcopy(trainer.model).double()
    matrices = _chain(model)
    if matrices is None:
        return None
    inputs = splits.validation.inputs.double()
    outputs = answers(model, inputs).flatten(1)
    values = inputs.flatten(1)
    if values.shape[1] != matrices[0].in_features or outputs.shape[1] != matrices[-1].out_features:
        return None
    weight, bias = _product(matrices)
    distance = (outputs - (values @ weight.T + bias)).square().mean().sqrt()
    size = outputs.square().mean().sqrt()
    # An output of zeros everywhere is an affine map too.
    return float(distance / size) if float(size) != 0 else float(distance)


def _chain(model: nn.Module) -> list[nn.Linear] | None:
    matrices = [layer.module for layer in layers_of(model) if layer.mixes]
    linear = [module for module in matrices if isinstance(module, nn.Linear)]
    fits = all(first.out_features == then.in_features for first, then in pairwise(linear))
    return linear if linear and len(linear) == len(matrices) and fits else None


def _product(matrices: list[nn.Linear]) -> tuple[Tensor, Tensor]:
    """The matrix (outputs, inputs) and bias (outputs,) of all maps, one after another."""
    weight = matrices[0].weight.detach()
    bias = _bias(matrices[0])
    for module in matrices[1:]:
        weight, bias = module.weight.detach() @ weight, module.weight.detach() @ bias + _bias(module)
    return weight, bias


def _bias(module: nn.Linear) -> Tensor:
    # torch declares it as always there.
    bias: Tensor | None = module.bias
    return module.weight.new_zeros(module.out_features) if bias is None else bias.detach()
