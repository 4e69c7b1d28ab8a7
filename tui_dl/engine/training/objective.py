"""What is being made small: the loss function, the penalties beside it, and what happens to the gradient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, final

import torch
from torch import Tensor

from tui_dl.components.regularizers import (
    bound_norms_,
    clip_norm,
    clip_value,
    decay_rate,
    largest_norm,
    penalty,
    proximal_strength,
    smoothed,
    smoothing,
    soft_threshold_,
    weight_noise,
)
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
    """loss = data loss + penalties; then clipping and decoupled decay; constraints after the update.

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
        training_function: on training batches in place of `function`: it smooths their labels.
        clip_value: largest magnitude of each number of the gradient; None leaves it as it is.
        weight_noise: standard deviation of the noise on the weights in a training pass; 0 is none.
        proximal: weights move by this times the rate towards 0 after an update; 0 is none.
        largest_norm: of a unit's incoming weights after an update; None is no bound.
    """

    function: Callable[[Any, Any], Tensor]
    loss_name: str
    regularizers: tuple[AnyRegularizer, ...]
    weights: tuple[Tensor, ...]
    has_penalty: bool
    clip: float | None
    decay: float
    former: tuple[FormerLoss, ...] = ()
    training_function: Callable[[Any, Any], Tensor] | None = None
    clip_value: float | None = None
    weight_noise: float = 0.0
    proximal: float = 0.0
    largest_norm: float | None = None

    @property
    def is_smoothed(self) -> bool:
        """Whether training batches have softer labels than evaluations."""
        return self.training_function is not None

    @property
    def clips(self) -> bool:
        """Whether the gradient is bounded before an update."""
        return self.clip is not None or self.clip_value is not None

    @property
    def constrains(self) -> bool:
        """Whether anything is done to the weights after an update."""
        return self.proximal > 0 or self.largest_norm is not None

    def data_loss(self, outputs: Any, targets: Any) -> Tensor:
        """The loss function's value.

        Raises:
            UsageError: if somebody's own loss function gives no single number.
        """
        return self._checked(self.function(outputs, targets))

    def training_loss(self, outputs: Any, targets: Any) -> Tensor:
        """The loss function's value on a training batch, labels smoothed if asked for. Raises as above."""
        return self._checked((self.training_function or self.function)(outputs, targets))

    def _checked(self, value: Any) -> Tensor:
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
        return self._with_penalty(self.data_loss(outputs, targets))

    def training_value(self, outputs: Any, targets: Any) -> Tensor:
        """Data loss of a training batch plus penalties: what its gradient is taken of."""
        return self._with_penalty(self.training_loss(outputs, targets))

    def _with_penalty(self, data_loss: Tensor) -> Tensor:
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

    def constrain(self, rate: float | Tensor, weights: Sequence[Tensor] | None = None) -> None:
        """After an update at this learning rate: the soft threshold, then the bound on norms.

        Neither undoes the other: a bound scales rows, zeros stay zeros.

        Args:
            rate: of the update; may be a 0-dim tensor.
            weights: other tensors to do it to, like copies of the objective's own.
        """
        targets = self.weights if weights is None else weights
        if self.proximal > 0:
            soft_threshold_(targets, rate * self.proximal)
        if self.largest_norm is not None:
            bound_norms_(targets, self.largest_norm)


def objective(
    function: Callable[[Any, Any], Tensor],
    loss_name: str,
    regularizers: tuple[AnyRegularizer, ...],
    parameters: Sequence[Tensor],
    former: tuple[FormerLoss, ...] = (),
    classes: int = 0,
) -> Objective:
    """Put an objective together.

    Args:
        function: (outputs, targets) to a 0-dim tensor.
        loss_name: its name in the catalogue, or empty.
        regularizers: as declared; those that are no business of the objective are passed over.
        parameters: all that is trained.
        former: losses that are recorded only.
        classes: of a classification; 0 for anything else.
    """
    amount = smoothing(regularizers)
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
        smoothed(function, classes, amount) if classes and amount else None,
        clip_value(regularizers),
        weight_noise(regularizers),
        proximal_strength(regularizers) if weights else 0.0,
        largest_norm(regularizers) if weights else None,
    )
