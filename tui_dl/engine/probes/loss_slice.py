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

PARTS: Final = 20
"""Of the way ahead; 0, 1 and whatever was asked on the way are points as well."""
PARTS_BEFORE: Final = 2
LEAST_REACH: Final = 2.0
MOST_REACH: Final = 32.0
"""Steps ahead that are looked at, at most."""


@final
class LossSliceProbe(Probe):
    """Looks before a batch is made: copies make its update, and the loss is asked for along that line.

    It costs a copy of the network, a batch and some thirty forward passes: the budget says how often.
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
    known = _valley(line)
    reach = max(known)
    wanted = {reach * place / PARTS for place in range(-PARTS_BEFORE, PARTS + 1)}
    known |= {place: line.loss_at(place) for place in wanted - known.keys()}
    places = sorted(known)
    sizes = line.gradient_norm * line.step_norm
    return LossSliceRead(
        steps=tuple(places),
        losses=tuple(known[place] for place in places),
        before=known[0.0],
        after=known[1.0],
        slope=line.slope,
        gradient_norm=line.gradient_norm,
        step_norm=line.step_norm,
        cosine=-line.slope / sizes if 0 < sizes < math.inf else None,
        lr=line.lr,
        optimizer="" if trainer.experiment is None else trainer.experiment.optimizer.name,
        is_next=is_next,
    )


def _valley(line: StepLine) -> dict[float, float]:
    """Losses as far ahead as it takes until one is back where it was, so that the valley is seen."""
    known = {0.0: line.loss_at(0.0), 1.0: line.loss_at(1.0)}
    reach = LEAST_REACH
    known[reach] = line.loss_at(reach)
    while reach < MOST_REACH and known[reach] < known[0.0]:
        reach *= 2
        known[reach] = line.loss_at(reach)
    return known
