"""Activations: the nonlinearity between two affine maps, applied to each number by itself."""

from typing import Annotated, Literal

from tui_dl.spec.component import Component, described, number


class Activation(Component, frozen=True):
    """Base of all activations."""


class Identity(Activation, frozen=True, tag="identity"):
    """f(x) = x: stacked layers stay one linear map."""

    source = "torch.nn.Identity"


class Relu(Activation, frozen=True, tag="relu"):
    """f(x) = max(0, x)."""

    source = "torch.nn.ReLU"


class LeakyRelu(Activation, frozen=True, tag="leaky_relu"):
    """f(x) = x where x > 0, else negative_slope·x: a dead unit still gets a gradient."""

    source = "torch.nn.LeakyReLU"

    negative_slope: Annotated[float, number("Slope for negative inputs", ge=0, le=1)] = 0.01


class PRelu(Activation, frozen=True, tag="prelu"):
    """f(x) = x where x > 0, else a·x: the slope a is learnt (He et al., 2015)."""

    source = "torch.nn.PReLU"

    slope: Annotated[float, number("Slope for negative inputs that learning starts from", ge=-1, le=1)] = 0.25
    per_unit: Annotated[
        bool, described("Whether each unit (of an image: each channel) learns a slope of its own")
    ] = False


class Elu(Activation, frozen=True, tag="elu"):
    """f(x) = x where x > 0, else alpha·(exp(x) - 1): its mean is nearer to zero (Clevert et al., 2015)."""

    source = "torch.nn.ELU"

    alpha: Annotated[float, number("Minus the value that it tends to on the left", ge=0, le=100)] = 1.0


class Selu(Activation, frozen=True, tag="selu"):
    """ELU scaled so that mean 0 and variance 1 stay so from layer to layer (Klambauer et al., 2017)."""

    source = "torch.nn.SELU"


class Sigmoid(Activation, frozen=True, tag="sigmoid"):
    """f(x) = 1 / (1 + exp(-x)); its derivative is at most 1/4."""

    source = "torch.nn.Sigmoid"


class Tanh(Activation, frozen=True, tag="tanh"):
    """f(x) = tanh(x); its derivative is at most 1."""

    source = "torch.nn.Tanh"


class Gelu(Activation, frozen=True, tag="gelu"):
    """f(x) = x·Φ(x), Φ the standard normal distribution (Hendrycks and Gimpel, 2016)."""

    source = "torch.nn.GELU"

    approximate: Annotated[
        Literal["none", "tanh"], described("none takes Φ itself, tanh a formula near it that is quicker")
    ] = "none"


class Silu(Activation, frozen=True, tag="silu"):
    """f(x) = x·sigmoid(x), also called swish (Elfwing et al., 2017)."""

    source = "torch.nn.SiLU"


class Mish(Activation, frozen=True, tag="mish"):
    """f(x) = x·tanh(softplus(x)) (Misra, 2019)."""

    source = "torch.nn.Mish"


class Softplus(Activation, frozen=True, tag="softplus"):
    """f(x) = ln(1 + exp(beta·x)) / beta: a smooth ReLU, above zero everywhere."""

    source = "torch.nn.Softplus"

    beta: Annotated[float, number("Sharpness of the bend", gt=0, le=1000)] = 1.0
    threshold: Annotated[
        float, number("Above this beta·x it is x itself, against overflow", ge=0, le=1000)
    ] = 20.0


class Softsign(Activation, frozen=True, tag="softsign"):
    """f(x) = x / (1 + |x|): between -1 and 1, slower to saturate than tanh."""

    source = "torch.nn.Softsign"


class Hardtanh(Activation, frozen=True, tag="hardtanh"):
    """f(x) = x, cut off below low and above high: tanh in three straight pieces."""

    source = "torch.nn.Hardtanh"

    low: Annotated[float, number("Smallest value; must lie below high", ge=-1000, le=1000)] = -1.0
    high: Annotated[float, number("Largest value", ge=-1000, le=1000)] = 1.0


AnyActivation = (
    Identity
    | Relu
    | LeakyRelu
    | PRelu
    | Elu
    | Selu
    | Sigmoid
    | Tanh
    | Gelu
    | Silu
    | Mish
    | Softplus
    | Softsign
    | Hardtanh
)
