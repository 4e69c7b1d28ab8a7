"""Regularizers that bound how long is trained."""

from typing import Annotated

from tui_dl.spec.component import described, number
from tui_dl.spec.regularizers.base import Regularizer


class EarlyStopping(Regularizer, frozen=True, tag="early_stopping"):
    """Stop when the validation loss has not improved for a while."""

    source = "Prechelt, 1998"

    patience: Annotated[int, number("Evaluations without improvement before stopping", ge=1, le=10**9)] = 5
    min_delta: Annotated[float, number("Least drop that counts as an improvement", ge=0, le=1e6)] = 0.0
    restore_best: Annotated[
        bool, described("At the stop, or the planned end, put the weights of the best evaluation back")
    ] = False
