"""Convolutional network in the manner of LeNet: convolution, activation, pooling, then dense layers."""

from collections.abc import Sequence
from typing import final

from torch import Tensor, nn

from tui_dl.components.inits import Affine
from tui_dl.components.models.shapes import as_images
from tui_dl.components.models.stack import Stack
from tui_dl.spec.activations import Activation


@final
class Cnn(Stack):
    """Convolutions that keep height and width, each followed by a place and 2x2 pooling; then dense layers.

    Args:
        layers: the convolutions, then the dense layers.
        activations: for each place.
        pooling: `max` or `average`.
    """

    def __init__(self, layers: Sequence[Affine], activations: Sequence[Activation], pooling: str) -> None:
        super().__init__(layers, activations)
        self.pooling = nn.MaxPool2d(2) if pooling == "max" else nn.AvgPool2d(2)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map images (N, height, width) or (N, channels, height, width) to outputs (N, outputs)."""
        values = as_images(inputs)
        last = len(self.layers) - 1
        for place, layer in enumerate(self.layers):
            is_image = isinstance(layer, nn.Conv2d)
            if not is_image and values.ndim > 2:
                values = values.flatten(1)
            values = layer(values)
            if place < last:
                values = self.behind(place, values)
            if is_image:
                values = self.pooling(values)
        return values
