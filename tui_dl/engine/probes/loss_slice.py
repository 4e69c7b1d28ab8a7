"""The loss along the update that a batch makes, as far as it takes to see the valley it steps into."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, final

from tui_dl.engine.probes.base import Probe
from tui_dl.errors import TuiDlError
from tui_dl.wire.pictures import LossSliceRead

if TYPE_CHECKING:
    from tui_dl.engine.state.step_line import StepLine
    from tui_dl.engine.training.trainer import Trainer
    from tui_dl.wire.snapshots import Reading

PARTS: Final = 32
"""Of the way ahead; 0 and 1 are always among the points."""
PARTS_BEFORE: Final = 4
LEAST_REACH: Final = 2
MOST_REACH: Final = 32
"""Steps ahead that are looked at, at most."""


@final
class LossSliceProbe(Probe):
    """Looks before a batch is made: copies make its update, and the loss is asked for along that line.

    It costs a copy of the network, a batch and about forty forward passes: the budget says how often.
    """

    name = "loss_slice"

    def __init__(self) -> None:
        self._seen: LossSliceRead | None = None

    def observe(self, trainer: Trainer, phase: str) -> None:
        """All of it after fetch: from then on the batch is known and nothing has moved yet."""
        # Of several micro-batches only the last is shown; the copies take all of them.
        if phase == "fetch":
            self._seen = slice_of(trainer, is_next=False)

    def reading(self) -> Reading | None:
        """The line through the update just made."""
        return self._seen

    def at_rest(self, trainer: Trainer, seen: Reading | None) -> Reading | None:
        """The update just made, where it was watched; else the one that comes next."""
        if seen is not None:
            return seen
        try:
            return slice_of(trainer, is_next=True)
        except TuiDlError:
            # Somebody's own batches may be used up, or not be there to be looked at ahead.
            return None

    def release(self) -> None:
        """The batch will not be made."""
        self._seen = None


def slice_of(trainer: Trainer, *, is_next: bool) -> LossSliceRead:
    """The loss along the next update of a trainer, or of the batch that it is making; no trace is left."""
    line = trainer.step_line()
    before = line.loss_at(0.0)
    reach = _reach(line, before)
    places = [reach * place / PARTS for place in range(-PARTS_BEFORE, PARTS + 1)]
    losses = [before if place == 0 else line.loss_at(place) for place in places]
    sizes = line.gradient_norm * line.step_norm
    return LossSliceRead(
        steps=tuple(places),
        losses=tuple(losses),
        before=before,
        after=losses[places.index(1.0)],
        slope=line.slope,
        gradient_norm=line.gradient_norm,
        step_norm=line.step_norm,
        cosine=-line.slope / sizes if 0 < sizes < math.inf else None,
        lr=line.lr,
        optimizer="" if trainer.experiment is None else trainer.experiment.optimizer.name,
        is_next=is_next,
    )


def _reach(line: StepLine, before: float) -> int:
    """How many steps ahead are drawn: until the loss is back where it was, so that the valley is seen."""
    reach = LEAST_REACH
    while reach < MOST_REACH and line.loss_at(reach) < before:
        reach *= 2
    return reach
