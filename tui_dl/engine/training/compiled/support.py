"""What can be compiled, and in which words it is said that something can't."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, final

from msgspec import structs

from tui_dl.spec.schema import default_of, fields_of

if TYPE_CHECKING:
    from tui_dl.engine.parts.parts import Parts
    from tui_dl.spec.experiment import Experiment
    from tui_dl.spec.regularizers import AnyRegularizer

MOST_MICRO_BATCHES: Final = 8
"""A compiled step holds each of them: more would take minutes to compile."""

_REGULARIZERS: Final = {
    "l1": ("strength",),
    "l2": ("strength",),
    "elastic_net": ("l1", "l2", "strength", "l1_share"),
    "weight_decay": ("rate",),
    "gradient_clipping": ("max_norm",),
    "dropout": ("p",),
    "early_stopping": None,
}
"""Those whose whole effect the traced step has, with the fields that it knows; None is all of them."""


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
    if experiment.optimizer.name == "lbfgs":
        raise NotCompilable("lbfgs evaluates the loss several times in an update")
    if len(parts.rates.bases) > 1:
        raise NotCompilable(f"{experiment.optimizer.name} has two rates at once")
    for regularizer in experiment.regularizers:
        if not _is_known(regularizer):
            raise NotCompilable(f"regularizers.{regularizer.name} acts outside the compiled step")


def _is_known(regularizer: AnyRegularizer) -> bool:
    if regularizer.name not in _REGULARIZERS:
        return False
    known = _REGULARIZERS[regularizer.name]
    if known is None:
        return True
    return all(
        name in known or getattr(regularizer, field.name) == default_of(field)
        for name, field in fields_of(type(regularizer)).items()
    )


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
