"""The weights of the best evaluation, kept aside and put back: an act with a receipt that can be undone."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from tui_dl.components.optimizers import slots
from tui_dl.engine.swap.prepare import has_state
from tui_dl.engine.training.evaluation import probe_loss
from tui_dl.errors import ChangeRefused
from tui_dl.wire.plans import Receipt

if TYPE_CHECKING:
    from torch import Tensor, nn

    from tui_dl.engine.parts.parts import Parts
    from tui_dl.engine.state.undo import UndoStack
    from tui_dl.engine.training.batch_loop import BatchLoop


@final
@dataclass(frozen=True)
class KeptWeights:
    """A model at a step: nobody writes into it.

    Attributes:
        step: updates made when it was kept.
        tensors: copies of its parameters and buffers, by name.
    """

    step: int
    tensors: dict[str, Tensor]

    def state(self) -> dict[str, Any]:
        """Plain tensors and numbers."""
        return {"step": self.step, "tensors": self.tensors}


def kept_weights(model: nn.Module, step: int) -> KeptWeights:
    """Copies of what a model is made of now."""
    return KeptWeights(step, {name: value.clone() for name, value in model.state_dict().items()})


def put_back(kept: KeptWeights, loop: BatchLoop, undo: UndoStack) -> Receipt:
    """Copy kept weights into the model; optimizer state and position stay. An undo leads back.

    Raises:
        ChangeRefused: if the network has other weights by now; nothing is altered.
    """
    parts = loop.parts
    _refuse_other_network(kept, parts)
    edit = ("weights", f"of step {loop.step}", f"of step {kept.step}")
    state = tuple(f"optimizer.{name}" for name in slots(parts.experiment.optimizer))
    before = probe_loss(parts)
    undo.push(undo.point(loop, f"weights {edit[1]} → {edit[2]}"), "")
    parts.model.load_state_dict(kept.tensors)
    loop.adopt(copy.copy(parts))
    after = probe_loss(parts)
    return Receipt(
        step=loop.step,
        segment=0,
        change={},
        edits=(edit,),
        kept=("position", *(state if has_state(parts) else ())),
        reset=("weights",),
        probe_loss_before=before if math.isfinite(before) else None,
        probe_loss_after=after if math.isfinite(after) else None,
        source="early_stopping",
    )


def _refuse_other_network(kept: KeptWeights, parts: Parts) -> None:
    present = {name: value.shape for name, value in parts.model.state_dict().items()}
    if present != {name: value.shape for name, value in kept.tensors.items()}:
        raise ChangeRefused(
            f"the weights of step {kept.step} are not those of this network any more: it was changed since."
        )
