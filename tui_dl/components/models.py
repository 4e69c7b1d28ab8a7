"""Models in torch: modules whose parameter names are the same for every experiment."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import singledispatch
from itertools import pairwise
from typing import cast, final

import torch
from torch import Tensor, nn

from tui_dl.components.activations import build_activation
from tui_dl.components.inits import initialise
from tui_dl.components.memory import require_memory
from tui_dl.components.missing import no_builder
from tui_dl.spec import models as spec
from tui_dl.spec.activations import Activation
from tui_dl.spec.inits import Init


@final
class Mlp(nn.Module):
    """Affine maps with an activation and a place for dropout after each but the last.

    Attributes:
        layers: the affine maps, so that parameters are called ``layers.0.weight``, ``layers.0.bias``, …
        activations: one module for each hidden layer.
        dropouts: one for each hidden layer: `nn.Identity`, or `nn.Dropout` while that regularizer is on.
    """

    def __init__(self, sizes: Sequence[int], activation: Activation | None, init: Init) -> None:
        super().__init__()
        hidden = len(sizes) - 2
        assert hidden >= 0, "a model needs an input size and an output size"
        assert hidden == 0 or activation is not None, "hidden layers need an activation"
        self.layers = nn.ModuleList()
        for inputs, outputs in pairwise(sizes):
            # Skipping torch's own draw keeps it out of the random stream where another init follows.
            layer = nn.Linear(inputs, outputs, device="meta").to_empty(device="cpu")
            initialise(init, layer)
            self.layers.append(layer)
        self.activations = nn.ModuleList(
            build_activation(activation) for _ in range(hidden) if activation is not None
        )
        self.dropouts = nn.ModuleList(nn.Identity() for _ in range(hidden))

    def forward(self, inputs: Tensor) -> Tensor:
        """Map inputs (N, *input_shape), flattened, to outputs (N, outputs): logits or values."""
        values = inputs if inputs.ndim == 2 else inputs.flatten(1)
        *hidden, last = self.layers
        for layer, activation, dropout in zip(hidden, self.activations, self.dropouts, strict=True):
            values = activation(layer(values))
            # Calling absent dropout and indexing the lists took 13 % of a small model's forward pass.
            if type(dropout) is not nn.Identity:
                values = dropout(values)
        return cast("Tensor", last(values))

    def set_activation(self, activation: Activation, index: int | None = None) -> None:
        """Put fresh activations behind one hidden layer or all; parameters stay the same objects."""
        for position in range(len(self.activations)) if index is None else (index,):
            self.activations[position] = build_activation(activation).train(self.training)

    def set_dropout(self, p: float) -> None:
        """Drop hidden units with probability p while training; 0 takes dropout out."""
        for position in range(len(self.dropouts)):
            module = nn.Dropout(p) if p > 0 else nn.Identity()
            self.dropouts[position] = module.train(self.training)


@singledispatch
def layer_sizes(model: spec.Model, input_shape: tuple[int, ...], outputs: int) -> tuple[int, ...]:
    """Width at each point of the network, from the flattened input to the output."""
    no_builder(model, "models")


@layer_sizes.register
def _(model: spec.LinearModel, input_shape: tuple[int, ...], outputs: int) -> tuple[int, ...]:
    return (math.prod(input_shape), outputs)


@layer_sizes.register
def _(model: spec.Mlp, input_shape: tuple[int, ...], outputs: int) -> tuple[int, ...]:
    return (math.prod(input_shape), *model.hidden, outputs)


def build_model(model: spec.Model, input_shape: tuple[int, ...], outputs: int, seed: int) -> nn.Module:
    """Build the model on the CPU, in training mode.

    Its initial weights are a function of init, sizes and seed alone: the activation has no say, and the
    global generator is left as it was.

    Raises:
        NotAvailable: it and what training needs besides would not fit in memory.
    """
    sizes = layer_sizes(model, input_shape, outputs)
    require_memory(sum((inputs + 1) * width for inputs, width in pairwise(sizes)))
    with _seeded(seed):
        return _assemble(model, sizes)


@singledispatch
def _assemble(model: spec.Model, sizes: tuple[int, ...]) -> nn.Module:
    """Build the modules, drawing the weights from torch's default generator."""
    no_builder(model, "models")


@_assemble.register
def _(model: spec.LinearModel, sizes: tuple[int, ...]) -> nn.Module:
    return Mlp(sizes, None, model.init)


@_assemble.register
def _(model: spec.Mlp, sizes: tuple[int, ...]) -> nn.Module:
    return Mlp(sizes, model.activation, model.init)


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
