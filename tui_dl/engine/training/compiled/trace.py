"""A step traced on copies: one graph from weights, state, rate and batch to the moved weights and state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import torch
from torch import Tensor
from torch.fx.experimental.proxy_tensor import make_fx

from tui_dl.engine.training.compiled.support import NotCompilable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch.fx import GraphModule

    from tui_dl.engine.parts.parts import Parts

_TRACEABLE: Final = {"fused": False, "foreach": False, "capturable": True}
"""Torch's plain formulas, with the step's number as a tensor: the compiler fuses them by itself."""


@final
@dataclass(frozen=True)
class StepInputs:
    """What a step reads and moves.

    Attributes:
        moved: weights, buffers and the optimizer's state, each in a fixed order; written in place.
        lr: the rate, 0-dim float32.
        spreads: 0-dim bool: update even where loss or gradient is not finite.
        batches: inputs and targets of each micro-batch.
    """

    moved: tuple[Tensor, ...]
    lr: Tensor
    spreads: Tensor
    batches: tuple[tuple[Tensor, Tensor], ...]

    @property
    def flat(self) -> tuple[Tensor, ...]:
        """All in one row, as the graph takes them."""
        return (*self.moved, self.lr, self.spreads, *(each for batch in self.batches for each in batch))


def moved_tensors(parts: Parts) -> tuple[Tensor, ...]:
    """All that a step writes into.

    Raises:
        NotCompilable: if the optimizer keeps something that is no tensor.
    """
    state = []
    for parameter in parts.parameters:
        values = parts.optimizer.state.get(parameter, {})
        for name in sorted(values):
            if isinstance(values[name], Tensor):
                state.append(values[name])
            elif values[name] is not None:
                raise NotCompilable(f"the optimizer keeps {name} as a number, not as a tensor")
    return (*parts.parameters, *parts.model.buffers(), *state)


def trace_step(copies: Parts, inputs: StepInputs, *, at_unit_rate: bool = False) -> GraphModule:
    """Trace a step of these parts, which are moved by it.

    The graph takes `inputs.flat` and gives loss, data loss, gradient norm, penalty (0 without one), whether
    all was finite, the former losses, and the outputs of each micro-batch; `inputs.moved` are written in
    place, except where something is not finite and `spreads` is false: then they stay as they are.

    Args:
        copies: parts of copies.
        inputs: theirs.
        at_unit_rate: let the optimizer step at rate 1, and go that way by the rate: for one whose steps are
            proportional to a rate that it takes as a number only.

    Raises:
        Exception: whatever torch raises for what can't be traced, such as a value read by the host.
    """

    def step(*_flat: Tensor) -> tuple[Tensor, ...]:
        return _step(copies, inputs, at_unit_rate)

    # As in torch.compile: the optimizers then take their steps' numbers as tensors.
    with torch.compiler._compile_session_context():
        return make_fx(step)(*inputs.flat)


def _step(parts: Parts, inputs: StepInputs, at_unit_rate: bool) -> tuple[Tensor, ...]:
    before = [tensor.detach().clone() for tensor in inputs.moved]
    losses, outputs = [], []
    sums: tuple[Tensor, ...] = ()
    count = len(inputs.batches)
    for index, batch in enumerate(inputs.batches):
        loss, *recorded, output = _forward(parts, *batch)
        share = loss / count if count > 1 else loss
        found: tuple[Tensor | None, ...] = torch.autograd.grad(
            share, list(parts.parameters), allow_unused=True
        )
        new = tuple(
            torch.zeros_like(parameter) if one is None else one
            for parameter, one in zip(parts.parameters, found, strict=True)
        )
        sums = new if index == 0 else tuple(map(torch.add, sums, new))
        losses.append([loss.detach(), *recorded])
        outputs.append(output.detach())
    gradients = list(sums)
    with torch.no_grad():
        loss, data_loss, penalty, *former = (torch.stack(each).mean() for each in zip(*losses, strict=True))
        norm = torch.linalg.vector_norm(torch.cat([gradient.reshape(-1) for gradient in gradients]))
        if parts.objective.clip is not None:
            factor = torch.clamp(parts.objective.clip / (norm + 1e-6), max=1.0)
            gradients = [gradient * factor for gradient in gradients]
        is_finite = torch.isfinite(norm) & torch.isfinite(loss)
        _decay_and_update(parts, gradients, inputs.lr, at_unit_rate)
        moves = is_finite | inputs.spreads
        for tensor, old in zip(inputs.moved, before, strict=True):
            tensor.detach().copy_(torch.where(moves, tensor.detach(), old))
    return (loss, data_loss, norm, penalty, is_finite, *former, *outputs)


def _forward(parts: Parts, inputs: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
    """Loss with its gradient, data loss, penalty, former losses; outputs last."""
    outputs = parts.forward(inputs)
    data_loss = loss = parts.objective.data_loss(outputs, targets)
    penalty = parts.objective.penalty() if parts.objective.has_penalty else None
    if penalty is not None:
        loss = data_loss + penalty
    with torch.no_grad():
        kept = torch.zeros_like(data_loss) if penalty is None else penalty.detach()
        former = [each.function(outputs, targets) for each in parts.objective.former]
    return (loss, data_loss.detach(), kept, *former, outputs)


def _decay_and_update(parts: Parts, gradients: Sequence[Tensor], lr: Tensor, at_unit_rate: bool) -> None:
    optimizer: Any = parts.optimizer
    if parts.objective.decay:
        for weight in parts.objective.weights:
            weight.mul_(1.0 - lr * parts.objective.decay)
    for parameter, gradient in zip(parts.parameters, gradients, strict=True):
        parameter.grad = gradient
    for group in optimizer.param_groups:
        group["lr"] = 1.0 if at_unit_rate else lr
        group.update({name: value for name, value in _TRACEABLE.items() if name in group})
    before = [parameter.detach().clone() for parameter in parts.parameters]
    # Without the hooks and the profiler's marks that torch lays around a step.
    step = type(optimizer).step
    getattr(step, "__wrapped__", step)(optimizer)
    if at_unit_rate:
        for parameter, old in zip(parts.parameters, before, strict=True):
            parameter.copy_(old + lr * (parameter - old))
