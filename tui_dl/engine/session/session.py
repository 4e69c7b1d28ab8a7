"""A run as a state machine in the training thread: run, pause, step, pace, ends. No sockets, no asyncio."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, Final, final

from tui_dl.engine.probes.registry import make_probes, measures
from tui_dl.engine.probes.scheduler import ProbeScheduler
from tui_dl.engine.serving.inbox import Inbox
from tui_dl.engine.session.boundary import Boundary
from tui_dl.engine.session.changes import Changes
from tui_dl.engine.session.commands import obey
from tui_dl.engine.session.compiling import Compiling
from tui_dl.engine.session.course import Course
from tui_dl.engine.session.describe import describe, status_of
from tui_dl.engine.session.goal import Goal
from tui_dl.engine.session.inspection import Inspection
from tui_dl.engine.session.milestones import Milestones, end_words
from tui_dl.engine.session.pacing import Pacer
from tui_dl.engine.session.phases import Phases
from tui_dl.engine.session.presenter import Presenter
from tui_dl.engine.session.reports import Rate, Reports
from tui_dl.engine.training.nonfinite import NonFinite
from tui_dl.engine.training.trainer import Trainer
from tui_dl.errors import ChangeRefused
from tui_dl.wire.messages import NonFiniteFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_dl.components.data import DataSplits
    from tui_dl.engine.serving.outbox import Sink
    from tui_dl.engine.state.checkpoints import Checkpoints
    from tui_dl.spec.experiment import Experiment
    from tui_dl.wire.messages import FinishReason, RunFinished, RunState

LONGEST_WAIT_S: Final = 0.1


@final
class Session:
    """Owns a trainer and makes its batches, as told, all in the thread that calls `advance`.

    Args:
        experiment: what is trained, unless `resume` says.
        sink: where reports go.
        inbox: where commands come from.
        run: the run's name; `path` is its folder.
        checkpoints: where states are written; None writes none.
        resume: the state of a checkpoint.
        segment: the segment that the first batch belongs to.
        interactive: whether a screen looks on: scenes pause the run, pace counts, it waits at its end.
        clock: seconds, monotonic.
        wait: waits for a command, so many seconds or (None) for ever.
        set_threads: sets the process's threads as a trainer's experiment has them; None leaves them alone.
    """

    def __init__(
        self,
        experiment: Experiment,
        sink: Sink,
        *,
        inbox: Inbox | None = None,
        run: str = "",
        path: str = "",
        checkpoints: Checkpoints | None = None,
        resume: dict[str, Any] | None = None,
        segment: int = 0,
        interactive: bool = False,
        clock: Callable[[], float] = time.perf_counter,
        wait: Callable[[float | None], None] | None = None,
        set_threads: Callable[[Trainer], object] | None = None,
    ) -> None:
        self.inbox = inbox or Inbox()
        self.sink = sink
        self.trainer = Trainer(experiment)
        self.course = Course(experiment)
        self.pacer = Pacer(clock)
        self.rate = rate = Rate(clock)
        self.reports = Reports(self.trainer, sink, clock, lambda: rate.elapsed_s)
        self.scheduler = ProbeScheduler(experiment.training.overhead_budget, clock)
        self.inspection = Inspection(
            self.trainer, self.scheduler, self.reports, make_probes(), measures(), clock
        )
        self.changes = Changes(self)
        self.milestones = Milestones(self, checkpoints, clock)
        self.presenter = Presenter(self, interactive=interactive)
        self.phases = Phases(self)
        self.compiling = Compiling(self)
        self.boundary = Boundary(self, clock)
        self.finished: RunFinished | None = None
        self.ended = False
        """Whether the engine should end now."""
        self.keep = True
        """Whether the run's folder outlives it."""
        self._run_name, self._path = run, path
        self.clock = clock
        self._wait = wait or self.inbox.wait
        self._tickets = self.inbox.tickets
        self._set_threads = set_threads
        self._threads: object = None
        self.reports.segment = segment
        self._state: RunState = "paused"
        self._detail = ""
        self.goal: Goal | None = None
        """How far it goes by itself; None while it rests."""
        if resume is not None:
            self.milestones.restore(resume)
        self.boundary.moved()
        self.presenter.set_manners()
        self.presenter.follow_experiment()
        self._follow_threads()

    # -- what others ask -------------------------------------------------------------------------------

    @property
    def segment(self) -> int:
        """Grows by one with each undo and restart."""
        return self.reports.segment

    @property
    def experiment(self) -> Experiment:
        """What is trained now, changes included."""
        experiment = self.trainer.experiment
        assert experiment is not None, "a session trains an experiment, not somebody's own parts"
        return experiment

    @property
    def splits(self) -> DataSplits:
        """What it is trained on and judged by."""
        splits = self.trainer.splits
        assert splits is not None, "a session trains an experiment, not somebody's own parts"
        return splits

    @property
    def is_running(self) -> bool:
        """Whether batches are being made."""
        return self.goal is not None

    @property
    def is_stepping(self) -> bool:
        """Whether somebody waits for a number of steps."""
        return self.goal is not None and bool(self.goal.waiting)

    @property
    def state(self) -> RunState:
        """How the run stands."""
        return self._state

    @property
    def detail(self) -> str:
        """Why it stands so, in words."""
        return self._detail

    # -- life ------------------------------------------------------------------------------------------

    def begin(self, *, paused: bool) -> None:
        """Say what is trained, write the first checkpoint, and go on unless told to wait."""
        self.describe()
        self.milestones.save()
        if paused or self._refusal():
            self.rest(self._refusal())
        else:
            self.run()

    def describe(self) -> None:
        """Publish what is trained."""
        self.sink.publish(
            describe(self.trainer, self.experiment, run=self._run_name, path=self._path, segment=self.segment)
        )

    def advance(self) -> None:
        """Obey what was commanded, or make one batch, or wait. What it adds to a batch is 1 µs or so."""
        if self._tickets:
            self._obey()
            return
        if self.goal is None:
            self._wait(None)
            return
        trainer = self.trainer
        if trainer.step >= self.course.script.next_step:
            self.changes.make_scripted()
        if self.pacer.is_on and self._hold_back():
            return
        try:
            if self.inspection.chosen:
                self.inspection.make_batch()
            else:
                trainer.train_batch()
        except NonFinite as found:
            self.stop_at_nonfinite(found)
            return
        boundary = self.boundary
        if trainer.step >= boundary.look_at or trainer.epoch != boundary.epoch:
            boundary.look()

    # -- going and resting -----------------------------------------------------------------------------

    def run(self, until_step: int | None = None, *, until_epoch_end: bool = False) -> None:
        """Go on until told otherwise or until the goal. Raises ChangeRefused at the planned end."""
        self.require_trainable()
        step = self.trainer.step
        if until_step is not None and until_step < step:
            raise ChangeRefused(f"step {until_step} is over: the run is at step {step}; undo leads back")
        if self.finished is not None:
            self.finished = None
            self.course.patience.reset()
        self._release("the run goes on")
        self.course.scenes.go_on()
        goal = Goal(math.inf if until_step is None else until_step)
        if until_epoch_end:
            goal.epoch = self.trainer.epoch + 1
        self._start(goal)
        if self.presenter.wait_at_scene():
            return
        if goal.is_reached(step, self.trainer.epoch):
            self.rest("")

    def make_steps(self, goal: Goal) -> None:
        """Make the batches that a goal asks for, then pause; more steps asked for meanwhile are added."""
        self.require_trainable()
        self.finished = None
        if self.goal is not None and self.is_stepping:
            self.goal.add(goal)
        else:
            self._release("another command came")
            self.course.scenes.go_on()
            self._start(goal)
            self.presenter.wait_at_scene()
        self.boundary.plan()

    def make_phase(self) -> None:
        """Complete the next phase of a batch and pause inside it. Raises ChangeRefused while running."""
        if self.goal is not None:
            self.pause()
        self.require_trainable()
        if not self.phases.is_inside and self.trainer.step >= self.course.script.next_step:
            self.changes.make_scripted()
        self.finished = None
        self.course.scenes.go_on()
        self._detail = ""
        try:
            self.phases.make_next()
        except NonFinite as found:
            self.stop_at_nonfinite(found)
        self.tell()

    def pause(self, why: str = "", error: str = "") -> None:
        """Stop here."""
        self._release(why or "paused", error)
        self.rest(why)

    def welcome_screen(self) -> None:
        """A screen has come: a run that ended without one may go on, a scene may begin right here."""
        self.presenter.set_manners()
        if self._state == "finished" and not self.ended:
            self._state = "paused"
        self.presenter.wait_at_scene()
        self.boundary.plan()

    def stop(self, reason: FinishReason, *, keep: bool = True) -> None:
        """Write a checkpoint and end."""
        self.keep = keep
        if self._state != "finished":
            self.finish(reason)
        self._state, self._detail = "finished", ""
        self.ended = True
        self.tell()

    # -- what changes reach for ------------------------------------------------------------------------

    def require_trainable(self) -> None:
        """Raises ChangeRefused if no further batch is planned."""
        refusal = self._refusal()
        if refusal:
            raise ChangeRefused(refusal)

    def moved(self, steps: int) -> None:
        """The position has changed under the run (undo, restart): steps still to be made stay as many."""
        self.milestones.forget()
        self.finished = None
        # What it was stopped by lies behind.
        self._detail = ""
        if self._state == "finished":
            self._state = "paused"
        if self.goal is not None:
            self.goal.shift(steps)
        self.inspection.forget()
        self.reports.forget()
        self.boundary.moved()

    def changed(self) -> None:
        """What is trained has changed: say so, save it, and look anew at what comes."""
        self.milestones.forget()
        self.presenter.set_manners()
        self._follow_threads()
        self.inspection.renew()
        self.describe()
        if self.goal is None:
            self.inspection.look_at_rest()
        self.milestones.save()
        self.boundary.plan()
        self.tell()

    def keep_time(self) -> None:
        """The run goes on from here: the time until now says nothing about its speed."""
        self.rate.start(self.trainer.step)
        self.pacer.restart()
        self.boundary.restart()
        self.boundary.plan()

    def show(self, state: RunState, detail: str) -> None:
        """Say how the run stands, and why."""
        self._state, self._detail = state, detail
        self.tell()

    def tell(self) -> None:
        """Publish the status now."""
        self.reports.publish_status(status_of(self))

    def finish(self, reason: FinishReason) -> None:
        """The run has come to an end; with a screen it can be told to go on."""
        self.phases.finish()
        self.finished = self.milestones.finish(reason)
        words = end_words(reason, self.experiment.training.epochs)
        self._release(words)
        self.rest(words if self.presenter.interactive else "")
        if not self.presenter.interactive:
            self._state = "finished"
            self.tell()

    def rest(self, detail: str) -> None:
        """Make no further batch by itself."""
        self.reports.flush()
        self.goal = None
        self._state, self._detail = "paused", detail
        self.rate.stop()
        self.tell()

    def stop_at_nonfinite(self, found: NonFinite) -> None:
        """The trainer has refused to spread a value that is not finite."""
        self.phases.leave()
        self.inspection.refuse()
        where = f" in {found.layer}" if found.layer else ""
        words = f"non-finite {found.what}{where}"
        self.sink.publish(NonFiniteFound(self.trainer.step, found.what, found.layer))
        self.reports.record("nonfinite", words, {"what": found.what, "layer": found.layer})
        self._release(words, f"{words}: the update was not made")
        if self.presenter.interactive:
            self.rest(words)
        else:
            self.finish("nonfinite")

    def _follow_threads(self) -> None:
        """Have the threads set that the experiment asks for, where it asks for others than before."""
        wanted = self.experiment.training.threads
        if self._set_threads is not None and wanted != self._threads:
            self._threads = wanted
            self._set_threads(self.trainer)

    def _obey(self) -> None:
        while self._tickets and not self.ended:
            obey(self, self._tickets.popleft())

    def _refusal(self) -> str:
        """Why no further batch is planned; empty if one is."""
        epochs = self.experiment.training.epochs
        if self._state == "finished":
            return "the run has finished; resume it to go on"
        if not self.phases.is_inside and self.trainer.epoch >= epochs:
            return f"all {epochs} epochs are done; extend the run to go on"
        return ""

    def _start(self, goal: Goal) -> None:
        self.goal = goal
        self._state, self._detail = "running", ""
        # Whatever was left of a batch is made with the next one.
        self.phases.leave()
        self.keep_time()
        self.tell()

    def _release(self, why: str, error: str = "") -> None:
        """Answer those who wait for steps: done if theirs are made, else how far it came and why."""
        if self.goal is None:
            return
        self.reports.flush()
        self.goal.answer_all(self.trainer.step, self.sink, why, error)

    def _hold_back(self) -> bool:
        """Wait for the next due time, or for a command; True if the batch is not due yet."""
        wait_s = self.pacer.wait_s()
        if wait_s <= 0:
            self.pacer.spend()
            return False
        self.reports.flush_if_due(self.clock())
        self._wait(min(wait_s, LONGEST_WAIT_S))
        return True
