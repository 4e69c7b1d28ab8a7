"""A step traced on copies: one graph from weights, state, rate and batch to the moved weights and state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor
from torch.fx.experimental.proxy_tensor import make_fx

from tui_dl.engine.training.alterations import noised_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch.fx import GraphModule

    from tui_dl.engine.parts.parts import Parts
    from tui_dl.engine.training.compiled.inputs import StepInputs

_TRACEABLE: Final = {"fused": False, "foreach": False, "capturable": True}
"""Torch's plain formulas, with the step's number as a tensor: the compiler fuses them by itself."""


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
    forward = _training_pass(parts, inputs.noise)
    for index, batch in enumerate(inputs.batches):
        loss, *recorded, output = _forward(parts, forward, *batch)
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
        if parts.objective.clip_value is not None:
            limit = parts.objective.clip_value
            gradients = [gradient.clamp(-limit, limit) for gradient in gradients]
        is_finite = torch.isfinite(norm) & torch.isfinite(loss)
        _decay_and_update(parts, gradients, inputs.rates, at_unit_rate)
        moves = is_finite | inputs.spreads
        for tensor, old in zip(inputs.moved, before, strict=True):
            tensor.detach().copy_(torch.where(moves, tensor.detach(), old))
    return (loss, data_loss, norm, penalty, is_finite, *former, *outputs)


def _training_pass(parts: Parts, noise: Sequence[Tensor]) -> Callable[[Tensor], Tensor]:
    """The model; with noise on its weights that was drawn outside, since no generator is traced."""
    weights, sigma = noised_weights(parts), parts.objective.weight_noise
    if not weights:
        return parts.forward

    def noisy_model(inputs: Tensor) -> Tensor:
        drawn = zip(weights.items(), noise, strict=True)
        noisy = {name: weight + sigma * draw for (name, weight), draw in drawn}
        made: Tensor = torch.func.functional_call(parts.model, noisy, (inputs,))
        return made

    return lambda inputs: parts.precision.forward(noisy_model, inputs)


def _forward(
    parts: Parts, forward: Callable[[Tensor], Tensor], inputs: Tensor, targets: Tensor, *mixed_from: Tensor
) -> tuple[Tensor, ...]:
    """Loss with its gradient, data loss, penalty, former losses; outputs last."""
    outputs = forward(inputs)
    labels = mixed_from[0] if mixed_from else targets
    data_loss = loss = parts.objective.training_loss(outputs, targets)
    penalty = parts.objective.penalty() if parts.objective.has_penalty else None
    if penalty is not None:
        loss = data_loss + penalty
    with torch.no_grad():
        kept = torch.zeros_like(data_loss) if penalty is None else penalty.detach()
        former = [each.function(outputs, labels) for each in parts.objective.former]
    return (loss, data_loss.detach(), kept, *former, outputs)


def _decay_and_update(
    parts: Parts, gradients: Sequence[Tensor], rates: Sequence[Tensor], at_unit_rate: bool
) -> None:
    optimizer: Any = parts.optimizer
    if parts.objective.decay:
        for weight in parts.objective.weights:
            weight.mul_(1.0 - rates[0] * parts.objective.decay)
    for parameter, gradient in zip(parts.parameters, gradients, strict=True):
        parameter.grad = gradient
    before: list[tuple[Tensor, Tensor, Tensor]] = []
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        group["lr"] = 1.0 if at_unit_rate else rate
        group.update({name: value for name, value in _TRACEABLE.items() if name in group})
        if isinstance(optimizer, torch.optim.Adagrad):
            # Its loop takes the rate as a number; the same formula over lists takes tensors.
            group["foreach"] = True
        before += [(parameter, parameter.detach().clone(), rate) for parameter in group["params"]]
    _plain_step(optimizer)
    if at_unit_rate:
        for weight, old, rate in before:
            weight.copy_(old + rate * (weight - old))
    if parts.objective.constrains:
        parts.objective.constrain(rates[0])


def _plain_step(optimizer: Any) -> None:
    """Step without the hooks and the profiler's marks that torch lays around it."""
    for part in getattr(optimizer, "halves", (optimizer,)):
        step = type(part).step
        if any(group["params"] for group in part.param_groups):
            getattr(step, "__wrapped__", step)(part)
