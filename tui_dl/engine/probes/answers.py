"""What the model answers now: in eval mode, without gradients, without leaving a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

from tui_dl.components.summary import undisturbed

if TYPE_CHECKING:
    from torch import Tensor, nn

CHUNK: Final = 4096
"""Samples in one forward pass: bounds the memory of a view, whatever the split's size."""


def answers(model: nn.Module, inputs: Tensor) -> Tensor:
    """Outputs (N, …) for scaled inputs (N, …) on the model's device; modes and generators stay the same."""
    with undisturbed(model, inputs.device), torch.no_grad():
        if len(inputs) <= CHUNK:
            return model(inputs)  # type: ignore[no-any-return]
        return torch.cat([model(chunk) for chunk in torch.split(inputs, CHUNK)])
