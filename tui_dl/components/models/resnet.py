"""Residual network: blocks of two layers whose input is added to their output, on a switch."""

from collections.abc import Sequence
from typing import cast, final

from torch import Tensor, nn
from torch.nn import functional as F

from tui_dl.components.inits import Affine
from tui_dl.components.models.shapes import as_images
from tui_dl.components.models.stack import Stack
from tui_dl.spec.activations import Activation


@final
class ResNet(Stack):
    """A first layer, blocks of two layers, the mean over all places of an image, and a last dense layer.

    Attributes:
        skip: whether a block's input is added to its output before the second activation.
    """

    def __init__(self, layers: Sequence[Affine], activations: Sequence[Activation], *, skip: bool) -> None:
        super().__init__(layers, activations)
        self.skip = skip

    def forward(self, inputs: Tensor) -> Tensor:
        """Map images (N, height, width), (N, channels, height, width) or vectors to outputs (N, outputs)."""
        first, *inner, last = self.layers
        is_image = isinstance(first, nn.Conv2d)
        values = as_images(inputs) if is_image else inputs.flatten(1)
        values = self.behind(0, first(values))
        for block in range(len(inner) // 2):
            values = self._block(1 + 2 * block, values)
        if is_image:
            values = values.mean((2, 3))
        return cast("Tensor", last(values))

    def _block(self, place: int, values: Tensor) -> Tensor:
        inside = self.behind(place, self.layers[place](values))
        outcome = self.normed(place + 1, self.layers[place + 1](inside))
        if self.skip:
            outcome = outcome + _shortcut(values, outcome)
        return self.dropped(place + 1, self.bent(place + 1, outcome))


def _shortcut(values: Tensor, like: Tensor) -> Tensor:
    """The block's input in the shape of its output: every other place, zeros for the channels it lacks."""
    if like.ndim == 4 and values.shape[2:] != like.shape[2:]:
        values = values[:, :, ::2, ::2]
    missing = like.shape[1] - values.shape[1]
    if not missing:
        return values
    return F.pad(values, (0, 0, 0, 0, 0, missing) if like.ndim == 4 else (0, missing))
