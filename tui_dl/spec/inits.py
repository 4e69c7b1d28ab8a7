"""Inits: where the weights start. But for torch's own default, biases are zero unless told otherwise."""

from typing import Annotated, Literal

from tui_dl.spec.component import Component, described, number

Gain = Annotated[float, number("Factor on the standard deviation", gt=0, le=1000)]
Mean = Annotated[float, number("Mean of the weights", ge=-1000, le=1000)]
Std = Annotated[float, number("Standard deviation of the weights", ge=0, le=1000)]
FanMode = Annotated[
    Literal["fan_in", "fan_out"],
    described("fan_in keeps the variance of signals on their way forward, fan_out of gradients backward"),
]
Nonlinearity = Literal["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]
Following = Annotated[
    Nonlinearity, described("The activation that follows; torch.nn.init.calculate_gain knows its gain")
]
Slope = Annotated[float, number("Slope for negative inputs, where leaky_relu follows", ge=0, le=1)]


class Init(Component, frozen=True):
    """Base of all initialisations."""


class Default(Init, frozen=True, tag="default"):
    """torch's own: weights and biases uniform in ±1/√fan_in."""

    source = "torch.nn.Linear.reset_parameters"


class BiasedInit(Init, frozen=True, kw_only=True):
    """Base of all that say something of the weights alone."""

    bias: Annotated[
        Literal["zero", "default"], described("zero, or default: uniform in ±1/√fan_in as torch has it")
    ] = "zero"


class KaimingNormal(BiasedInit, frozen=True, tag="kaiming_normal"):
    """Normal with variance 2/fan_in, made for ReLU; zero biases (He et al., 2015)."""

    source = "torch.nn.init.kaiming_normal_"

    mode: FanMode = "fan_in"
    nonlinearity: Following = "relu"
    negative_slope: Slope = 0.01


class KaimingUniform(BiasedInit, frozen=True, tag="kaiming_uniform"):
    """Uniform with variance 2/fan_in, made for ReLU; zero biases (He et al., 2015)."""

    source = "torch.nn.init.kaiming_uniform_"

    mode: FanMode = "fan_in"
    nonlinearity: Following = "relu"
    negative_slope: Slope = 0.01


class XavierNormal(BiasedInit, frozen=True, tag="xavier_normal"):
    """Normal with variance 2/(fan_in + fan_out); zero biases (Glorot and Bengio, 2010)."""

    source = "torch.nn.init.xavier_normal_"

    gain: Gain = 1.0
    nonlinearity: Following = "linear"


class XavierUniform(BiasedInit, frozen=True, tag="xavier_uniform"):
    """Uniform with variance 2/(fan_in + fan_out); zero biases (Glorot and Bengio, 2010)."""

    source = "torch.nn.init.xavier_uniform_"

    gain: Gain = 1.0
    nonlinearity: Following = "linear"


class LecunNormal(BiasedInit, frozen=True, tag="lecun_normal"):
    """Normal with variance 1/fan_in, made for SELU; zero biases (LeCun et al., 1998)."""

    source = "torch.nn.init.kaiming_normal_, nonlinearity linear"


class Normal(BiasedInit, frozen=True, tag="normal"):
    """Normal with a standard deviation of your choice; zero biases."""

    source = "torch.nn.init.normal_"

    std: Std = 0.01
    mean: Mean = 0.0


class TruncNormal(BiasedInit, frozen=True, tag="trunc_normal"):
    """Normal, drawn again beyond so many standard deviations; zero biases."""

    source = "torch.nn.init.trunc_normal_"

    std: Annotated[float, number("Standard deviation before cutting off", gt=0, le=1000)] = 0.02
    mean: Mean = 0.0
    cutoff: Annotated[
        float, number("Largest distance from the mean", ge=0.1, le=10, unit="standard deviations")
    ] = 2.0


class Uniform(BiasedInit, frozen=True, tag="uniform"):
    """Uniform between two bounds of your choice; zero biases."""

    source = "torch.nn.init.uniform_"

    low: Annotated[float, number("Smallest weight; must not lie above high", ge=-1000, le=1000)] = -0.05
    high: Annotated[float, number("Largest weight", ge=-1000, le=1000)] = 0.05


class Orthogonal(BiasedInit, frozen=True, tag="orthogonal"):
    """A random rotation: rows or columns of length gain at right angles; zero biases (Saxe et al., 2013)."""

    source = "torch.nn.init.orthogonal_"

    gain: Gain = 1.0


class Sparse(BiasedInit, frozen=True, tag="sparse"):
    """Normal, with a share of the weights from each input set to zero; zero biases (Martens, 2010)."""

    source = "torch.nn.init.sparse_"

    sparsity: Annotated[float, number("Share of each input's weights that are zero", ge=0, le=1)] = 0.5
    std: Std = 0.1


class Constant(BiasedInit, frozen=True, tag="constant"):
    """All weights the same: hidden units stay equal (a lesson, not a method); zero biases."""

    source = "torch.nn.init.constant_"

    value: Annotated[float, number("The weight", ge=-1000, le=1000)] = 0.1


class Ones(BiasedInit, frozen=True, tag="ones"):
    """All weights one: hidden units stay equal (a lesson, not a method); zero biases."""

    source = "torch.nn.init.ones_"


class Zeros(BiasedInit, frozen=True, tag="zeros"):
    """All weights and biases zero: hidden units stay equal, nothing is learnt (a lesson, not a method)."""

    source = "torch.nn.init.zeros_"


AnyInit = (
    Default
    | KaimingNormal
    | KaimingUniform
    | XavierNormal
    | XavierUniform
    | LecunNormal
    | Normal
    | TruncNormal
    | Uniform
    | Orthogonal
    | Sparse
    | Constant
    | Ones
    | Zeros
)
