"""A compiled step beside the eager one, on copies: what differs is not used."""

from __future__ import annotations

import copy
import dataclasses
from typing import TYPE_CHECKING, Any, Final

import torch
from msgspec import structs
from torch import Tensor

from tui_dl.engine.parts.parts import trainable
from tui_dl.engine.state.rehearsal import OneBatch
from tui_dl.engine.training.alterations import noise_ahead
from tui_dl.engine.training.compiled.inputs import StepInputs, batches_ahead, moved_tensors
from tui_dl.engine.training.compiled.support import NotCompilable
from tui_dl.engine.training.gradients import GradientBuffer
from tui_dl.engine.training.rng import RandomState
from tui_dl.spec.rates import Rates

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui_dl.engine.parts.parts import Parts
    from tui_dl.engine.training.compiled.compiler import Compiled

_RATES: Final = (1.0, 2.0)
"""Times the present rate: a step that has the rate or its own number built in shows it at the second."""
_LEAST_RATE: Final = 1e-6
_ROUNDING: Final = 1e-6
"""Of a tensor's own length: below it, differences are those of adding in another order."""
_NOISE: Final = 1e-3
"""Of the tolerance: a parameter's gradient that is so small a share of the whole one is rounding."""


def copies_of(parts: Parts, batches: Sequence[tuple[Any, Any]]) -> Parts:
    """Parts of copies that make an eager update of these batches, with the draws that come next."""
    model, optimizer, objective = copy.deepcopy((parts.model, parts.optimizer, parts.objective))
    model.train()
    random = RandomState(parts.device, None)
    random.state = parts.random.state
    training = structs.replace(parts.experiment.training, compile="off")
    return dataclasses.replace(
        parts,
        experiment=structs.replace(parts.experiment, training=training),
        model=model,
        optimizer=optimizer,
        objective=objective,
        batches=OneBatch(batches, parts.batches.position),
        gradients=GradientBuffer(trainable(model)),
        random=random,
        precision=parts.precision.copy(),
    )


def require_alike(
    parts: Parts,
    compiled: Compiled,
    batches: Sequence[tuple[Any, Any]],
    make_eagerly: Callable[[Parts], None],
    tolerance: float,
) -> None:
    """Make two updates on copies both ways and compare all that they have moved.

    The batches are as they were fetched: either way alters them.

    Raises:
        NotCompilable: where they differ by more than this share of the eager update's length.
    """
    eager, other = copies_of(parts, batches), copies_of(parts, batches)
    before = [tensor.detach().clone() for tensor in moved_tensors(eager)]
    spreads = torch.zeros((), dtype=torch.bool, device=parts.device)
    bases = [max(float(group["lr"]), _LEAST_RATE) for group in parts.optimizer.param_groups]
    for times in _RATES:
        eager.rates = Rates(tuple(base * times for base in bases))
        make_eagerly(eager)
        rates = tuple(torch.full((), base * times, device=parts.device) for base in bases)
        row = StepInputs(moved_tensors(other), rates, spreads, batches_ahead(other), noise_ahead(other))
        with other.random, torch.no_grad():
            compiled(*row.flat)
        _follow_noise(eager, other, tolerance)
    names = _names(eager)
    for name, old, one, two in zip(names, before, moved_tensors(eager), moved_tensors(other), strict=True):
        if not _is_alike(old, one, two, tolerance):
            raise NotCompilable(f"the compiled step gives another {name} than the eager one")


def _follow_noise(eager: Parts, other: Parts, tolerance: float) -> None:
    """Take over from the eager update what no two ways of adding agree on.

    A bias in front of a batch norm has a gradient of rounding errors alone, as the mean is subtracted; Adam
    makes whole steps of it all the same. It has no effect in training, so it shows nothing.
    """
    least = _NOISE * tolerance * float(eager.gradients.norm())
    for one, two in zip(eager.parameters, other.parameters, strict=True):
        if one.grad is None or float(torch.linalg.vector_norm(one.grad)) > least:
            continue
        with torch.no_grad():
            two.copy_(one)
            for name, value in eager.optimizer.state.get(one, {}).items():
                if isinstance(value, Tensor):
                    other.optimizer.state[two][name].copy_(value)


def _is_alike(old: Tensor, eager: Tensor, compiled: Tensor, tolerance: float) -> bool:
    moved = torch.linalg.vector_norm(eager.double() - old.double())
    apart = torch.linalg.vector_norm(eager.double() - compiled.double())
    length = torch.linalg.vector_norm(eager.double())
    return bool(apart <= tolerance * moved + _ROUNDING * length)


def _names(parts: Parts) -> list[str]:
    """What each of the moved tensors is, in words."""
    parameters = {id(parameter): name for name, parameter in parts.model.named_parameters()}
    names = [parameters[id(parameter)] for parameter in parts.parameters]
    names += [name for name, _ in parts.model.named_buffers()]
    for parameter in parts.parameters:
        values = parts.optimizer.state.get(parameter, {})
        held = [name for name in sorted(values) if isinstance(values[name], Tensor)]
        names += [f"{name} of {parameters[id(parameter)]}" for name in held]
    return names
