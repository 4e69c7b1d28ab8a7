"""What is measured of predictions' spread and lead, and of two losses' gradients at the same weights."""

from itertools import chain, permutations
from typing import Literal, get_args

from msgspec import Struct

from tui_dl.spec.component import component_name
from tui_dl.spec.losses import AnyLoss, Loss

Task = Literal["classification", "regression"]


class PairMetric(Struct, frozen=True):
    """One number of the gradients of two losses.

    Attributes:
        kind: last part of its name.
        help: what it is, in a line, with `<a>` and `<b>` for the losses.
    """

    kind: str
    help: str


PAIR_METRICS = (
    PairMetric(
        "cosine", "cosine between the gradients of the losses <a> and <b> on the probe batch, eval mode"
    ),
    PairMetric(
        "ratio", "norm of the gradient of the loss <a> over that of <b> on the probe batch, eval mode"
    ),
)
"""Under `losses.<a>.<b>.`, two names of losses: the present one as set, another at its defaults, gaussian_nll
with unit variance."""


def pair_metric_name(first: str, second: str, kind: str) -> str:
    """The full name: `losses.mse.l1.cosine`."""
    return f"losses.{first}.{second}.{kind}"


def pair_of(name: str) -> tuple[type[Loss], type[Loss], PairMetric] | None:
    """The two losses and what is measured of them, or None for any other name."""
    parts = name.split(".")
    if len(parts) != 4 or parts[0] != "losses":
        return None
    by_name = losses_by_name()
    kind = next((each for each in PAIR_METRICS if each.kind == parts[3]), None)
    if kind is None or parts[1] == parts[2] or parts[1] not in by_name or parts[2] not in by_name:
        return None
    return by_name[parts[1]], by_name[parts[2]], kind


def tasks_of_pair(first: type[Loss], second: type[Loss]) -> tuple[Task, ...]:
    """The tasks that both are for."""
    every: tuple[Task, ...] = ("classification", "regression")
    return tuple(task for task in every if task in first.tasks and task in second.tasks)


def losses_by_name() -> dict[str, type[Loss]]:
    """Every loss by its name."""
    classes: tuple[type[Loss], ...] = get_args(AnyLoss)
    return {component_name(cls): cls for cls in classes}


def pair_names() -> tuple[str, ...]:
    """Every name of a pair that there is: of losses that share a task."""
    by_name = losses_by_name()
    pairs = [(a, b) for a, b in permutations(by_name, 2) if tasks_of_pair(by_name[a], by_name[b])]
    return tuple(
        chain.from_iterable((pair_metric_name(a, b, each.kind) for each in PAIR_METRICS) for a, b in pairs)
    )
