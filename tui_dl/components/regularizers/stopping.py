"""When to stop."""

from collections.abc import Iterable

from tui_dl.components.regularizers.finding import find
from tui_dl.spec import regularizers as spec


def early_stopping(regularizers: Iterable[spec.Regularizer]) -> spec.EarlyStopping | None:
    """When to stop for lack of improvement, or None for never."""
    return find(regularizers, spec.EarlyStopping)
