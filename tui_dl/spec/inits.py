"""Inits: where the weights start. All but torch's own default set the biases to zero."""

from typing import Annotated

from tui_dl.spec.component import Component, number

Gain = Annotated[float, number("Factor on the standard deviation", gt=0, le=1000)]


class Init(Component, frozen=True):
    """Base of all initialisations."""


class Default(Init, frozen=True, tag="default"):
    """torch's own: weights and biases uniform in ±1/√fan_in."""

    source = "torch.nn.Linear.reset_parameters"


class KaimingNormal(Init, frozen=True, tag="kaiming_normal"):
    """Normal with variance 2/fan_in, made for ReLU; zero biases (He et al., 2015)."""

    source = "torch.nn.init.kaiming_normal_"


class KaimingUniform(Init, frozen=True, tag="kaiming_uniform"):
    """Uniform with variance 2/fan_in, made for ReLU; zero biases (He et al., 2015)."""

    source = "torch.nn.init.kaiming_uniform_"


class XavierNormal(Init, frozen=True, tag="xavier_normal"):
    """Normal with variance 2/(fan_in + fan_out); zero biases (Glorot and Bengio, 2010)."""

    source = "torch.nn.init.xavier_normal_"

    gain: Gain = 1.0


class XavierUniform(Init, frozen=True, tag="xavier_uniform"):
    """Uniform with variance 2/(fan_in + fan_out); zero biases (Glorot and Bengio, 2010)."""

    source = "torch.nn.init.xavier_uniform_"

    gain: Gain = 1.0


class Normal(Init, frozen=True, tag="normal"):
    """Normal with a standard deviation of your choice; zero biases."""

    source = "torch.nn.init.normal_"

    std: Annotated[float, number("Standard deviation of the weights", ge=0, le=1000)] = 0.01


class Zeros(Init, frozen=True, tag="zeros"):
    """All weights and biases zero: hidden units stay equal, nothing is learnt (a lesson, not a method)."""

    source = "torch.nn.init.zeros_"


AnyInit = Default | KaimingNormal | KaimingUniform | XavierNormal | XavierUniform | Normal | Zeros
