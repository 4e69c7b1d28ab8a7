"""Activations: the nonlinearity between two affine maps, applied to each number by itself."""

from typing import Annotated

from tui_dl.spec.component import Component, number


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


class Sigmoid(Activation, frozen=True, tag="sigmoid"):
    """f(x) = 1 / (1 + exp(-x)); its derivative is at most 1/4."""

    source = "torch.nn.Sigmoid"


class Tanh(Activation, frozen=True, tag="tanh"):
    """f(x) = tanh(x); its derivative is at most 1."""

    source = "torch.nn.Tanh"


class Gelu(Activation, frozen=True, tag="gelu"):
    """f(x) = x·Φ(x), Φ the standard normal distribution (Hendrycks and Gimpel, 2016)."""

    source = "torch.nn.GELU"


AnyActivation = Identity | Relu | LeakyRelu | Sigmoid | Tanh | Gelu
