"""A loss on logits behind a module that makes probabilities of them: the bug that trains, but badly."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from torch import nn
from torch.nn import functional as F

from tui_dl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

_SQUASHED: Final[tuple[tuple[tuple[type[nn.Module], ...], object, tuple[type[nn.Module], ...], str], ...]] = (
    ((nn.CrossEntropyLoss,), F.cross_entropy, (nn.Softmax, nn.Softmax2d, nn.Sigmoid), "cross entropy"),
    (
        (nn.BCEWithLogitsLoss, nn.MultiLabelSoftMarginLoss),
        F.binary_cross_entropy_with_logits,
        (nn.Softmax, nn.Sigmoid),
        "binary cross entropy with logits",
    ),
)
"""Classes of a loss, its function, last modules that it can't follow, its name."""


def refuse_softmax_twice(model: nn.Module, loss: Callable[..., object]) -> None:
    """Check what can be known: torch's own losses behind a sequence of modules.

    Softmax taken twice never lets a loss under ln(e + C - 1) - 1 for C classes, and its gradient fades. A
    LogSoftmax is left alone: taken twice it is the same.

    Raises:
        UsageError: if the model ends in what the loss does itself.
    """
    last = _last_module(model)
    while isinstance(loss, functools.partial):
        loss = loss.func
    for classes, function, squashing, name in _SQUASHED:
        if (loss is function or isinstance(loss, classes)) and isinstance(last, squashing):
            kind = type(last).__name__
            raise UsageError(
                f"model ends in {kind}, and {name} takes logits: it would squash them twice. Give the model "
                f"without it: its largest output stays the largest."
            )


def _last_module(model: nn.Module) -> nn.Module:
    """The module that surely comes last: that of a sequence; any other may do what it likes."""
    while isinstance(model, nn.Sequential) and len(model):
        model = model[-1]
    return model
