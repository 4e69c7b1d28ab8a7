"""What a session does between batches: it sees what is due, and says when to look up again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, final

from tui_dl.engine.session.lookout import Lookout

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_dl.engine.session.session import Session
    from tui_dl.wire.messages import FinishReason


@final
class Boundary:
    """Ends of epochs, goals, scenes and reports of its session; most batches pass without a look."""

    def __init__(self, session: Session, clock: Callable[[], float]) -> None:
        self._session = session
        self._clock = clock
        self._lookout = Lookout(clock)
        self.epoch = session.trainer.epoch
        """The epoch that was looked at last."""

    @property
    def look_at(self) -> float:
        """The step at which to look."""
        return self._lookout.look_at

    def restart(self) -> None:
        """The run goes on, or has been moved: the time until now says nothing about its speed."""
        self._lookout.restart(self._session.trainer.step)

    def moved(self) -> None:
        """The position is another one."""
        self.epoch = self._session.trainer.epoch
        self.restart()

    def look(self) -> None:
        """See to what is due here."""
        session = self._session
        now, trainer = self._clock(), session.trainer
        session.rate.tick(now, trainer.step)
        end: FinishReason | None = None
        if trainer.epoch != self.epoch:
            self.epoch = trainer.epoch
            end = session.milestones.close_epoch()
        session.reports.flush_if_due(now)
        if end is not None:
            session.presenter.show_last_scene()
            session.finish(end)
        elif not session.presenter.wait_at_scene() and session.goal is not None:
            session.goal.answer_made(trainer.step, session.sink, session.reports.flush)
            if session.goal.is_reached(trainer.step, trainer.epoch):
                session.rest("")
        if session.goal is not None and session.reports.status_is_due(now):
            session.tell()
        self.plan()

    def plan(self) -> None:
        """When to look again, and who looks at the next batch."""
        session = self._session
        step, total = session.trainer.step, session.trainer.total_steps
        stop = math.inf if session.goal is None else session.goal.next_stop
        scene = math.inf
        if session.presenter.interactive:
            scene = session.course.scenes.next_step
        elif total > step:
            stop = min(stop, float(total))
        if scene > step:
            stop = min(stop, scene)
        # The batch before a stop is looked at: it is what stays on the screen, and what expectations ask for.
        session.inspection.choose(is_last=step + 1 == stop, is_watched=session.presenter.interactive)
        self._lookout.plan(step, stop, scene, at_once=bool(session.inspection.chosen))
