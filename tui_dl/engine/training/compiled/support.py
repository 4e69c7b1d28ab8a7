"""What can be compiled, and in which words it is said that something can't."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, final

from msgspec import structs

if TYPE_CHECKING:
    from tui_dl.engine.parts.parts import Parts
    from tui_dl.spec.experiment import Experiment

MOST_MICRO_BATCHES: Final = 8
"""A compiled step holds each of them: more would take minutes to compile."""

_REGULARIZERS: Final = frozenset(
    (
        "l1",
        "l2",
        "elastic_net",
        "weight_decay",
        "dropout",
        "batch_norm",
        "layer_norm",
        "label_smoothing",
        "mixup",
        "cutmix",
        "augmentation",
        "input_noise",
        "weight_noise",
        "gradient_clipping",
        "max_norm",
        "early_stopping",
    )
)
"""Those whose whole effect is in the traced step, or in what it is given; whatever is new is not."""
_READERS: Final = {
    "lbfgs": "evaluates the loss several times in an update",
    "adafactor": "reads sizes of weights and updates from the device in each update, as torch has it",
}
"""Optimizers that no graph holds, and why."""

TOLERANCE: Final = {"float32": 1e-3, "bfloat16": 0.1}
"""How far a compiled update may be from the eager one, as a share of the update's length."""

_NEUTRAL: Final[dict[str, Any]] = {
    "epochs": 1,
    "pace": 0.0,
    "nonfinite": "stop",
    "overhead_budget": 0.0,
    "checkpoint_every_s": 0.0,
}
"""Settings of the run that no step depends on; whatever is new is taken to matter."""


@final
class NotCompilable(Exception):  # noqa: N818 - a reason, not a defect
    """This step stays eager; the text says why."""


def refuse_uncompilable(parts: Parts) -> None:
    """Check what the traced step would leave out.

    Raises:
        NotCompilable: names the key that stands in the way.
    """
    experiment = parts.experiment
    training = experiment.training
    if training.precision == "float16":
        raise NotCompilable("training.precision float16 scales its loss and may skip updates; use bfloat16")
    if not training.zero_grad:
        raise NotCompilable("training.zero_grad false carries gradients from one step into the next")
    if training.accumulate > MOST_MICRO_BATCHES:
        raise NotCompilable(
            f"training.accumulate {training.accumulate} makes the step too long; at most {MOST_MICRO_BATCHES}"
        )
    why = _READERS.get(experiment.optimizer.name)
    if why is not None:
        raise NotCompilable(f"{experiment.optimizer.name} {why}")
    for regularizer in experiment.regularizers:
        if regularizer.name not in _REGULARIZERS:
            raise NotCompilable(f"regularizers.{regularizer.name} acts outside the compiled step")


def tolerance(parts: Parts) -> float:
    """How far from the eager update is near enough: Muon makes matrices orthogonal in bfloat16."""
    is_coarse = parts.experiment.optimizer.name == "muon"
    return TOLERANCE["bfloat16" if is_coarse else parts.experiment.training.precision]


def signature(parts: Parts) -> tuple[object, ...]:
    """What a compiled step depends on: equal for two experiments that one compiled step serves.

    The rate is an argument of the step, so another rate or schedule needs no other.
    """
    experiment: Experiment = parts.experiment
    training = experiment.training
    return (
        experiment.data,
        experiment.seed,
        experiment.model,
        experiment.loss,
        structs.replace(experiment.optimizer, lr=0.0),
        experiment.regularizers,
        structs.replace(training, **_NEUTRAL),
        tuple(former.spec for former in parts.objective.former),
        str(parts.device),
    )
