"""Micro-stepping: a batch phase by phase, each told in numbers and words."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from tui_dl.engine.training.nonfinite import NonFinite
from tui_dl.engine.training.phase_facts import PhaseTeller
from tui_dl.wire.messages import PhaseReached

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui_dl.engine.session.session import Session


@final
class Phases:
    """Where in a batch its session stands. The batch is the trainer's own: running on finishes it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._teller = PhaseTeller()
        self._left: Iterator[str] | None = None
        self.phase = ""
        """The phase completed last; empty at a batch boundary."""

    @property
    def is_inside(self) -> bool:
        """Whether a batch was begun and not finished."""
        return self._left is not None

    def leave(self) -> None:
        """The batch was finished, or given up."""
        self._left, self.phase = None, ""

    def make_next(self) -> None:
        """Complete the next phase. Raises NonFinite as the trainer does."""
        session, trainer = self._session, self._session.trainer
        if self._left is None:
            session.inspection.choose_watched()
            self._left = trainer.phases()
        phase = next(self._left)
        micro = trainer.batch.micro
        session.inspection.observe(phase)
        values, facts = self._teller.tell(trainer, phase)
        if phase != "update":
            self.phase = phase
            session.sink.publish(PhaseReached(trainer.step + 1, phase, values, facts, *micro))
            return
        next(self._left, None)
        self.leave()
        session.sink.publish(PhaseReached(trainer.step, phase, values, facts, *micro))
        session.inspection.read()
        session.reports.flush()
        session.boundary.look()

    def finish(self) -> str:
        """Complete a batch that was left half-way; says so, or nothing if there was none."""
        if self._left is None:
            return ""
        session = self._session
        self.leave()
        try:
            session.inspection.make_batch()
        except NonFinite as found:
            session.stop_at_nonfinite(found)
            return "the batch in progress was given up: it is not finite"
        step = session.trainer.step
        session.reports.flush()
        session.boundary.look()
        return f"the batch in progress was finished first: step {step}"
