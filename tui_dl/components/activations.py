"""Activations in torch: one module for each declared nonlinearity."""

from functools import singledispatch

from torch import nn

from tui_dl.components.missing import no_builder
from tui_dl.spec import activations as spec


@singledispatch
def build_activation(activation: spec.Activation) -> nn.Module:
    """Build a fresh module that applies the activation to each number and leaves its input as it was."""
    no_builder(activation, "activations")


@build_activation.register
def _(activation: spec.Identity) -> nn.Module:
    return nn.Identity()


@build_activation.register
def _(activation: spec.Relu) -> nn.Module:
    return nn.ReLU()


@build_activation.register
def _(activation: spec.LeakyRelu) -> nn.Module:
    return nn.LeakyReLU(activation.negative_slope)


@build_activation.register
def _(activation: spec.Sigmoid) -> nn.Module:
    return nn.Sigmoid()


@build_activation.register
def _(activation: spec.Tanh) -> nn.Module:
    return nn.Tanh()


@build_activation.register
def _(activation: spec.Gelu) -> nn.Module:
    return nn.GELU()
