"""Looking at a model without leaving a trace: eval mode for a while, buffers and generators as they were."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui_dl.engine.parts.parts import Parts


@contextmanager
def evaluating(parts: Parts, *, gradients: bool = False) -> Iterator[None]:
    """Eval mode, without gradients unless asked for; afterwards each module's own mode again."""
    modes = [(module, module.training) for module in parts.model.modules()]
    parts.model.eval()
    try:
        with torch.set_grad_enabled(gradients), parts.random.preserved():
            yield
    finally:
        for module, training in modes:
            module.training = training


@contextmanager
def rehearsing(parts: Parts) -> Iterator[None]:
    """Forward and backward as in training, with the run's next draws; buffers and draws are put back."""
    buffers = [(buffer, buffer.clone()) for buffer in parts.model.buffers()]
    if not parts.is_foreign:
        parts.model.train()
    try:
        with torch.enable_grad(), parts.random.preserved():
            yield
    finally:
        with torch.no_grad():
            for buffer, value in buffers:
                buffer.copy_(value)
