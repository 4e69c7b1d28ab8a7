"""The sample of which a loss is drawn: what of it is varied, what stays, and where real samples lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import torch
from torch import Tensor

from tui_dl.components.heads import means, variances

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_dl.spec.heads import Head
    from tui_dl.wire.pictures import LossVariable

    LossFunction = Callable[[Tensor, Tensor], Tensor]

MOST_PLACES = 256


@final
@dataclass(frozen=True)
class Prototypes:
    """One sample whose first output is varied.

    Attributes:
        variable: what that output is.
        outputs: (1, W), all that stays.
        targets: (1,) classes or (1, V) values.
        sigma: the predicted deviation among the outputs; None if there is none.
        target: the first target, where the shape depends on it.
    """

    variable: LossVariable
    outputs: Tensor
    targets: Tensor
    sigma: float | None = None
    target: float | None = None

    def at(self, value: Tensor) -> Tensor:
        """Outputs (1, W) with this value, 0-dim, in the first place; differentiable."""
        return torch.cat([value.reshape(1, 1), self.outputs[:, 1:]], 1)

    @classmethod
    def of(
        cls, function: LossFunction, task: str, head: Head, outputs: Tensor, targets: Tensor
    ) -> Prototypes:
        """What suits a loss, given outputs (N, W) and targets (N, …) of real samples."""
        blank = torch.zeros_like(outputs[:1])
        if task == "classification":
            first = torch.zeros_like(targets[:1])
            is_lead = head.kind == "softmax" and _knows_no_shift(function, blank, first)
            return cls("lead" if is_lead else "logit", blank, first)
        if head.kind == "log_rate":
            middle = targets[:, :1].median().clamp_min(1.0)
            return cls(
                "log_rate", blank + middle.log(), middle.expand(1, targets.shape[1]), None, float(middle)
            )
        nothing = torch.zeros_like(targets[:1])
        if head.kind == "mean_variance":
            # The raw variances of a sample in the middle: exp and softplus keep the order.
            raw = outputs.nanmedian(0).values
            blank[0, targets.shape[1] :] = raw[targets.shape[1] :]
            spread = variances(head, blank)
            assert spread is not None
            return cls("error", blank, nothing, float(spread[0, 0].sqrt()))
        return cls("error", blank, nothing)


def sampled(of: Prototypes, head: Head, outputs: Tensor, targets: Tensor) -> Tensor:
    """The variable (n,) of real samples, at most `MOST_PLACES`, in their order."""
    match of.variable:
        case "error":
            places = (means(head, outputs) - targets).flatten()
        case "log_rate":
            places = outputs.flatten()
        case "logit" | "lead":
            right = outputs.gather(1, targets[:, None])
            others = outputs.scatter(1, targets[:, None], -torch.inf).amax(1, keepdim=True)
            places = (right - others if of.variable == "lead" else right).flatten()
    return places[:: -(-len(places) // MOST_PLACES)]


def _knows_no_shift(function: LossFunction, outputs: Tensor, targets: Tensor) -> bool:
    """Whether adding the same to all logits changes nothing; asked where the loss is not flat."""
    tilted = outputs.clone()
    tilted[:, 0] = -0.5
    with torch.no_grad():
        here, shifted = function(tilted, targets), function(tilted + 0.75, targets)
    return bool(torch.isclose(here, shifted, rtol=1e-4, atol=1e-6))
