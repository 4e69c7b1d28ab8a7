"""What is being made small: the loss function, the penalties beside it, and what happens to the gradient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, final

import torch
from torch import Tensor

from tui_dl.components.regularizers import clip_norm, decay_rate, penalty
from tui_dl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tui_dl.spec.regularizers import AnyRegularizer


@final
@dataclass(frozen=True)
class FormerLoss:
    """A loss that was swapped away and goes on as a recorded metric.

    Attributes:
        name: its name in the catalogue; recorded as ``loss.<name>``.
        spec: its declaration.
        function: (outputs, targets) to a 0-dim tensor.
    """

    name: str
    spec: Any
    function: Callable[[Any, Any], Tensor]


@final
@dataclass(frozen=True)
class Objective:
    """loss = data loss + penalties; then clipping and decoupled decay.

    Attributes:
        function: (outputs, targets) to a 0-dim tensor.
        loss_name: its name in the catalogue; empty if it is somebody's own, or if its value (weighted,
            summed) is not that of the metric which this name may stand for.
        regularizers: as declared.
        weights: the parameters that are penalised and decayed: of two dimensions or more, no biases or norms.
        has_penalty: whether anything is added to the data loss.
        clip: largest norm of the whole gradient; None leaves it as it is.
        decay: rate of decoupled weight decay.
        former: losses that are recorded only.
    """

    function: Callable[[Any, Any], Tensor]
    loss_name: str
    regularizers: tuple[AnyRegularizer, ...]
    weights: tuple[Tensor, ...]
    has_penalty: bool
    clip: float | None
    decay: float
    former: tuple[FormerLoss, ...] = ()

    def data_loss(self, outputs: Any, targets: Any) -> Tensor:
        """The loss function's value.

        Raises:
            UsageError: if somebody's own loss function gives no single number.
        """
        value: Any = self.function(outputs, targets)
        if not isinstance(value, Tensor) or value.numel() != 1:
            shape = (
                f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else repr(type(value))
            )
            raise UsageError(f"loss must give one number (a tensor of one element), not {shape}.")
        return value

    def penalty(self) -> Tensor | None:
        """The penalties' value, 0-dim, with gradient; None where there is none."""
        return penalty(self.regularizers, self.weights) if self.has_penalty else None

    def value(self, outputs: Any, targets: Any) -> Tensor:
        """Data loss plus penalties."""
        data_loss = self.data_loss(outputs, targets)
        penalties = self.penalty()
        return data_loss if penalties is None else data_loss + penalties

    def on(self, parameters: Sequence[Tensor]) -> Objective:
        """The same objective of other parameters: those of a layer that was replaced."""
        # Made anew it would lose whatever else was decided when it was made.
        return replace(self, weights=tuple(each for each in parameters if each.ndim >= 2))

    def decay_weights(self, rate: float) -> None:
        """Decoupled decay before an update at this learning rate: w ← w·(1 - rate·decay)."""
        with torch.no_grad():
            torch._foreach_mul_(list(self.weights), 1.0 - rate * self.decay)


def objective(
    function: Callable[[Any, Any], Tensor],
    loss_name: str,
    regularizers: tuple[AnyRegularizer, ...],
    parameters: Sequence[Tensor],
    former: tuple[FormerLoss, ...] = (),
) -> Objective:
    """Put an objective together.

    Args:
        function: (outputs, targets) to a 0-dim tensor.
        loss_name: its name in the catalogue, or empty.
        regularizers: as declared; those that are no business of the objective are passed over.
        parameters: all that is trained.
        former: losses that are recorded only.
    """
    weights = tuple(parameter for parameter in parameters if parameter.ndim >= 2)
    with torch.no_grad():
        has_penalty = penalty(regularizers, [torch.zeros(1, 1)]) is not None and bool(weights)
    return Objective(
        function,
        loss_name,
        regularizers,
        weights,
        has_penalty,
        clip_norm(regularizers),
        decay_rate(regularizers) if weights else 0.0,
        former,
    )
