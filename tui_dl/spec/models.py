"""Models: the function that is fitted. Input and output sizes follow from the data."""

from typing import Annotated

from tui_dl.spec.activations import AnyActivation, Relu
from tui_dl.spec.component import Component, described, number
from tui_dl.spec.inits import AnyInit, Default

Width = Annotated[int, number("Units in the layer", ge=1, le=65_536, unit="units")]


class Model(Component, frozen=True):
    """Base of all models."""


class LinearModel(Model, frozen=True, tag="linear"):
    """One affine map from inputs to outputs: O = XW + b."""

    source = "torch.nn.Linear"

    init: Annotated[AnyInit, described("Where the weights start")] = Default()


class Mlp(Model, frozen=True, tag="mlp"):
    """Multi-layer perceptron: affine maps with an activation between them."""

    source = "torch.nn.Linear, repeated"

    hidden: Annotated[
        tuple[Width, ...],
        described("Width of each hidden layer, in order; empty makes it linear", max_length=1000),
    ] = (64, 64)
    activation: Annotated[AnyActivation, described("Nonlinearity after each hidden layer")] = Relu()
    init: Annotated[AnyInit, described("Where the weights start")] = Default()


AnyModel = LinearModel | Mlp
