"""Regularizers that act on the weights themselves: noise on them, and a bound on their length."""

from typing import Annotated

from tui_dl.spec.component import number
from tui_dl.spec.regularizers.base import Regularizer


class WeightNoise(Regularizer, frozen=True, tag="weight_noise"):
    """Gaussian noise on the weights in each training pass, gone before the update; biases excluded."""

    source = "Graves, 2011, Practical Variational Inference for Neural Networks; Murray and Edwards, 1994"

    sigma: Annotated[float, number("Standard deviation of the noise on a weight", ge=0, le=100)] = 0.01


class MaxNorm(Regularizer, frozen=True, tag="max_norm"):
    """After each update scale down a unit's incoming weights where their L2 norm exceeds the limit."""

    source = "Srivastava et al., 2014, section 5.1; by torch.renorm"

    limit: Annotated[float, number("Largest L2 norm of a unit's incoming weights", gt=0, le=1e6)] = 3.0
