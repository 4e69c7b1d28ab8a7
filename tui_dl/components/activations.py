"""Activations in torch: one module for each declared nonlinearity."""

from functools import singledispatch

from torch import nn

from tui_dl.components.missing import no_builder
from tui_dl.spec import activations as spec


@singledispatch
def build_activation(activation: spec.Activation, units: int = 1) -> nn.Module:
    """Build a fresh module that applies the activation to each number and leaves its input as it was.

    Args:
        activation: what is declared.
        units: width of the layer before it, or its channels, of which one that learns has a number each.
    """
    no_builder(activation, "activations")


@build_activation.register
def _(activation: spec.Identity, units: int = 1) -> nn.Module:
    return nn.Identity()


@build_activation.register
def _(activation: spec.Relu, units: int = 1) -> nn.Module:
    return nn.ReLU()


@build_activation.register
def _(activation: spec.LeakyRelu, units: int = 1) -> nn.Module:
    return nn.LeakyReLU(activation.negative_slope)


@build_activation.register
def _(activation: spec.PRelu, units: int = 1) -> nn.Module:
    return nn.PReLU(units if activation.per_unit else 1, activation.slope)


@build_activation.register
def _(activation: spec.Elu, units: int = 1) -> nn.Module:
    return nn.ELU(activation.alpha)


@build_activation.register
def _(activation: spec.Selu, units: int = 1) -> nn.Module:
    return nn.SELU()


@build_activation.register
def _(activation: spec.Sigmoid, units: int = 1) -> nn.Module:
    return nn.Sigmoid()


@build_activation.register
def _(activation: spec.Tanh, units: int = 1) -> nn.Module:
    return nn.Tanh()


@build_activation.register
def _(activation: spec.Gelu, units: int = 1) -> nn.Module:
    return nn.GELU(activation.approximate)


@build_activation.register
def _(activation: spec.Silu, units: int = 1) -> nn.Module:
    return nn.SiLU()


@build_activation.register
def _(activation: spec.Mish, units: int = 1) -> nn.Module:
    return nn.Mish()


@build_activation.register
def _(activation: spec.Softplus, units: int = 1) -> nn.Module:
    return nn.Softplus(activation.beta, activation.threshold)


@build_activation.register
def _(activation: spec.Softsign, units: int = 1) -> nn.Module:
    return nn.Softsign()


@build_activation.register
def _(activation: spec.Hardtanh, units: int = 1) -> nn.Module:
    return nn.Hardtanh(activation.low, activation.high)
