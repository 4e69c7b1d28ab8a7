"""From a declared model and the data's shapes to modules with their first weights."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import singledispatch
from itertools import pairwise

import torch
from torch import nn

from tui_dl.components.inits import Affine, initialise
from tui_dl.components.memory import require_memory
from tui_dl.components.missing import no_builder
from tui_dl.components.models.cnn import Cnn
from tui_dl.components.models.mlp import Mlp
from tui_dl.components.models.resnet import ResNet
from tui_dl.components.models.shapes import AffineMap, image_shape, is_image
from tui_dl.components.models.stack import Stack
from tui_dl.errors import SpecError
from tui_dl.spec import models as spec
from tui_dl.spec.inits import Init


@singledispatch
def affine_maps(model: spec.Model, input_shape: tuple[int, ...], outputs: int) -> tuple[AffineMap, ...]:
    """All affine maps in order, for samples of this shape and so many outputs.

    Raises:
        SpecError: if the model can't take such samples.
    """
    no_builder(model, "models/build")


@affine_maps.register
def _(model: spec.LinearModel, input_shape: tuple[int, ...], outputs: int) -> tuple[AffineMap, ...]:
    return (AffineMap(math.prod(input_shape), outputs),)


@affine_maps.register
def _(model: spec.Mlp, input_shape: tuple[int, ...], outputs: int) -> tuple[AffineMap, ...]:
    return _dense((math.prod(input_shape), *model.hidden, outputs))


@affine_maps.register
def _(model: spec.Cnn, input_shape: tuple[int, ...], outputs: int) -> tuple[AffineMap, ...]:
    channels, height, width = image_shape(input_shape, model.name)
    halvings, smallest = len(model.channels), min(height, width)
    if smallest >> halvings == 0:
        raise SpecError(
            f"images of {height} x {width} can't be halved {halvings} times; give at most "
            f"{smallest.bit_length() - 1} convolutions.",
            key="model.channels",
        )
    if model.kernel > 2 * smallest:
        raise SpecError(
            f"a kernel of {model.kernel} is more than images of {height} x {width} have room for; give at "
            f"most {2 * smallest}.",
            key="model.kernel",
        )
    # An even kernel leaves one row too many; of its padding half is rounded down, so it loses one instead.
    padding = (model.kernel - 1) // 2
    maps = []
    for before, after in pairwise((channels, *model.channels)):
        maps.append(AffineMap(before, after, model.kernel, padding=padding))
        height, width = (_halved(side, model.kernel, padding) for side in (height, width))
        if min(height, width) < 1:
            raise SpecError(
                f"a kernel of {model.kernel} leaves nothing of the image after {len(maps)} convolutions; "
                "give an odd one or fewer channels.",
                key="model.kernel",
            )
    flat = maps[-1].outputs * height * width if maps else channels * height * width
    return (*maps, *_dense((flat, *model.hidden, outputs)))


def _halved(side: int, kernel: int, padding: int) -> int:
    return (side + 2 * padding - kernel + 1) // 2


@affine_maps.register
def _(model: spec.ResNet, input_shape: tuple[int, ...], outputs: int) -> tuple[AffineMap, ...]:
    is_conv = is_image(input_shape)
    channels = image_shape(input_shape, model.name)[0] if is_conv else math.prod(input_shape)
    kernel, padding = (3, 1) if is_conv else (0, 0)
    maps = [AffineMap(channels, model.width, kernel, padding=padding)]
    for stage, blocks in enumerate(model.blocks):
        for block in range(blocks):
            before, after = maps[-1].outputs, model.width << stage
            stride = 2 if is_conv and stage > 0 and block == 0 else 1
            maps.append(AffineMap(before, after, kernel, stride, padding))
            maps.append(AffineMap(after, after, kernel, padding=padding))
    return (*maps, AffineMap(maps[-1].outputs, outputs))


def _dense(widths: tuple[int, ...]) -> tuple[AffineMap, ...]:
    return tuple(AffineMap(inputs, outputs) for inputs, outputs in pairwise(widths))


def build_model(model: spec.Model, input_shape: tuple[int, ...], outputs: int, seed: int) -> Stack:
    """Build the model on the CPU, in training mode.

    Its initial weights are a function of init, sizes and seed alone: the activation has no say, and the
    global generator is left as it was.

    Raises:
        SpecError: it can't take such samples.
        NotAvailable: it and what training needs besides would not fit in memory.
    """
    maps = affine_maps(model, input_shape, outputs)
    require_memory(sum(each.parameters for each in maps))
    init: Init = getattr(model, "init")  # noqa: B009 - every declared model has one, the base has not
    with _seeded(seed):
        return _assemble(model, [_drawn(each, init) for each in maps])


def _drawn(shape: AffineMap, init: Init) -> Affine:
    # Skipping torch's own draw keeps it out of the random stream where another init follows.
    layer: Affine
    if shape.kernel:
        layer = nn.Conv2d(
            shape.inputs, shape.outputs, shape.kernel, shape.stride, shape.padding, device="meta"
        )
    else:
        layer = nn.Linear(shape.inputs, shape.outputs, device="meta")
    layer = layer.to_empty(device="cpu")
    initialise(init, layer)
    return layer


@singledispatch
def _assemble(model: spec.Model, layers: list[Affine]) -> Stack:
    """Put the modules together."""
    no_builder(model, "models/build")


@_assemble.register
def _(model: spec.LinearModel, layers: list[Affine]) -> Stack:
    return Mlp(layers, ())


@_assemble.register
def _(model: spec.Mlp, layers: list[Affine]) -> Stack:
    return Mlp(layers, model.each_activation)


@_assemble.register
def _(model: spec.Cnn, layers: list[Affine]) -> Stack:
    return Cnn(layers, model.each_activation, model.pooling)


@_assemble.register
def _(model: spec.ResNet, layers: list[Affine]) -> Stack:
    return ResNet(layers, model.each_activation, skip=model.skip)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed torch's default CPU generator for a while; `torch.manual_seed` would reseed CUDA for good."""
    generator = torch.default_generator
    state = generator.get_state()
    generator.manual_seed(seed)
    try:
        yield
    finally:
        generator.set_state(state)
