"""Optimizer state: what the optimizer holds for each layer, and how far its update went."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, final

import torch
from msgspec import structs
from torch import Tensor, nn

from tui_dl.engine.probes.base import Probe
from tui_dl.engine.probes.histograms import tensor_histograms
from tui_dl.engine.probes.layer_map import Layer, layers_of, trained_parameters
from tui_dl.engine.probes.norms import UpdateMeter, combined, norms, read
from tui_dl.wire.snapshots import OptimizerRead, OptimizerReading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui_dl.engine.training.trainer import Trainer
    from tui_dl.wire.snapshots import Histogram, Reading

FIRST_MOMENTS: Final = ("momentum_buffer", "exp_avg")
"""torch's names of what is a sum or mean of gradients, or of steps (RMSprop's momentum); Muon has both."""
SECOND_MOMENTS: Final = ("exp_avg_sq", "square_avg", "sum")
"""… of squared gradients."""
FACTORED: Final = "row_var"
"""… of their means along rows: Adafactor's of matrices, which has `variance` of vectors beside it."""
ROOTS_OF_SECOND: Final = ("exp_inf",)
"""… of absolute gradients: Adamax's running maximum stands where others have √v."""

_FIRST: Final = "first"
_SECOND: Final = "second"
_MOVED: Final = "moved"
_STEP: Final = "step"


@final
@dataclass(frozen=True, slots=True)
class _Update:
    """One update as it was seen: numbers on the device by their meaning and the parameter's `id`."""

    optimizer: str
    lr: float | Tensor
    first_name: str
    second_name: str
    layers: tuple[Layer, ...]
    scalars: dict[tuple[str, int], Tensor] = field(default_factory=dict)
    histograms: tuple[Histogram, ...] = ()
    steps: dict[int, float] = field(default_factory=dict)
    betas: dict[int, tuple[float, float]] = field(default_factory=dict)


@final
class OptimizerProbe(Probe):
    """Reads any torch optimizer by the names of its state; the effective step is Δw itself, decay included.

    Of a layer these are root mean squares over its trained parameters: of the first moment, of √v, and of the
    last update. Steps and bias corrections are those that this update used.
    """

    name = "optimizer"

    def __init__(self) -> None:
        self._meter = UpdateMeter()
        self._seen: _Update | None = None

    def observe(self, trainer: Trainer, phase: str) -> None:
        """The weights are copied from clip to update; the state is looked at after the update."""
        if phase == "fetch":
            self.release()
            self._seen = None
        elif phase == "clip":
            self._meter.start(trained_parameters(layers_of(trainer.model)))
        elif phase == "update":
            self._meter.stop()
            layers = layers_of(trainer.model)
            seen = _look(trainer.optimizer, layers, self._meter.moved)
            self._seen = replace(seen, histograms=self._distributions(trainer.optimizer, layers, seen))
            self.release()

    def release(self) -> None:
        """No copy stays in memory."""
        self._meter.forget()

    def reading(self) -> OptimizerRead | None:
        """The state after the last whole batch; None before."""
        return None if self._seen is None else _read(self._seen)

    def at_rest(self, trainer: Trainer, seen: Reading | None) -> OptimizerRead | None:
        """The state as it is now; how far an update goes takes a batch."""
        layers = layers_of(trainer.model)
        state = _look(trainer.optimizer, layers, {})
        histograms = self._distributions(trainer.optimizer, layers, state)
        if isinstance(seen, OptimizerRead):
            held = any(one.layer == self.layer for one in seen.histograms)
            return seen if held or not self.layer else structs.replace(seen, histograms=histograms)
        read = _read(replace(state, histograms=histograms))
        words = "updates come with the next batch"
        if not trainer.optimizer.state:
            words = f"nothing is held before the first update; {words}"
        return structs.replace(read, missing=words)

    def _distributions(
        self, optimizer: torch.optim.Optimizer, layers: tuple[Layer, ...], seen: _Update
    ) -> tuple[Histogram, ...]:
        """How the watched layer's numbers are spread; nothing where no one layer is watched."""
        layer = next((each for each in layers if each.name == self.layer), None)
        if layer is None:
            return ()
        kinds: dict[str, list[Tensor]] = {"update": self._meter.steps_of(layer.parameters)}
        for name in filter(None, (seen.first_name, seen.second_name)):
            states = (optimizer.state.get(each, {}).get(name) for each in layer.parameters)
            kinds[name] = [state for state in states if isinstance(state, Tensor) and state.ndim > 0]
            if name == seen.second_name and name not in ROOTS_OF_SECOND:
                kinds[name] = [state.detach().sqrt() for state in kinds[name]]
        return tensor_histograms(layer.name, kinds)


def _read(seen: _Update) -> OptimizerRead:
    scalars = [*seen.scalars.values(), *([seen.lr] if isinstance(seen.lr, Tensor) else [])]
    values = read(scalars)
    known = dict(zip(seen.scalars, values, strict=False))
    lr = values[-1] if isinstance(seen.lr, Tensor) else seen.lr
    every = trained_parameters(seen.layers)
    return OptimizerRead(
        optimizer=seen.optimizer,
        lr=lr,
        first_moment=seen.first_name,
        second_moment=seen.second_name,
        layers=tuple(_reading(seen, layer, known) for layer in seen.layers if layer.parameters),
        effective_step=_root_mean_square(_MOVED, every, known),
        histograms=seen.histograms,
    )


