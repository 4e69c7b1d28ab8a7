"""The loss along one update, L(w + s·Δw), on copies: the run is only read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

import torch
from torch import Tensor

from tui_dl.engine.state.rehearsal import rehearsal_parts
from tui_dl.engine.training.alterations import next_batch, training_pass
from tui_dl.engine.training.batch_loop import BatchLoop

if TYPE_CHECKING:
    from collections.abc import Callable


@final
class StepLine:
    """Makes the next update on copies, and then asks for the loss anywhere on the line through it.

    The loss is that of the update's own batch as training sees it: mixed, noisy, with dropout's draws and
    batch statistics the very same at every point of the line, penalties included. At 0 it is what the step
    reports.

    Args:
        loop: of the run; a half-done batch is made from its beginning.

    Attributes:
        lr: rate of the update (of the first parameter group).
        gradient_norm: ‖∇L‖ at 0, as it comes from autograd.
        step_norm: ‖Δw‖, decay, clipping and constraints included.
        slope: ∇L·Δw.
    """

    def __init__(self, loop: BatchLoop) -> None:
        self._parts = parts = rehearsal_parts(loop)
        copies = BatchLoop(parts)
        copies.step, copies.samples_seen = loop.step, loop.samples_seen
        copies.adopt(parts)
        self._batches = [next_batch(parts, index) for index in range(parts.batches.micro_batches)]
        self._model: Callable[[Any], Any] = training_pass(parts)
        self._random = parts.random.state
        self._buffers = [buffer.clone() for buffer in parts.model.buffers()]
        self._start = [each.detach().clone() for each in parts.parameters]
        self.lr = copies.run().lr
        self._way = [each.detach() - start for each, start in zip(parts.parameters, self._start, strict=True)]
        gradient = self._gradient()
        self.step_norm = _norm(self._way)
        self.gradient_norm = _norm(gradient)
        pairs = zip(gradient, self._way, strict=True)
        self.slope = float(sum((one.double() * other.double()).sum() for one, other in pairs))

    def loss_at(self, steps: float) -> float:
        """L after so many times the update; may not be finite."""
        with torch.no_grad():
            return float(self._loss(steps))

    def _loss(self, steps: float) -> Tensor:
        """The mean over micro-batches, each a mean over its samples."""
        parts = self._parts
        with torch.no_grad():
            for parameter, start, way in zip(parts.parameters, self._start, self._way, strict=True):
                parameter.copy_(start)
                if steps:
                    parameter.add_(way, alpha=steps)
            for buffer, value in zip(parts.model.buffers(), self._buffers, strict=True):
                buffer.copy_(value)
        parts.random.state = self._random
        losses = []
        for inputs, targets in self._batches:
            with parts.random:
                outputs = self._model(inputs)
            losses.append(parts.objective.training_value(outputs, targets).reshape(()))
        return torch.stack(losses).mean()

    def _gradient(self) -> list[Tensor]:
        parameters = self._parts.parameters
        with torch.enable_grad():
            loss = self._loss(0.0)
            # Who is not reached by the loss has no part in it.
            found: tuple[Tensor | None, ...] = torch.autograd.grad(loss, parameters, allow_unused=True)
        return [
            torch.zeros_like(parameter) if each is None else each.detach()
            for parameter, each in zip(parameters, found, strict=True)
        ]


def _norm(tensors: list[Tensor]) -> float:
    return float(torch.stack([each.double().square().sum() for each in tensors]).sum().sqrt())
