"""Models: the function that is fitted. Input and output sizes follow from the data."""

from typing import Annotated, Literal

from tui_dl.spec.activations import AnyActivation, Relu
from tui_dl.spec.component import Component, described, number
from tui_dl.spec.inits import AnyInit, Default

Width = Annotated[int, number("Units in the layer", ge=1, le=65_536, unit="units")]
Channels = Annotated[int, number("Channels of the layer", ge=1, le=4096, unit="channels")]
Blocks = Annotated[int, number("Residual blocks in the stage", ge=1, le=100, unit="blocks")]
Init = Annotated[AnyInit, described("Where the weights start")]
EachActivation = Annotated[
    tuple[AnyActivation, ...],
    described(
        "Nonlinearity of each layer apart, in order; empty takes activation for all",
        max_length=1000,
        ordered=True,
    ),
]


BlendSteps = Annotated[
    int,
    number(
        "Steps over which a changed activation gives way to the new one, in a straight line; 0 is at once",
        ge=0,
        le=1_000_000,
        unit="steps",
    ),
]


class Model(Component, frozen=True):
    """Base of all models."""

    @property
    def places(self) -> int:
        """How many layers an activation follows, and a norm or dropout may stand behind."""
        return 0

    @property
    def each_activation(self) -> tuple[AnyActivation, ...]:
        """The activation at each place."""
        activations: tuple[AnyActivation, ...] = getattr(self, "activations", ())
        activation: AnyActivation | None = getattr(self, "activation", None)
        return activations or (() if activation is None else (activation,) * self.places)


class LinearModel(Model, frozen=True, tag="linear"):
    """One affine map from inputs to outputs: O = XW + b."""

    source = "torch.nn.Linear"

    init: Init = Default()


class Mlp(Model, frozen=True, tag="mlp"):
    """Multi-layer perceptron: affine maps with an activation between them."""

    source = "torch.nn.Linear, repeated"

    hidden: Annotated[
        tuple[Width, ...],
        described("Width of each hidden layer, in order; empty makes it linear", max_length=1000),
    ] = (64, 64)
    activation: Annotated[AnyActivation, described("Nonlinearity after each hidden layer")] = Relu()
    init: Init = Default()
    activations: EachActivation = ()
    blend_steps: BlendSteps = 0

    @property
    def places(self) -> int:
        """Each hidden layer."""
        return len(self.hidden)


class Cnn(Model, frozen=True, tag="cnn"):
    """LeNet-like: convolution, activation and pooling, twice, then dense layers (LeCun et al., 1998)."""

    source = "torch.nn.Conv2d and torch.nn.Linear"

    channels: Annotated[
        tuple[Channels, ...],
        described("Channels of each convolution, in order; each halves height and width", max_length=16),
    ] = (6, 16)
    kernel: Annotated[int, number("Height and width of each kernel", ge=1, le=31, unit="pixels")] = 5
    pooling: Annotated[
        Literal["max", "average"], described("What 2x2 pixels become after each convolution")
    ] = "max"
    hidden: Annotated[
        tuple[Width, ...],
        described("Width of each dense layer before the output, in order; may be empty", max_length=100),
    ] = (120, 84)
    activation: Annotated[
        AnyActivation, described("Nonlinearity after each convolution and each dense layer")
    ] = Relu()
    init: Init = Default()
    activations: EachActivation = ()
    blend_steps: BlendSteps = 0

    @property
    def places(self) -> int:
        """Each convolution, then each dense layer but the last."""
        return len(self.channels) + len(self.hidden)


class ResNet(Model, frozen=True, tag="resnet"):
    """Residual network: each block adds its input to what its two layers make of it (He et al., 2015).

    Of images the layers are 3x3 convolutions, and a mean over all places stands before the output; of other
    data they are dense. Where a block's output is wider or smaller than its input, what is added is the input
    at every other place, filled up with zeros: no parameters, so that `skip` can be switched at any time.
    """

    source = "torch.nn.Conv2d or torch.nn.Linear; shortcuts of kind A of He et al. (2015)"

    width: Annotated[
        int, number("Channels (of images) or units in the first stage", ge=1, le=4096, unit="units")
    ] = 16
    blocks: Annotated[
        tuple[Blocks, ...],
        described(
            "Blocks in each stage; each further stage has twice the width at half the height and width",
            max_length=8,
        ),
    ] = (1, 1)
    skip: Annotated[bool, described("Whether a block's input is added to its output")] = True
    activation: Annotated[AnyActivation, described("Nonlinearity inside each block, and after its sum")] = (
        Relu()
    )
    init: Init = Default()
    activations: EachActivation = ()
    blend_steps: BlendSteps = 0

    @property
    def places(self) -> int:
        """The first layer, then two in each block."""
        return 1 + 2 * sum(self.blocks)


AnyModel = LinearModel | Mlp | Cnn | ResNet
