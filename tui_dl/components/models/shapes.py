"""Shapes of samples: which of them are images, and what an affine map makes of them."""

from dataclasses import dataclass
from typing import final

from torch import Tensor

from tui_dl.errors import SpecError

MOST_CHANNELS = 4
"""Grey, two, RGB or RGB and alpha: a first axis of more is no axis of channels."""


@final
@dataclass(frozen=True)
class AffineMap:
    """A dense layer, or a convolution that keeps or halves height and width.

    Attributes:
        inputs: units or channels that come in.
        outputs: units or channels that go out.
        kernel: height and width of the kernel; 0 is a dense layer.
        stride: 2 halves height and width.
        padding: zeros around the image.
    """

    inputs: int
    outputs: int
    kernel: int = 0
    stride: int = 1
    padding: int = 0

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return (self.inputs * (self.kernel**2 or 1) + 1) * self.outputs


def as_images(inputs: Tensor) -> Tensor:
    """Images (N, channels, height, width), of which a grey one may come without its axis of channels."""
    return inputs.unsqueeze(1) if inputs.ndim == 3 else inputs


def is_image(input_shape: tuple[int, ...]) -> bool:
    """Whether a sample is an image: (height, width), or (channels, height, width)."""
    return len(input_shape) == 2 or (len(input_shape) == 3 and input_shape[0] <= MOST_CHANNELS)


def image_shape(input_shape: tuple[int, ...], model: str) -> tuple[int, int, int]:
    """Channels, height and width of a sample.

    Raises:
        SpecError: if it is no image.
    """
    if not is_image(input_shape):
        found = " x ".join(map(str, input_shape)) or "one number"
        raise SpecError(
            f"{model} takes images (height x width, or channels x height x width), and a sample is {found}; "
            "use mlp, or data of images such as digits.",
            key="model",
        )
    channels, height, width = (1, *input_shape) if len(input_shape) == 2 else input_shape
    return channels, height, width
