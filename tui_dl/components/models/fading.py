"""An activation that gives way to another over some steps: what it computes, kept fixed meanwhile."""

from typing import cast, final

from torch import Tensor, nn
from torch.nn import functional as F


@final
class FixedSlopes(nn.Module):
    """A PReLU whose slopes are learnt no more.

    Attributes:
        slopes: (1,) or (units,).
    """

    def __init__(self, slopes: Tensor) -> None:
        super().__init__()
        self.register_buffer("slopes", slopes.detach().clone())

    def forward(self, values: Tensor) -> Tensor:
        """Apply it to (N, units) or (N, channels, height, width)."""
        return F.prelu(values, cast("Tensor", self.slopes))


def fixed(activation: nn.Module) -> nn.Module:
    """The same function without anything that is trained."""
    return FixedSlopes(activation.weight) if isinstance(activation, nn.PReLU) else activation
