"""Regularizers that act on the gradient before the update."""

from typing import Annotated, Literal

from tui_dl.spec.component import described, number
from tui_dl.spec.regularizers.base import Regularizer

LARGEST_NORM = 1.0
LARGEST_VALUE = 1.0


class GradientClipping(Regularizer, frozen=True, tag="gradient_clipping"):
    """Bound the gradient: its norm as a whole, or each of its values (Pascanu et al., 2013)."""

    source = "torch.nn.utils.clip_grad_norm_"

    method: Annotated[
        Literal["norm", "value"],
        described(
            "norm scales the whole gradient down where its norm is larger, its direction stays; value cuts "
            "each number, as torch.nn.utils.clip_grad_value_ does"
        ),
    ] = "norm"
    max_norm: Annotated[float, number("By norm: largest total L2 norm of the gradient", gt=0, le=1e9)] = (
        LARGEST_NORM
    )
    max_value: Annotated[
        float, number("By value: largest magnitude of one number of the gradient", gt=0, le=1e9)
    ] = LARGEST_VALUE
