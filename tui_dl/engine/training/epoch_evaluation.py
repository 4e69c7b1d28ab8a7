"""The evaluation at an epoch's end that a schedule follows: a step of the training, whoever looks on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from tui_dl.engine.training.evaluation import evaluate

if TYPE_CHECKING:
    from tui_dl.engine.parts.parts import Parts


@final
@dataclass(frozen=True)
class EpochEvaluation:
    """What an epoch's end has shown.

    Attributes:
        step: updates made.
        metrics: of the validation split.
        lowered: factor that it has put on the rate; 1 where the rate stays.
    """

    step: int
    metrics: dict[str, float]
    lowered: float = 1.0


def follow_evaluation(parts: Parts, step: int) -> EpochEvaluation:
    """Evaluate the validation split and let the schedule take note of it."""
    metrics = evaluate(parts, "validation")
    before = parts.rates.plateau.scale
    parts.rates = parts.rates.evaluated(metrics["loss"])
    after = parts.rates.plateau.scale
    return EpochEvaluation(step, metrics, after / before if before else 1.0)
