"""Heads: what a model's outputs mean, which is the loss's to say."""

from typing import Literal

from msgspec import Struct

HeadKind = Literal["softmax", "sigmoid", "value", "mean_variance", "log_rate"]


class Head(Struct, frozen=True):
    """How outputs are read.

    Attributes:
        kind: `softmax`: a logit for each class, of which one is true; `sigmoid`: the same, each class a yes
            or no of its own; `value`: the predicted values; `mean_variance`: all means, then as many raw
            variances; `log_rate`: logarithms of the expected counts.
        least_variance: of `mean_variance`: what is added to softplus(raw), so that no variance is zero.
    """

    kind: HeadKind
    least_variance: float = 0.0

    def outputs(self, targets: int) -> int:
        """Numbers that a model must give for so many classes or values."""
        return 2 * targets if self.kind == "mean_variance" else targets


SOFTMAX = Head("softmax")
SIGMOID = Head("sigmoid")
VALUE = Head("value")
LOG_RATE = Head("log_rate")
