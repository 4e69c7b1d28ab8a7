"""Bounds on the gradient."""

from collections.abc import Iterable

from tui_dl.components.regularizers.finding import find
from tui_dl.spec import regularizers as spec


def clip_norm(regularizers: Iterable[spec.Regularizer]) -> float | None:
    """Largest total norm of the gradient, or None where it is not bounded."""
    found = find(regularizers, spec.GradientClipping)
    return found.max_norm if found and found.method == "norm" else None


def clip_value(regularizers: Iterable[spec.Regularizer]) -> float | None:
    """Largest magnitude of one number of the gradient, or None where it is not bounded."""
    found = find(regularizers, spec.GradientClipping)
    return found.max_value if found and found.method == "value" else None
