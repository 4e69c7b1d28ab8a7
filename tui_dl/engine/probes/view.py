"""What a task's view is: made once for a data set, asked again and again what the model makes of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from tui_dl.spec.heads import Head
    from tui_dl.wire.snapshots import Reading


@final
@dataclass(frozen=True, slots=True)
class Wish:
    """What whoever looks on wants to see of a view.

    Attributes:
        sample: index of the validation sample to show in full; None for the worst one.
        grid: columns and rows of a picture of the input plane; 0 leaves it to the view.
    """

    sample: int | None = None
    grid: tuple[int, int] = (0, 0)


class View(ABC):
    """Keeps what stays the same (points, grids, pixels) ready, so that a look costs a forward pass."""

    @abstractmethod
    def look(self, answer: Callable[[Tensor], Tensor], wish: Wish, head: Head | None = None) -> None:
        """Ask the model; what it answers stays on the device.

        Args:
            answer: from scaled inputs to the model's outputs.
            wish: what is to be seen.
            head: what outputs mean; by default logits of one class among all, or values.
        """

    @abstractmethod
    def reading(self) -> Reading:
        """What the last look showed, with one read from the device."""


def evenly_chosen(count: int, most: int) -> list[int]:
    """Indices of at most so many of `count` items, evenly spaced."""
    if count <= most:
        return list(range(count))
    return [index * count // most for index in range(most)]