def state_name(states: Mapping[Any, Mapping[str, Any]], names: Sequence[str]) -> str:
    """The first of the names that some parameter has a tensor under; empty if there is none."""
    for name in names:
        if any(isinstance(state.get(name), Tensor) for state in states.values()):
            return name
    return ""


def _look(optimizer: torch.optim.Optimizer, layers: tuple[Layer, ...], moved: dict[int, Tensor]) -> _Update:
    states = optimizer.state
    first = state_name(states, FIRST_MOMENTS)
    second = state_name(states, (*SECOND_MOMENTS, *ROOTS_OF_SECOND, FACTORED))
    lr = optimizer.param_groups[0].get("lr", math.nan)
    seen = _Update(
        type(optimizer).__name__,
        lr.detach().clone().reshape(()) if isinstance(lr, Tensor) else float(lr),
        first,
        second,
        layers,
    )
    seen.scalars.update({(_MOVED, key): norm for key, norm in moved.items()})
    parameters = trained_parameters(layers)
    _note(seen, _FIRST, first, parameters, states, order=2)
    # √v is what steps are divided by: the mean of its square is the mean of v, whose 1-norm is its sum.
    _note(seen, _SECOND, second, parameters, states, order=2 if second in ROOTS_OF_SECOND else 1)
    if second == FACTORED:
        _note_factored(seen, parameters, states)
    for parameter in parameters:
        _note_step(seen, id(parameter), states.get(parameter, {}))
    for group in optimizer.param_groups:
        betas = group.get("betas")
        if isinstance(betas, tuple | list) and len(betas) == 2:
            pair = (float(betas[0]), float(betas[1]))
            seen.betas.update({id(parameter): pair for parameter in group["params"]})
    return seen


def _note(
    seen: _Update,
    kind: str,
    name: str,
    parameters: list[nn.Parameter],
    states: Mapping[Any, Mapping[str, Any]],
    order: int,
) -> None:
    held = [
        (id(parameter), state)
        for parameter in parameters
        if isinstance(state := states.get(parameter, {}).get(name), Tensor) and state.shape == parameter.shape
    ]
    measured = norms([state for _, state in held], order)
    seen.scalars.update({(kind, key): norm for (key, _), norm in zip(held, measured, strict=True)})


def _note_factored(
    seen: _Update, parameters: list[nn.Parameter], states: Mapping[Any, Mapping[str, Any]]
) -> None:
    """The sum of v: every row's mean stands for as many weights as the row has."""
    for parameter in parameters:
        state = states.get(parameter, {})
        rows, vector = state.get(FACTORED), state.get("variance")
        if isinstance(rows, Tensor):
            seen.scalars[_SECOND, id(parameter)] = rows.sum() * parameter.shape[-1]
        elif isinstance(vector, Tensor):
            seen.scalars[_SECOND, id(parameter)] = vector.sum()


def _note_step(seen: _Update, key: int, state: Mapping[str, Any]) -> None:
    step = state.get("step")
    if isinstance(step, Tensor) and step.device.type != "cpu":
        # The optimizer counts on in this very tensor.
        seen.scalars[_STEP, key] = step.detach().clone().reshape(())
    elif step is not None:
        seen.steps[key] = float(step)


def _reading(seen: _Update, layer: Layer, known: Mapping[tuple[str, int], float]) -> OptimizerReading:
    keys = [id(parameter) for parameter in layer.parameters]
    steps = [seen.steps.get(key, known.get((_STEP, key))) for key in keys]
    step = next((each for each in steps if each is not None), None)
    betas = next((seen.betas[key] for key in keys if key in seen.betas), None)
    corrections = (None, None) if betas is None or step is None else tuple(1.0 - beta**step for beta in betas)
    return OptimizerReading(
        layer=layer.name,
        step=None if step is None else int(step),
        first_moment_rms=_root_mean_square(_FIRST, layer.parameters, known),
        second_moment_rms=_second_moment(seen, layer, known),
        effective_step=_root_mean_square(_MOVED, layer.parameters, known),
        first_bias_correction=corrections[0],
        second_bias_correction=corrections[1],
    )


def _second_moment(seen: _Update, layer: Layer, known: Mapping[tuple[str, int], float]) -> float | None:
    if seen.second_name in ROOTS_OF_SECOND:
        return _root_mean_square(_SECOND, layer.parameters, known)
    held = [parameter for parameter in layer.parameters if (_SECOND, id(parameter)) in known]
    count = sum(parameter.numel() for parameter in held)
    if not count:
        return None
    return math.sqrt(sum(known[_SECOND, id(parameter)] for parameter in held) / count)


def _root_mean_square(
    kind: str, parameters: Sequence[nn.Parameter], known: Mapping[tuple[str, int], float]
) -> float | None:
    """From the norms of the parameters that have one; None if none has."""
    held = [parameter for parameter in parameters if (kind, id(parameter)) in known]
    count = sum(parameter.numel() for parameter in held)
    return combined(known[kind, id(parameter)] for parameter in held) / math.sqrt(count) if count else None
