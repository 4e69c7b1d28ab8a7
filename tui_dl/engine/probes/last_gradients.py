"""The gradients that a batch has left behind: whether they are there, and what is to be said of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from tui_dl.engine.training.trainer import Trainer


@final
@dataclass(frozen=True, slots=True)
class LastGradients:
    """Whether the parameters' gradients mean something now.

    Attributes:
        held: they are those of the last batch, or of the present one once it has been clipped.
        words: why they are missing, or how they differ from what a watched batch shows; mostly empty.
    """

    held: bool
    words: str = ""


def last_gradients(trainer: Trainer) -> LastGradients:
    """What the gradients are now: their buffer is zero before the first batch, and old after an undo."""
    batch = trainer.batch
    if batch.grad_norm is None:
        # The norm is taken right behind the backward pass, and forgotten with the batch by an undo, a
        # restart, a loaded state, and the beginning of the next batch.
        return LastGradients(False, "gradients come with the next batch")
    if not batch.has_gradients:
        return LastGradients(False, "the compiled step keeps no gradients: a watched batch shows them")
    if trainer.clips:
        return LastGradients(True, "gradients as clipped")
    return LastGradients(True)
