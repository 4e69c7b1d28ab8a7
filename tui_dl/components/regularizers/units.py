"""What happens to hidden units while training."""

from collections.abc import Iterable

from tui_dl.components.regularizers.finding import find
from tui_dl.spec import regularizers as spec


def dropout_p(regularizers: Iterable[spec.Regularizer]) -> float:
    """Probability of zeroing a hidden unit while training; 0 is none."""
    found = find(regularizers, spec.Dropout)
    return found.p if found else 0.0
