"""Norms of many tensors in one kernel, and any number of scalars in one read from the device."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, final

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import Tensor, nn


def norms(tensors: Sequence[Tensor], order: float = 2) -> list[Tensor]:
    """The norm of each tensor as a 0-dim tensor on its device; a sparse gradient's is that of its values."""
    dense = [
        tensor.detach().coalesce().values() if tensor.is_sparse else tensor.detach() for tensor in tensors
    ]
    return list(torch._foreach_norm(dense, order)) if dense else []


def copies(parameters: Iterable[nn.Parameter]) -> list[Tensor]:
    """Copies of parameters, to be held against what they become."""
    return [parameter.detach().clone() for parameter in parameters]


def read(scalars: Sequence[Tensor]) -> list[float]:
    """The values of 0-dim tensors: one read from the device, whatever their types."""
    if not scalars:
        return []
    places: dict[tuple[torch.dtype, torch.device], list[int]] = {}
    for place, each in enumerate(scalars):
        places.setdefault((each.dtype, each.device), []).append(place)
    stacks = [torch.stack([scalars[place] for place in group]) for group in places.values()]
    if len(stacks) == 1:
        only: list[float] = stacks[0].tolist()
        return only
    # float64 keeps counts beyond 2²⁴ exact beside norms in float32.
    read = torch.cat([stack.to(stacks[0].device, torch.float64) for stack in stacks]).tolist()
    order = [place for group in places.values() for place in group]
    values = [0.0] * len(scalars)
    for place, value in zip(order, read, strict=True):
        values[place] = value
    return values


def combined(values: Iterable[float]) -> float:
    """The norm of a whole from the norms of its parts, without overflow; not finite if a part is not."""
    return math.hypot(*values)


@final
class UpdateMeter:
    """How far one update moved each parameter: remembers them before it and measures after it."""

    def __init__(self) -> None:
        self._parameters: list[nn.Parameter] = []
        self._before: list[Tensor] = []
        self._moved: dict[int, Tensor] = {}
        self._backward: list[Tensor] = []

    def start(self, parameters: Sequence[nn.Parameter]) -> None:
        """Remember the parameters: one copy of each."""
        self._parameters, self._moved = list(parameters), {}
        self._before = copies(parameters)

    def stop(self) -> None:
        """Measure the way from there; the copies are let go with `forget`."""
        if self._before:
            torch._foreach_sub_(self._before, [parameter.detach() for parameter in self._parameters])
            moved = norms(self._before)
            self._moved = {
                id(parameter): norm for parameter, norm in zip(self._parameters, moved, strict=True)
            }
        self._before, self._backward = [], self._before

    def steps_of(self, parameters: Sequence[nn.Parameter]) -> list[Tensor]:
        """Δw of some of the parameters; empty before the update and after `forget`."""
        wanted = {id(parameter) for parameter in parameters}
        pairs = zip(self._parameters, self._backward, strict=False)
        return [-back for parameter, back in pairs if id(parameter) in wanted]

    def forget(self) -> None:
        """Begin anew: nothing is held."""
        self._parameters, self._before, self._moved, self._backward = [], [], {}, []

    @property
    def moved(self) -> dict[int, Tensor]:
        """‖Δw‖ by the parameter's `id`, 0-dim on its device; empty before the update."""
        return self._moved
