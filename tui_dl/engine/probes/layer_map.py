"""Which modules of a model count as layers, and what of them is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from torch import nn


@final
@dataclass(frozen=True, slots=True)
class Layer:
    """A module with parameters of its own.

    Attributes:
        name: the module's dotted name; its class where the model itself is the layer.
        module: the layer.
        parameters: those of its own that are trained.
    """

    name: str
    module: nn.Module
    parameters: tuple[nn.Parameter, ...]

    @property
    def mixes(self) -> bool:
        """Whether it maps units to other units: norms and slopes only scale them."""
        return any(parameter.ndim >= 2 for parameter in self.module.parameters(recurse=False))

    @property
    def weights(self) -> tuple[nn.Parameter, ...]:
        """Its parameters without biases; a norm, which has nothing else, keeps all."""
        matrices = tuple(parameter for parameter in self.parameters if parameter.ndim >= 2)
        return matrices or self.parameters


def layers_of(model: nn.Module) -> tuple[Layer, ...]:
    """All layers of any module, in the order in which it declares them; frozen ones have no parameters."""
    found = []
    for name, module in model.named_modules():
        own = tuple(module.parameters(recurse=False))
        if own:
            trained = tuple(parameter for parameter in own if parameter.requires_grad)
            found.append(Layer(name or type(module).__name__, module, trained))
    return tuple(found)


def trained_parameters(layers: tuple[Layer, ...]) -> list[nn.Parameter]:
    """All parameters of the layers, one that is shared once."""
    return list({id(parameter): parameter for layer in layers for parameter in layer.parameters}.values())
