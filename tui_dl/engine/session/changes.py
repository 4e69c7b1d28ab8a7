"""What alters the training itself: changes by users and scripts, undo, restart, more epochs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import msgspec

from tui_dl.engine.session.course import looks_for_another_best
from tui_dl.engine.session.describe import status_of
from tui_dl.engine.session.loading import StoppedWhileLoading, have_data
from tui_dl.errors import ChangeRefused, NotAvailable, TuiDlError
from tui_dl.spec.change import apply_change
from tui_dl.wire.messages import ChangeApplied, ChangeUndone, Noticed, Restarted
from tui_dl.wire.receipt_label import receipt_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_dl.engine.session.course import PatienceState
    from tui_dl.engine.session.session import Session
    from tui_dl.spec.lecture import OptimizerState
    from tui_dl.wire.plans import Plan, Receipt

NUDGES_WITHIN_S: Final = 1.0
_PACE: Final = "training.pace"


@dataclass(frozen=True, slots=True)
class _Frame:
    """What belongs to an undo point besides the trainer's part."""

    segment: int
    patience: PatienceState


@final
class Changes:
    """Each is one trainer call at a batch boundary, with the segments and words that go with it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._frames: list[_Frame] = []
        self.turns = 0
        """How many changes, undos and restarts there were: tells whether a checkpoint is older than one."""

    def plan(
        self, change: Mapping[str, Any], state: OptimizerState | None = None, warmup_steps: int = 0
    ) -> Plan:
        """What a change would do. Raises ChangeRefused or SpecError."""
        return self._session.trainer.plan(change, state=state, warmup_steps=warmup_steps)

    def apply(
        self,
        change: Mapping[str, Any],
        state: OptimizerState | None = None,
        warmup_steps: int = 0,
        source: str = "user",
    ) -> Receipt:
        """Make a change now. Raises ChangeRefused or SpecError, and then nothing has happened."""
        session, trainer = self._session, self._session.trainer
        session.reports.flush()
        before, experiment = trainer.step, session.experiment
        self._have_data(change)
        frame = self._frame()
        # A key held down while it runs makes one undo point; what is done step by step makes one each.
        trainer.coalesce_within_s = NUDGES_WITHIN_S if source == "user" and session.is_running else 0.0
        receipt = trainer.apply(change, state=state, warmup_steps=warmup_steps)
        if receipt.edits or receipt.warmup_steps or state in ("fresh", "calibrate"):
            self._keep_frame(frame)
        self.turns += 1
        begins_anew = trainer.step < before
        if begins_anew:
            session.reports.segment += 1
            session.moved(trainer.step - before)
            session.course.begin_again(with_script=source != "script")
        receipt = msgspec.structs.replace(receipt, segment=session.segment, source=source)
        label = receipt_label(receipt)
        if begins_anew:
            session.sink.publish(Restarted(session.segment, session.experiment.seed, label))
        session.sink.publish(ChangeApplied(receipt))
        session.reports.record("change", label, {"receipt": msgspec.to_builtins(receipt)})
        if looks_for_another_best(experiment, session.experiment):
            session.course.patience.reset()
        if session.experiment.training.pace != experiment.training.pace:
            session.presenter.set_pace(session.experiment.training.pace)
        if session.experiment.training.overhead_budget != experiment.training.overhead_budget:
            session.scheduler.budget = session.experiment.training.overhead_budget
        session.changed()
        return receipt

    def restore_best(self) -> bool:
        """At a run's own end: put the best weights back if that is wished. Tells whether they came."""
        session, trainer = self._session, self._session.trainer
        kept = session.course.patience.kept
        if kept is None or kept.step == trainer.step:
            return False
        session.reports.flush()
        frame = self._frame()
        try:
            receipt = trainer.put_back(kept)
        except ChangeRefused as refused:
            session.sink.publish(Noticed("warning", str(refused)))
            session.reports.record("notice", str(refused))
            return False
        self._keep_frame(frame)
        self.turns += 1
        receipt = msgspec.structs.replace(receipt, segment=session.segment)
        session.sink.publish(ChangeApplied(receipt))
        session.reports.record("change", receipt_label(receipt), {"receipt": msgspec.to_builtins(receipt)})
        session.milestones.forget()
        session.inspection.renew()
        session.inspection.look_at_rest()
        return True

    def _have_data(self, change: Mapping[str, Any]) -> None:
        """Download what other data needs, before anything is touched. Raises ChangeRefused if that fails."""
        session = self._session
        if not any(path.partition(".")[0] == "data" for path in change):
            return
        data = apply_change(session.experiment, change).data
        try:
            have_data(
                data,
                session.inbox,
                lambda words: session.reports.publish_status(
                    msgspec.structs.replace(status_of(session), detail=words)
                ),
            )
        except (NotAvailable, StoppedWhileLoading) as error:
            raise ChangeRefused(str(error)) from error
        finally:
            session.tell()

    def make_scripted(self) -> None:
        """Make the changes that the script has for this step."""
        session = self._session
        for change in session.course.script.take(session.trainer.step):
            try:
                self.apply(change.set, change.state, change.warmup_steps, source="script")
            except TuiDlError as error:
                words = f"the script's change at step {change.at_step} was refused: {error}"
                session.reports.notice(words, "error")

    def undo(self) -> None:
        """Back to the newest undo point, in a new segment. Raises ChangeRefused if there is none."""
        session, trainer = self._session, self._session.trainer
        session.reports.flush()
        abandoned, label = trainer.step, trainer.undo_label
        result = trainer.undo()
        frame = self._frames.pop() if self._frames else self._frame()
        self._trim_frames()
        self.turns += 1
        session.reports.segment += 1
        session.course.return_to(result.step, frame.patience)
        session.moved(result.step - abandoned)
        message = ChangeUndone(
            segment=session.segment,
            step=result.step,
            parent_segment=frame.segment,
            abandoned_step=abandoned,
            label=result.label or label,
        )
        session.sink.publish(message)
        session.reports.record("undo", message.label, msgspec.to_builtins(message))
        session.changed()

    def restart(self, seed: int | None = None) -> None:
        """From step 0 in a new segment, from the same initial weights or with a new seed."""
        session, trainer = self._session, self._session.trainer
        session.reports.flush()
        before, frame = trainer.step, self._frame()
        trainer.restart(seed)
        self._keep_frame(frame)
        self.turns += 1
        session.reports.segment += 1
        session.course.begin_again()
        session.moved(trainer.step - before)
        label = "restart" if seed is None else f"restart with seed {seed}"
        message = Restarted(session.segment, session.experiment.seed, label)
        session.sink.publish(message)
        session.reports.record("restart", label, msgspec.to_builtins(message))
        session.changed()

    def extend(self, epochs: int, *, goes_on: bool = True) -> None:
        """Plan more epochs and, as a rule, go on."""
        session, trainer = self._session, self._session.trainer
        trainer.extend(epochs)
        session.finished = None
        session.course.patience.reset()
        session.reports.record("extend", f"{epochs} more epochs", {"epochs": epochs})
        session.changed()
        if goes_on:
            session.run()

    def _frame(self) -> _Frame:
        return _Frame(self._session.segment, self._session.course.patience.state)

    def _keep_frame(self, frame: _Frame) -> None:
        depth = self._session.trainer.undo_depth
        # Quick nudges of one field share an undo point, and the first one's frame is theirs.
        if depth > len(self._frames) or (self._frames and self._frames[-1].segment != frame.segment):
            self._frames.append(frame)
        self._trim_frames()

    def _trim_frames(self) -> None:
        """The oldest undo points are dropped to bound their bytes: drop theirs with them."""
        surplus = len(self._frames) - self._session.trainer.undo_depth
        del self._frames[: max(surplus, 0)]
