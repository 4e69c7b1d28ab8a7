"""The plane of a network's trained numbers, where it has exactly two, and an update's way over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

import torch

from tui_dl.wire.messages import PATH

if TYPE_CHECKING:
    from torch import Tensor, nn

DIMENSIONS: Final = 2


@final
@dataclass(frozen=True, slots=True)
class Plane:
    """Exactly two numbers, in one parameter or in two of them.

    Attributes:
        names: of both, as short as they can be told apart.
        parameters: what they are in, by its name in the model.
    """

    names: tuple[str, str]
    parameters: dict[str, nn.Parameter]

    def place(self) -> Tensor:
        """Both numbers as they are now, (2,): a copy on their device."""
        if len(self.parameters) == 1:
            (whole,) = self.parameters.values()
            return whole.detach().flatten().clone()
        return torch.cat([each.detach().flatten() for each in self.parameters.values()])

    def at(self, place: Tensor) -> dict[str, Tensor]:
        """The parameters that a place (2,) stands for, by their names, in their shapes."""
        sizes = [each.numel() for each in self.parameters.values()]
        pairs = zip(self.parameters.items(), torch.split(place, sizes), strict=True)
        return {name: part.reshape(each.shape) for (name, each), part in pairs}


@final
class Path:
    """The way of one update over its model's plane, as columns of a step; none where there is no plane.

    Args:
        model: whose numbers are looked at.
    """

    def __init__(self, model: nn.Module) -> None:
        self._plane = plane_of(model)
        self._start: tuple[Tensor, ...] = ()
        self.columns: tuple[str, ...] = () if self._plane is None else PATH

    def begin(self) -> None:
        """The update's batch begins here."""
        if self._plane is not None:
            self._start = self._plane.place().unbind()

    def values(self) -> tuple[Tensor, ...]:
        """The columns' values, of the update that was made since."""
        return () if self._plane is None else (*self._start, *self._plane.place().unbind())


def plane_of(model: nn.Module) -> Plane | None:
    """The plane of a network's trained numbers; None unless there are exactly two."""
    trained: dict[str, nn.Parameter] = {}
    count = 0
    for name, each in model.named_parameters():
        if each.requires_grad and each.numel():
            count += each.numel()
            if count > DIMENSIONS:
                return None
            trained[name] = each
    if count != DIMENSIONS:
        return None
    names = (
        list(trained) if len(trained) == DIMENSIONS else [f"{name}[{i}]" for name in trained for i in (0, 1)]
    )
    ends = [name.rpartition(".")[2] for name in names]
    first, second = ends if ends[0] != ends[1] else names
    return Plane((first, second), trained)
