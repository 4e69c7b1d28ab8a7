"""Moments estimated from gradients of the next batches at the present weights; nothing else moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor

from tui_dl.engine.state.undo import boundary_random
from tui_dl.engine.swap.transfer import installed
from tui_dl.engine.swap.update_size import gradients_at
from tui_dl.engine.training.alterations import next_batch
from tui_dl.engine.training.iterable_batches import IterableBatches
from tui_dl.engine.training.modes import rehearsing
from tui_dl.errors import ChangeRefused, UsageError

if TYPE_CHECKING:
    from tui_dl.engine.parts.parts import Parts
    from tui_dl.engine.swap.transfer import State
    from tui_dl.spec.optimizers import AnyOptimizer

CALIBRATION_BATCHES: Final = 20


def refuse_uncalibratable(parts: Parts) -> None:
    """Raises ChangeRefused where looking ahead would take the training's batches away."""
    if isinstance(parts.batches, IterableBatches) and parts.batches.is_one_shot:
        raise ChangeRefused(
            'state "calibrate": batches is a generator, which can\'t be looked ahead; use "fresh".'
        )


def calibrated_states(parts: Parts, optimizer: AnyOptimizer) -> dict[Tensor, State]:
    """The state that the optimizer would have after the gradients of the next batches, had no weight moved.

    Raises:
        ChangeRefused: if there are no further batches.
    """
    first = [torch.zeros_like(parameter, dtype=torch.float64) for parameter in parts.parameters]
    second = [torch.zeros_like(parameter, dtype=torch.float64) for parameter in parts.parameters]
    _add_up(parts, first, second)
    states: dict[Tensor, State] = {}
    for parameter, total, squares in zip(parts.parameters, first, second, strict=True):
        mean = (total / CALIBRATION_BATCHES).to(parameter.dtype)
        mean_square = (squares / CALIBRATION_BATCHES).to(parameter.dtype)
        states[parameter] = installed(optimizer, parameter, float(CALIBRATION_BATCHES), mean, mean_square)
    return states


def _add_up(parts: Parts, first: list[Tensor], second: list[Tensor]) -> None:
    """Sum gradients and their squares over the next batches; position and draws are put back."""
    batches = parts.batches
    position, random = batches.position, boundary_random(parts)
    epoch_random = batches.epoch_random if isinstance(batches, IterableBatches) else None
    try:
        for _ in range(CALIBRATION_BATCHES):
            inputs, targets = next_batch(parts)
            with rehearsing(parts):
                gradients = gradients_at(parts, inputs, targets)
            # Each batch has draws of its own, as it will have in training.
            with parts.random:
                torch.rand(1, device=parts.device)
            batches.advance()
            for total, squares, gradient in zip(first, second, gradients, strict=True):
                total += gradient
                squares += gradient.double().square()
    except UsageError as error:
        raise ChangeRefused(f'state "calibrate": {error}') from error
    finally:
        if isinstance(batches, IterableBatches):
            assert epoch_random is not None
            batches.return_to(position, epoch_random)
        else:
            batches.seek(position)
        parts.random.state = random
