"""Which units of a layer are dead and how many activations are saturated, seen in one forward pass."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

from torch import Tensor, nn

if TYPE_CHECKING:
    from torch.utils.hooks import RemovableHandle

    from tui_dl.engine.probes.layer_map import Layer

FLAT: Final = 0.01
"""An activation is saturated where its derivative is below this share of the derivative's maximum."""

_SIGMOID_REACH: Final = math.sqrt(0.25 - 0.25 * FLAT)
"""f' = f(1-f) < FLAT/4 is |f - 1/2| > √(1/4 - FLAT/4)."""
_TANH_REACH: Final = math.sqrt(1.0 - FLAT)
"""f' = 1-f² < FLAT is |f| > √(1 - FLAT)."""
_SOFTSIGN_REACH: Final = 1.0 - math.sqrt(FLAT)
"""f' = (1-|f|)² < FLAT is |f| > 1 - √FLAT."""

_CONVOLUTIONS: Final = (
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
)
_OVER_WHOLE_VECTORS: Final = (nn.Softmax, nn.LogSoftmax, nn.Softmin, nn.Softmax2d, nn.MultiheadAttention)


@final
@dataclass(frozen=True, slots=True)
class Activity:
    """What a layer's units did with one batch, counted on the device.

    Attributes:
        units: number of units.
        live: units that were not zero for some sample (and place, in an image or sequence).
        values: number of activations, units times samples times places.
        saturated: activations on a flat end; None where the nonlinearity has no two of them.
        final: whether an activation gave it, not something that may stand before one.
    """

    units: int
    live: Tensor
    values: int
    saturated: Tensor | None
    final: bool


@final
class ActivityRecorder:
    """Follows one forward pass through hooks that are on the model for that pass alone.

    A layer's units are read behind the activation module that follows it; where a model writes its activation
    as a function, from what the next layer receives. Counts are taken at once, so no activation is kept.
    """

    def __init__(self) -> None:
        self._hooks: list[RemovableHandle] = []
        self._layers: dict[nn.Module, Layer] = {}
        self._pending: Layer | None = None
        self.seen: dict[str, Activity] = {}
        self.order: list[str] = []
        """Names of the layers as they were called."""

    def attach(self, model: nn.Module, layers: tuple[Layer, ...]) -> None:
        """Put hooks on layers and activations."""
        self.detach()
        self.seen, self.order, self._pending = {}, [], None
        self._layers = {layer.module: layer for layer in layers}
        for module in model.modules():
            if module in self._layers or _is_activation(module):
                self._hooks.append(module.register_forward_hook(self._called))

    def detach(self) -> None:
        """Leave the model without hooks."""
        for hook in self._hooks:
            hook.remove()
        self._hooks = []

    def _called(self, module: nn.Module, arguments: tuple[object, ...], output: object) -> None:
        layer = self._layers.get(module)
        if layer is not None:
            self.order.append(layer.name)
        if layer is not None and layer.mixes:
            if self._pending is not None and arguments:
                self._note(self._pending, arguments[0], None)
            self._pending = layer
        elif self._pending is not None and _is_activation(module):
            self._note(self._pending, output, module)

    def _note(self, layer: Layer, signal: object, activation: nn.Module | None) -> None:
        known = self.seen.get(layer.name)
        if not isinstance(signal, Tensor) or (known is not None and (known.final or activation is None)):
            return
        units = _unit_count(layer.module)
        axis = 1 if isinstance(layer.module, _CONVOLUTIONS) else signal.ndim - 1
        if signal.ndim < 2 or (units is not None and signal.shape[axis] != units):
            return
        values = signal.detach()
        by_unit = values if values.ndim == 2 else values.movedim(axis, -1).flatten(0, -2)
        self.seen[layer.name] = Activity(
            units=by_unit.shape[1],
            live=by_unit.any(0).count_nonzero(),
            values=values.numel(),
            saturated=None if activation is None else saturated_count(activation, values),
            final=activation is not None and not isinstance(activation, nn.Identity),
        )


def saturated_count(activation: nn.Module, values: Tensor) -> Tensor | None:
    """How many outputs of an activation lie on its flat ends; None if it is not bounded on both sides."""
    if isinstance(activation, nn.Sigmoid):
        return (values - 0.5).abs_().gt(_SIGMOID_REACH).count_nonzero()
    if isinstance(activation, nn.Tanh):
        return values.abs().gt(_TANH_REACH).count_nonzero()
    if isinstance(activation, nn.Softsign):
        return values.abs().gt(_SOFTSIGN_REACH).count_nonzero()
    if isinstance(activation, nn.Hardsigmoid):
        return ((values <= 0) | (values >= 1)).count_nonzero()
    if isinstance(activation, nn.Hardtanh) and not isinstance(activation, nn.ReLU6):
        return ((values <= activation.min_val) | (values >= activation.max_val)).count_nonzero()
    return None


def _is_activation(module: nn.Module) -> bool:
    """Whether a module is a nonlinearity on each number: one of torch's, or a childless one of a user's."""
    if isinstance(module, nn.Identity):
        return True
    home = type(module).__module__
    if home.startswith("torch."):
        return home == "torch.nn.modules.activation" and not isinstance(module, _OVER_WHOLE_VECTORS)
    is_leaf = next(module.children(), None) is None
    return is_leaf and next(module.parameters(recurse=False), None) is None


def _unit_count(layer: nn.Module) -> int | None:
    for attribute in ("out_features", "out_channels"):
        count = getattr(layer, attribute, None)
        if isinstance(count, int):
            return count
    return None
