"""Reduced precision: what is computed in 16 bits, and the scaler that keeps small gradients alive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast, final

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable


_TYPES: Final = {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}
COLUMNS: Final = ("loss_scale", "skipped")


@final
class Precision:
    """How a run computes forward and backward. Weights, gradients and optimizer state stay float32.

    In 16 bits the forward pass runs under `torch.autocast`, which chooses the type of each operation; outputs
    are turned to float32 before the loss, which is what autocast's losses do with them. Float16 has a small
    range: its loss is scaled up before the backward pass and the gradients down behind it
    (`torch.amp.GradScaler`). Where they overflow the update is skipped and the scale halved.

    Args:
        name: `float32`, `bfloat16` or `float16`.
        device: where it runs.
    """

    def __init__(self, name: str, device: torch.device) -> None:
        self.name = name
        self._device = device
        self._dtype = _TYPES[name]
        self._scaler = torch.amp.GradScaler(device.type) if name == "float16" else None
        self._stepper: _Stepper | None = None

    @property
    def is_full(self) -> bool:
        """Whether nothing is reduced."""
        return self._dtype is None

    @property
    def scales(self) -> bool:
        """Whether losses are scaled, and updates may be skipped."""
        return self._scaler is not None

    @property
    def scale(self) -> float:
        """What the loss is multiplied by before the backward pass; 1 without a scaler."""
        return 1.0 if self._scaler is None else float(self._scaler.get_scale())

    @property
    def columns(self) -> tuple[str, ...]:
        """What each step reports of it: the scale of its loss, and 1 where its update was skipped."""
        return COLUMNS if self.scales else ()

    def forward(self, model: Callable[[Any], Any], inputs: Any) -> Any:
        """The model's outputs in float32."""
        if self._dtype is None:
            return model(inputs)
        with torch.autocast(self._device.type, dtype=self._dtype):
            outputs = model(inputs)
        return outputs.float() if isinstance(outputs, Tensor) else outputs

    def scaled(self, loss: Tensor) -> Tensor:
        """The loss to go backward from."""
        if self._scaler is None:
            return loss
        scaled: Tensor = self._scaler.scale(loss)
        return scaled

    def unscale(self, optimizer: torch.optim.Optimizer) -> None:
        """Turn the gradients of a scaled loss into those of the loss, in place."""
        if self._scaler is not None:
            self._stepper = _Stepper(optimizer)
            self._scaler.unscale_(cast("Any", self._stepper))

    def step(self, update: Callable[[], None]) -> bool:
        """Update unless gradients have overflowed, and set the next scale. Returns whether it was made."""
        scaler, stepper = self._scaler, self._stepper
        assert scaler is not None
        assert stepper is not None
        stepper.update = update
        scaler.step(cast("Any", stepper))
        scaler.update()
        self._stepper = None
        return stepper.is_made

    def abandon(self) -> None:
        """The batch will not be finished: forget what its gradients were, the scale stays."""
        if self._stepper is not None:
            self._stepper = None
            self.load(self.state())

    def state(self) -> dict[str, float | int]:
        """The scaler's scale and growth as plain numbers; empty without one."""
        return {} if self._scaler is None else dict(self._scaler.state_dict())

    def load(self, state: dict[str, float | int]) -> None:
        """Go on from a state; an empty one leaves a scaler where it begins."""
        if self._scaler is not None:
            self._scaler = torch.amp.GradScaler(self._device.type)
            if state:
                self._scaler.load_state_dict(dict(state))

    def copy(self) -> Precision:
        """Another one in the same state."""
        other = Precision(self.name, self._device)
        other.load(self.state())
        return other


@final
class _Stepper:
    """What a scaler takes for an optimizer: the parameters, and an update that is more than torch's step."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.param_groups = optimizer.param_groups
        self.update: Callable[[], None] | None = None
        self.is_made = False

    def step(self) -> None:
        """Called by the scaler where all gradients are finite."""
        assert self.update is not None
        self.is_made = True
        self.update()
