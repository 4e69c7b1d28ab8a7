"""Updates that look at the loss again and again, as L-BFGS makes them, within the phase of the update."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, final

import torch
from torch import Tensor

from tui_dl.engine.training.nonfinite import find_nonfinite

if TYPE_CHECKING:
    from tui_dl.engine.training.batch_loop import BatchLoop


@final
class ClosureUpdate:
    """Steps an optimizer with a closure that evaluates this very batch at the weights as they then are.

    The first evaluation is the batch's own: its loss and gradients are there already. If a later one is not
    finite and the loop stops on that, weights and optimizer are as before the update.

    Args:
        loop: whose batch it is.
    """

    def __init__(self, loop: BatchLoop) -> None:
        self._loop = loop

    def step(self) -> None:
        """Update every parameter.

        Raises:
            NonFinite: from an evaluation within the update, if the loop stops on such.
        """
        loop = self._loop
        optimizer = loop.parts.optimizer
        before = _Before(loop) if loop.stop_on_nonfinite else None
        is_first = True

        def evaluate() -> Tensor:
            nonlocal is_first
            if is_first:
                is_first = False
                assert loop.batch.loss is not None
                return loop.batch.loss.detach()
            trial = loop.evaluate_again()
            assert trial.loss is not None
            loss = trial.loss.detach()
            if before is not None and not (
                math.isfinite(float(loss)) and math.isfinite(float(loop.parts.gradients.norm()))
            ):
                try:
                    raise find_nonfinite(loop.parts, trial)
                finally:
                    before.put_back()
            return loss

        group = optimizer.param_groups[0]
        search = group.get("line_search_fn")
        if group["lr"] == 0 and search is not None:
            # Torch's line search divides by the length of its first try. Nothing moves either way.
            group["line_search_fn"] = None
        try:
            optimizer.step(evaluate)  # type: ignore[arg-type]  # torch says float, and takes what float() takes
        finally:
            if search is not None:
                group["line_search_fn"] = search


class _Before:
    """Weights, buffers and the optimizer's state before an update."""

    def __init__(self, loop: BatchLoop) -> None:
        model, self._optimizer = loop.parts.model, loop.parts.optimizer
        self._tensors = [(each, each.detach().clone()) for each in (*model.parameters(), *model.buffers())]
        self._state = {
            parameter: {name: _kept(value) for name, value in values.items()}
            for parameter, values in self._optimizer.state.items()
        }

    def put_back(self) -> None:
        with torch.no_grad():
            for tensor, value in self._tensors:
                tensor.copy_(value)
        self._optimizer.state.clear()
        self._optimizer.state.update(self._state)


def _kept(value: Any) -> Any:
    """What the update won't alter; of a list a list of its own is enough: its tensors are only replaced."""
    if isinstance(value, Tensor):
        return value.clone()
    return list(value) if isinstance(value, list) else value
