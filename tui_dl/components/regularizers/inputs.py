"""Noise on inputs and augmentation: each makes new inputs, a pure function of the old ones and a seed."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from tui_dl.spec import regularizers as spec


def with_noise(inputs: Tensor, sigma: float, seed: int) -> Tensor:
    """Inputs + sigma·ε with ε ~ N(0, 1), drawn from a generator of the inputs' device with this seed."""
    generator = torch.Generator(inputs.device).manual_seed(seed)
    noise = torch.randn(inputs.shape, generator=generator, dtype=inputs.dtype, device=inputs.device)
    return inputs + sigma * noise


def augmented(inputs: Tensor, augmentation: spec.Augmentation, seed: int) -> Tensor:
    """Images (N, H, W) or (N, channels, H, W), each moved by draws of its own.

    From a CPU generator with this seed come, uniform and in this order, (N,) each: the angle, the logarithm
    of the size, the moves along x and y, and whether it is mirrored. What is set to 0 is drawn all the same,
    so that editing one number leaves the others' draws as they are. An image is sampled at
    R(angle)·position/size - move, bilinearly, with its edges repeated outside.
    """
    generator = torch.Generator().manual_seed(seed)
    draws = torch.rand((5, len(inputs)), generator=generator)
    angle, size, right, down = draws[:4].mul(2).sub_(1)
    images = inputs if inputs.ndim == 4 else inputs.unsqueeze(1)
    height, width = images.shape[-2:]
    if augmentation.shift or augmentation.rotate or augmentation.scale:
        angle = angle * math.radians(augmentation.rotate)
        size = torch.exp(size * math.log1p(augmentation.scale))
        pixels = torch.stack([right, down]) * augmentation.shift
        grid = _sampling_grid(angle, size, pixels, (height, width)).to(images)
        images = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    if augmentation.flip:
        mirrored = (draws[4] < augmentation.flip).to(images.device)
        images = torch.where(mirrored[:, None, None, None], images.flip(-1), images)
    return images.reshape(inputs.shape)


def _sampling_grid(angle: Tensor, size: Tensor, pixels: Tensor, shape: tuple[int, int]) -> Tensor:
    """Where each pixel (N, H, W, 2) is taken from, in grid_sample's coordinates: -1 to 1 over each axis.

    A turn is one of pixels: the two axes are stretched by height/width where an image is not square.
    """
    height, width = shape
    cosine, sine = torch.cos(angle) / size, torch.sin(angle) / size
    right, down = pixels[0] * (-2 / width), pixels[1] * (-2 / height)
    maps = torch.stack(
        [
            torch.stack([cosine, -sine * (height / width), right], 1),
            torch.stack([sine * (width / height), cosine, down], 1),
        ],
        1,
    )
    return F.affine_grid(maps, [len(angle), 1, height, width], align_corners=False)
