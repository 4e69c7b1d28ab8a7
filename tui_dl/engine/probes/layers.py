"""Layers: gradient and weight norms, the size of the update, dead and saturated units."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, final

from tui_dl.engine.probes.activity import ActivityRecorder
from tui_dl.engine.probes.base import Probe
from tui_dl.engine.probes.last_gradients import last_gradients
from tui_dl.engine.probes.layer_map import Layer, layers_of, trained_parameters
from tui_dl.engine.probes.norms import UpdateMeter, combined, norms, read
from tui_dl.wire.snapshots import LayerReading, LayersRead

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn

    from tui_dl.engine.training.trainer import Trainer
    from tui_dl.wire.snapshots import Reading

_GRADIENT: Final = "gradient"
_WEIGHT_BEFORE: Final = "weight before"
_WEIGHT: Final = "weight"
_MOVED: Final = "moved"


@final
class LayersProbe(Probe):
    """What each layer got and did in one batch.

    Gradient norms are those before clipping, weight norms those after the update, the update ratio is
    ‖Δw‖/‖w‖ with w before the update and Δw all that the update did, decay included. A unit is dead if it was
    exactly zero for every sample of the batch; an activation is saturated where |f'| < 1 % of its maximum.
    What a batch did not come to (one that was stopped before its update) is None.
    """

    name = "layers"

    def __init__(self) -> None:
        self._activity = ActivityRecorder()
        self._update = UpdateMeter()
        self._layers: tuple[Layer, ...] = ()
        self._norms: dict[tuple[str, int], Tensor] = {}
        self._watching = False

    def observe(self, trainer: Trainer, phase: str) -> None:
        """Hooks are on from fetch to forward; the weights are copied from clip to update."""
        if phase == "fetch":
            self.release()
            self._layers, self._norms, self._watching = layers_of(trainer.model), {}, True
            self._activity.attach(trainer.model, self._layers)
        elif not self._watching:
            return
        elif phase == "forward":
            self._activity.detach()
        elif phase == "backward":
            self._note_gradients()
        elif phase == "clip":
            parameters = trained_parameters(self._layers)
            self._note(_WEIGHT_BEFORE, parameters, parameters)
            self._update.start(parameters)
        elif phase == "update":
            parameters = trained_parameters(self._layers)
            self._update.stop()
            self._note(_WEIGHT, parameters, parameters)
            self._norms.update({(_MOVED, key): norm for key, norm in self._update.moved.items()})
            self.release()

    def release(self) -> None:
        """No hook stays on the model, no copy in memory."""
        self._activity.detach()
        self._update.forget()
        self._watching = False

    def reading(self) -> LayersRead | None:
        """All layers, as they were called in the forward pass."""
        if not any(kind == _GRADIENT for kind, _ in self._norms):
            return None
        seen = self._activity.seen
        counts = [(each.live, each.saturated) for each in seen.values()]
        flat = [count for pair in counts for count in pair if count is not None]
        values = read([*self._norms.values(), *flat])
        known = dict(zip(self._norms, values[: len(self._norms)], strict=True))
        counted = iter(values[len(self._norms) :])
        shares: dict[str, tuple[float, float | None]] = {}
        for name, activity in seen.items():
            dead = 1.0 - next(counted) / activity.units
            saturated = None if activity.saturated is None else next(counted) / activity.values
            shares[name] = (dead, saturated)
        layers = tuple(_reading(layer, known, shares.get(layer.name)) for layer in self._in_order())
        return LayersRead(layers, _gradient_ratio(self._in_order(), known))

    def at_rest(self, trainer: Trainer, seen: Reading | None) -> LayersRead | None:
        """Norms of the weights now and of the gradients that the last batch left; the rest takes a batch."""
        if seen is not None:
            return seen if isinstance(seen, LayersRead) else None
        layers = layers_of(trainer.model)
        gradients = last_gradients(trainer)
        parameters = trained_parameters(layers)
        if not parameters:
            return None
        reached = [each for each in parameters if each.grad is not None] if gradients.held else []
        kinds = [(_WEIGHT, id(each)) for each in parameters] + [(_GRADIENT, id(each)) for each in reached]
        measured = norms([*parameters, *(each.grad for each in reached if each.grad is not None)])
        known = dict(zip(kinds, read(measured), strict=True))
        places = {name: place for place, name in reversed(list(enumerate(self._activity.order)))}
        in_order = sorted(layers, key=lambda layer: places.get(layer.name, len(places)))
        words = "; ".join(
            part for part in ("updates and units come with the next batch", gradients.words) if part
        )
        return LayersRead(
            tuple(_reading(layer, known, None) for layer in in_order), _gradient_ratio(in_order, known), words
        )

    def _note_gradients(self) -> None:
        trained = [each for each in trained_parameters(self._layers) if each.grad is not None]
        self._note(_GRADIENT, trained, [each.grad for each in trained if each.grad is not None])

    def _note(self, kind: str, parameters: Sequence[nn.Parameter], tensors: Sequence[Tensor]) -> None:
        self._norms.update(
            {(kind, id(parameter)): norm for parameter, norm in zip(parameters, norms(tensors), strict=True)}
        )

    def _in_order(self) -> list[Layer]:
        places = {name: place for place, name in reversed(list(enumerate(self._activity.order)))}
        return sorted(self._layers, key=lambda layer: places.get(layer.name, len(places)))


def _norm(
    kind: str, parameters: tuple[nn.Parameter, ...], known: dict[tuple[str, int], float]
) -> float | None:
    """Of all the parameters together; None if none of them has one."""
    parts = [known[kind, id(each)] for each in parameters if (kind, id(each)) in known]
    return combined(parts) if parts else None


def _reading(
    layer: Layer, known: dict[tuple[str, int], float], shares: tuple[float, float | None] | None
) -> LayerReading:
    kinds = (_WEIGHT_BEFORE, _MOVED, _WEIGHT)
    before, moved, weight = (_norm(kind, layer.parameters, known) for kind in kinds)
    return LayerReading(
        name=layer.name,
        grad_norm=_norm(_GRADIENT, layer.parameters, known),
        weight_norm=before if weight is None else weight,
        update_ratio=_ratio(moved, before),
        dead_share=None if shares is None else shares[0],
        saturated_share=None if shares is None else shares[1],
    )


def _gradient_ratio(layers: list[Layer], known: dict[tuple[str, int], float]) -> float | None:
    """Gradient norm of the first layer's weights over that of the last layer's, biases excluded."""
    mixing = [layer for layer in layers if layer.mixes and layer.parameters]
    if not mixing:
        return None
    return _ratio(*(_norm(_GRADIENT, layer.weights, known) for layer in (mixing[0], mixing[-1])))


def _ratio(numerator: float | None, denominator: float | None) -> float | None:
    """None where it is not defined: of nothing, by zero, or by what is not finite."""
    if numerator is None or not denominator or not math.isfinite(denominator):
        return None
    return numerator / denominator
