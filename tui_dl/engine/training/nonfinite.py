"""NaN and infinity: said before an update spreads them, with the first layer where they appear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

import torch
from torch import Tensor

from tui_dl.errors import TuiDlError

if TYPE_CHECKING:
    from torch import nn

    from tui_dl.engine.parts.parts import Parts
    from tui_dl.engine.training.batch import Batch


@final
class NonFinite(TuiDlError):  # noqa: N818 - the word for what it says, promised
    """A loss or gradient is not finite; the update was not made.

    Attributes:
        what: ``inputs``, ``weights``, ``activations``, ``loss`` or ``gradient``.
        layer: name of the first bad module, in the order of the pass it appeared in; empty if it is none.
    """

    exit_code = 5

    def __init__(self, what: str, layer: str) -> None:
        self.what = what
        self.layer = layer
        super().__init__(
            f"non-finite {what}" + (f" in {layer}" if layer else "") + ": the update was not made"
        )


def find_nonfinite(parts: Parts, batch: Batch) -> NonFinite:
    """Find where NaN or infinity entered: along the forward pass, in the loss, then along the backward pass.

    The batch is passed forward once more with draws of its own; nothing stays changed.
    """
    model = parts.model
    if not _is_finite(batch.inputs) or not _is_finite(batch.targets):
        return NonFinite("inputs", "")
    for name, parameter in model.named_parameters():
        if not _is_finite(parameter):
            return NonFinite("weights", name.rpartition(".")[0])
    bad_module = _first_bad_output(parts, batch.inputs)
    if bad_module is not None:
        return NonFinite("activations", bad_module)
    if not _is_finite(batch.loss):
        return NonFinite("loss", "")
    # Backward goes from the last layer to the first: the last bad one in the model's order came first.
    bad_gradient = ""
    for name, parameter in model.named_parameters():
        if parameter.grad is not None and not _is_finite(parameter.grad):
            bad_gradient = name.rpartition(".")[0]
    return NonFinite("gradient", bad_gradient)


def _first_bad_output(parts: Parts, inputs: Any) -> str | None:
    """Name of the first module, in the order of execution, whose output is not finite; None without one."""
    bad: list[str] = []
    hooks = [
        module.register_forward_hook(_note_if_bad(name, bad))
        for name, module in parts.model.named_modules()
        if next(module.children(), None) is None
    ]
    buffers = [(buffer, buffer.clone()) for buffer in parts.model.buffers()]
    try:
        with torch.no_grad(), parts.random.preserved():
            parts.forward(inputs)
    finally:
        for hook in hooks:
            hook.remove()
        with torch.no_grad():
            for buffer, value in buffers:
                buffer.copy_(value)
    return bad[0] if bad else None


def _note_if_bad(name: str, bad: list[str]) -> Any:
    def note(_module: nn.Module, _arguments: Any, output: Any) -> None:
        if not bad and not _is_finite(output):
            bad.append(name)

    return note


def _is_finite(value: Any) -> bool:
    """Whether every number in it is finite; what holds no floating-point tensors is."""
    if isinstance(value, Tensor):
        return not value.is_floating_point() or bool(torch.isfinite(value).all())
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    if isinstance(value, tuple | list):
        return all(map(_is_finite, value))
    return True
