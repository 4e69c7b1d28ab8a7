"""The rate finder as a side trip: a rate that grows batch by batch, on copies of all that a batch alters."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, final

from tui_dl.engine.state.rehearsal import batches_ahead, rehearsal_parts
from tui_dl.engine.training.batch_loop import BatchLoop
from tui_dl.errors import UsageError
from tui_dl.spec.plateau import PlateauState
from tui_dl.spec.rate_search import CurveBuilder, RateCurve, advice
from tui_dl.spec.schedules import Constant
from tui_dl.wire.messages import RateFound

if TYPE_CHECKING:
    from tui_dl.spec.rate_search import RateSearch
    from tui_dl.wire.messages import RateEnd


@final
class RateTrip:
    """Tries rates at the present weights, optimizer state, draws and position; the run is never touched.

    Model, optimizer and generators are copies, and the batches that follow come from a source of its own: so
    there is nothing to be put back, and a batch that is half done stays so. It costs what an undo point does.

    Args:
        loop: of the run, at a batch boundary or inside a batch, which then is the first one tried.
        search: what to try.

    Raises:
        ChangeRefused: if somebody's own batches can't be looked ahead.
    """

    def __init__(self, loop: BatchLoop, search: RateSearch) -> None:
        self.search = search
        self._builder = CurveBuilder(search)
        self._step = loop.step
        parts = rehearsal_parts(loop)
        parts = dataclasses.replace(parts, batches=batches_ahead(loop, parts.random))
        # Neither a schedule nor a warm-up: the rate is what is tried. Groups keep their ratios.
        bases = loop.parts.rates.bases
        self._ratios = tuple(base / bases[0] if bases[0] else 1.0 for base in bases)
        parts.rates = dataclasses.replace(
            parts.rates, schedule=Constant(), warmup_steps=0, plateau=PlateauState()
        )
        self._loop = BatchLoop(parts)
        self._loop.step, self._loop.samples_seen = loop.step, loop.samples_seen
        self._tried = 0
        self.ended: RateEnd | None = None
        """Why it came to its end; None while there is more to try."""

    @property
    def curve(self) -> RateCurve:
        """The points so far."""
        return self._builder.curve

    @property
    def tried(self) -> int:
        """Batches made."""
        return self._tried

    def try_next(self) -> None:
        """Make one batch at the next rate."""
        assert self.ended is None
        parts = self._loop.parts
        rate = self.search.rate(self._tried)
        rates = tuple(rate * ratio for ratio in self._ratios)
        parts.rates = dataclasses.replace(parts.rates, bases=rates)
        for group, own in zip(parts.optimizer.param_groups, rates, strict=True):
            group["lr"] = own
        try:
            loss = self._loop.run().loss
        except UsageError:
            # Somebody's own batches are used up.
            self.ended = "tried"
            return
        self._tried += 1
        if not math.isfinite(loss):
            self.ended = "nonfinite"
            return
        self._builder.add(loss)
        if self._builder.has_diverged:
            self.ended = "diverged"
        elif self._tried == self.search.batches:
            self.ended = "tried"

    def finish(self) -> RateFound:
        """Try what is left."""
        while self.ended is None:
            self.try_next()
        return self.found()

    def cancel(self) -> None:
        """Let it end here."""
        self.ended = self.ended or "cancelled"

    def found(self) -> RateFound:
        """What it came to."""
        assert self.ended is not None
        curve = self.curve
        return RateFound(self._step, self.search, curve, advice(self.search, curve), self.ended)
