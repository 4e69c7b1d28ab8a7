"""How long the next update would be: made on copies, so that nothing of the run moves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor, nn

from tui_dl.components.optimizers import build_optimizer
from tui_dl.components.optimizers.lbfgs import needs_closure
from tui_dl.engine.state.undo import copied_state
from tui_dl.engine.training.alterations import next_batch, training_pass
from tui_dl.engine.training.modes import rehearsing
from tui_dl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_dl.engine.parts.parts import Parts
    from tui_dl.spec.optimizers import Optimizer

LARGEST_PARAMETERS: Final = 20_000_000
"""Above this, copies of weights and moments would cost more memory than a forecast is worth."""


def gradients_at(parts: Parts, inputs: Any, targets: Any, micro_batches: int = 1) -> list[Tensor]:
    """Gradients of the objective, or of a micro-batch's part in it, at the present weights.

    In training mode there is the noise on the weights that the next batch has. `.grad` is left alone.
    """
    forward = training_pass(parts) if parts.model.training else parts.forward
    return gradients_of(parts, forward(inputs), targets, micro_batches)


def gradients_of(
    parts: Parts, outputs: Any, targets: Any, micro_batches: int = 1, *, keeps_graph: bool = False
) -> list[Tensor]:
    """The same, from the model's outputs on; with the graph kept, another objective can be asked after it."""
    loss = parts.objective.training_value(outputs, targets)
    if micro_batches > 1:
        loss = loss / micro_batches
    # A float16 loss goes backward scaled here too: unscaled, small gradients would be lost.
    scale = parts.precision.scale
    loss = loss * scale if scale != 1.0 else loss
    found: tuple[Tensor | None, ...] = torch.autograd.grad(
        loss, parts.parameters, allow_unused=True, retain_graph=keeps_graph
    )
    return [
        torch.zeros_like(parameter) if gradient is None else gradient.detach() / scale
        for parameter, gradient in zip(parts.parameters, found, strict=True)
    ]


def clipped(parts: Parts, gradients: list[Tensor]) -> list[Tensor]:
    """As the optimizer gets them."""
    if parts.objective.clip is not None:
        norm = torch.nn.utils.get_total_norm(gradients)
        factor = torch.clamp(parts.objective.clip / (norm + 1e-6), max=1.0)
        gradients = [gradient * factor.to(gradient.device) for gradient in gradients]
    if (largest := parts.objective.clip_value) is not None:
        gradients = [gradient.clamp_(-largest, largest) for gradient in gradients]
    return gradients


def next_gradients(parts: Parts) -> list[Tensor] | None:
    """Gradients of the next batch; None if there is none, or copies would be too large."""
    if sum(parameter.numel() for parameter in parts.parameters) > LARGEST_PARAMETERS:
        return None
    try:
        parts.batches.fetch()
    except UsageError:
        return None
    with rehearsing(parts):
        return update_gradients(parts)


def update_gradients(parts: Parts) -> list[Tensor]:
    """Gradients that the next update will get: of the next batch, or their mean over its micro-batches."""
    batches = parts.batches
    count = batches.micro_batches
    if count == 1:
        return clipped(parts, gradients_at(parts, *next_batch(parts)))
    sums: list[Tensor] = []
    for index in range(count):
        gradients = gradients_at(parts, *next_batch(parts, index), count)
        sums = gradients if not sums else [total + one for total, one in zip(sums, gradients, strict=True)]
    return clipped(parts, sums)


def next_update_size(parts: Parts, step: int, gradients: Sequence[Tensor] | None) -> float | None:
    """L2 norm of the next update of all weights with the optimizer as it is; None if it can't be known."""
    if gradients is None or not parts.knows_optimizer or needs_closure(parts.optimizer):
        return None
    copies = _copies(parts)
    optimizer = build_optimizer(parts.experiment.optimizer, copies)
    for parameter, copied in zip(parts.parameters, copies, strict=True):
        if parameter in parts.optimizer.state:
            optimizer.state[copied] = copied_state(parts.optimizer.state[parameter])
    rates = _present_rates(parts, step)
    for group, present, rate in zip(optimizer.param_groups, parts.optimizer.param_groups, rates, strict=True):
        group.update({key: value for key, value in present.items() if key != "params"} | {"lr": rate})
    return _size(parts, optimizer, copies, gradients, rates[0])


def first_update_size(
    parts: Parts, optimizer: Optimizer, lr: float, gradients: Sequence[Tensor] | None
) -> float | None:
    """L2 norm of a new optimizer's first update at a rate, its state beginning from nothing.

    None where it can't be known: an optimizer that evaluates the loss by itself can't be told by gradients.
    """
    if gradients is None:
        return None
    copies = _copies(parts)
    built = build_optimizer(optimizer, copies)
    if needs_closure(built):
        return None
    built.param_groups[0]["lr"] = lr
    return _size(parts, built, copies, gradients, lr)


def ratio(new: float | None, old: float | None) -> float | None:
    """New / old, where both are known, finite and old is not zero."""
    if new is None or old is None or not old > 0 or not math.isfinite(new / old):
        return None
    return new / old


def _copies(parts: Parts) -> list[nn.Parameter]:
    return [nn.Parameter(parameter.detach().clone()) for parameter in parts.parameters]


def _present_rates(parts: Parts, step: int) -> list[float]:
    if parts.is_foreign and parts.rates.is_constant:
        return [float(group["lr"]) for group in parts.optimizer.param_groups]
    return [base * parts.rates.factor(step) for base in parts.rates.bases]


def _size(
    parts: Parts,
    optimizer: torch.optim.Optimizer,
    copies: Sequence[nn.Parameter],
    gradients: Sequence[Tensor],
    rate: float,
) -> float | None:
    with torch.no_grad():
        if parts.objective.decay:
            torch._foreach_mul_(
                [copy for copy in copies if copy.ndim >= 2], 1.0 - rate * parts.objective.decay
            )
    for parameter, gradient in zip(copies, gradients, strict=True):
        parameter.grad = gradient.clone()
    optimizer.step()
    parts.objective.constrain(rate, [copy for copy in copies if copy.ndim >= 2])
    with torch.no_grad():
        # In place and in their own type: copies in float64 took most of a plan's time on 10⁶ parameters.
        moved = [copy.sub_(parameter) for copy, parameter in zip(copies, parts.parameters, strict=True)]
        size = float(torch.nn.utils.get_total_norm(moved))
    return size if math.isfinite(size) else None
