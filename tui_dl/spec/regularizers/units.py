"""Regularizers inside the network: what happens to hidden units while training."""

from typing import Annotated

from tui_dl.spec.component import number
from tui_dl.spec.regularizers.base import Regularizer


class Dropout(Regularizer, frozen=True, tag="dropout"):
    """Zero hidden units with probability p while training, scale the rest by 1/(1-p) (Srivastava 2014)."""

    source = "torch.nn.Dropout"

    p: Annotated[float, number("Probability of zeroing a unit", ge=0, lt=1)] = 0.5
