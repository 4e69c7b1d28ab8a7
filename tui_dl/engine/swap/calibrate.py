"""Moments estimated from gradients of the next batches at the present weights; nothing else moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor

from tui_dl.components.optimizers.translation import Means, installed
from tui_dl.engine.state.undo import boundary_random
from tui_dl.engine.swap.update_size import update_gradients
from tui_dl.engine.training.iterable_batches import IterableBatches
from tui_dl.engine.training.modes import rehearsing
from tui_dl.errors import ChangeRefused, UsageError

if TYPE_CHECKING:
    from tui_dl.components.optimizers.translation import State
    from tui_dl.engine.parts.parts import Parts
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
    largest = [torch.zeros_like(parameter) for parameter in parts.parameters]
    _add_up(parts, first, second, largest)
    states: dict[Tensor, State] = {}
    for parameter, total, squares, peak in zip(parts.parameters, first, second, largest, strict=True):
        mean = (total / CALIBRATION_BATCHES).to(parameter.dtype)
        mean_square = (squares / CALIBRATION_BATCHES).to(parameter.dtype)
        means = Means(float(CALIBRATION_BATCHES), mean, mean_square, peak)
        states[parameter] = installed(optimizer, parameter, means)
    return states


def _add_up(parts: Parts, first: list[Tensor], second: list[Tensor], largest: list[Tensor]) -> None:
    """Sum gradients and their squares over the next batches, and find the largest; all else is put back."""
    batches = parts.batches
    position, random = batches.position, boundary_random(parts)
    epoch_random = batches.epoch_random if isinstance(batches, IterableBatches) else None
    try:
        for _ in range(CALIBRATION_BATCHES):
            batches.fetch()
            with rehearsing(parts):
                gradients = update_gradients(parts)
            # Each batch has draws of its own, as it will have in training.
            with parts.random:
                torch.rand(1, device=parts.device)
            batches.advance()
            for total, squares, peak, gradient in zip(first, second, largest, gradients, strict=True):
                total += gradient
                squares += gradient.double().square()
                torch.maximum(peak, gradient.abs(), out=peak)
    except UsageError as error:
        raise ChangeRefused(f'state "calibrate": {error}') from error
    finally:
        if isinstance(batches, IterableBatches):
            assert epoch_random is not None
            batches.return_to(position, epoch_random)
        else:
            batches.seek(position)
        parts.random.state = random
