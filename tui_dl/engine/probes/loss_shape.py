"""The loss of one sample drawn as a function, its derivative by autograd, and where the samples lie on it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, final

import torch
from torch import Tensor

from tui_dl.components.losses import loss_on_head
from tui_dl.engine.probes.answers import answers
from tui_dl.engine.probes.base import AfterUpdateProbe
from tui_dl.engine.probes.loss_prototypes import Prototypes, sampled
from tui_dl.wire.pictures import LossCurve, LossShapeRead

if TYPE_CHECKING:
    from tui_dl.engine.probes.loss_prototypes import LossFunction
    from tui_dl.engine.training.trainer import Trainer

POINTS: Final = 129
"""Odd, so that 0 is one of them: there derivatives jump."""
LEAST_REACH: Final = {"lead": 4.0, "logit": 4.0}
"""A margin or a logit is worth seeing so far; an error has the data's own units."""
SHRINKS_BELOW: Final = 0.25
"""The reach shrinks when the samples use less than this part of it: it should not flicker."""
STRONGEST: Final = 0.1


@final
class LossShapeProbe(AfterUpdateProbe):
    """Looks after the update at the fixed batch, in eval mode, with the loss that training batches have.

    Drawn is what one sample costs, as the loss function itself gives it for batches of one. Whether a
    classification is drawn over a lead or a logit is found out: over a lead where adding the same to all
    logits costs nothing.
    """

    name = "loss_shape"

    def __init__(self) -> None:
        super().__init__()
        self._reach: dict[str, float] = {}
        self._drawn: dict[tuple[object, ...], LossCurve] = {}

    def look(self, trainer: Trainer) -> LossShapeRead | None:
        """One forward pass, and the loss at some points where it has changed; None of somebody's own loss."""
        experiment, splits, batch = trainer.experiment, trainer.splits, trainer.probe_batch
        if experiment is None or splits is None or batch is None:
            return None
        inputs, targets = batch
        outputs = answers(trainer.model, inputs).detach()
        present, function = experiment.loss, trainer.training_loss_function
        head = present.head(splits.task)
        found = Prototypes.of(function, splits.task, head, outputs, targets)
        places = sampled(found, head, outputs, targets).double().cpu()
        finite = places[places.isfinite()]
        low, high = self._reaching(found.variable, finite)
        curves = [self._curve(present.name, function, found, low, high)]
        before = trainer.loss_before
        if before is not None:
            former = loss_on_head(before, splits.task, splits.outputs, splits.class_weights, head)
            if former is not None:
                curves.append(self._curve(before.name, former, found, low, high))
        self._drawn = {
            key: curve for key, curve in self._drawn.items() if any(curve is each for each in curves)
        }
        return LossShapeRead(
            variable=found.variable,
            low=low,
            high=high,
            curves=tuple(curves),
            samples=tuple(finite.tolist()),
            nonfinite=len(places) - len(finite),
            strongest_share=strongest_share(function, outputs, targets),
            outputs=splits.outputs,
            sigma=found.sigma,
            target=found.target,
        )

    def _reaching(self, variable: str, places: Tensor) -> tuple[float, float]:
        """Ends of the axis: 1.5 or 2 times a power of two to both sides of 0, however lopsided they lie."""
        largest = float(places.abs().max()) if len(places) else 0.0
        wanted = max(1.05 * largest, LEAST_REACH.get(variable, 0.0)) or 1.0
        reach = self._reach.get(variable, 0.0)
        if wanted > reach or wanted < SHRINKS_BELOW * reach:
            # Losses are computed in float32: beyond this there would be infinities alone.
            power = 2.0 ** math.ceil(math.log2(min(max(wanted, 1e-12), 1e12)))
            reach = 0.75 * power if wanted <= 0.75 * power else power
        self._reach = {variable: reach}
        return -reach, reach

    def _curve(self, name: str, function: LossFunction, of: Prototypes, low: float, high: float) -> LossCurve:
        # The function is held by the key: another one can't come to the same place in memory.
        key = (name, function, low, high, of.variable, of.sigma, of.target)
        if key not in self._drawn:
            values, slopes = drawn(function, of, torch.linspace(low, high, POINTS, dtype=torch.float64))
            self._drawn[key] = LossCurve(name, tuple(values.tolist()), tuple(slopes.tolist()))
        return self._drawn[key]


def drawn(function: LossFunction, of: Prototypes, at: Tensor) -> tuple[Tensor, Tensor]:
    """ℓ and dℓ/dv (n,) of one sample at values v (n,) of the variable; float64 on the host."""
    values = at.to(of.outputs.device, of.outputs.dtype).requires_grad_()
    with torch.enable_grad():
        # One by one: a loss tells the mean of a batch alone.
        each = torch.stack([function(of.at(one), of.targets) for one in values.unbind()])
        (slopes,) = torch.autograd.grad(each.sum(), values)
    return each.detach().double().cpu(), slopes.double().cpu()


def strongest_share(function: LossFunction, outputs: Tensor, targets: Tensor) -> float | None:
    """Share of Σ‖∂ℓᵢ/∂oᵢ‖ that the tenth of the samples with the largest have; None if all are zero.

    One more than a tenth where that is no whole number.
    """
    asked = outputs.detach().clone().requires_grad_()
    with torch.enable_grad():
        (pulls,) = torch.autograd.grad(function(asked, targets), asked)
    sizes = pulls.flatten(1).double().norm(dim=1).cpu()
    total = float(sizes.sum())
    if not 0 < total < math.inf:
        return None
    strongest = sizes.topk(math.ceil(STRONGEST * len(sizes))).values
    return float(strongest.sum()) / total
