"""What happens at epochs' ends and at the end of a run: evaluations, checkpoints, the last words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, final

from tui_dl.engine.session.course import early_stopping
from tui_dl.engine.session.evaluation import EvaluationWatch
from tui_dl.engine.state.checkpoints import captured
from tui_dl.engine.swap.best_weights import kept_weights
from tui_dl.spec.wording import number_text
from tui_dl.wire.messages import Noticed, RunFinished

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_dl.engine.session.session import Session
    from tui_dl.engine.state.checkpoints import Checkpoints
    from tui_dl.wire.messages import FinishReason

SAVE_PATIENCE_S: Final = 60.0
TRAIN_SPLIT_SHARE: Final = 0.02
"""Of the time, at most, for the train split evaluated whole."""
TRAIN_SPLIT_OF_BUDGET: Final = 0.4
"""As a part of the overhead budget: who wants little inspection wants little of this."""
SESSION_KEY: Final = "session"
"""Where in a checkpoint the session's position lies, beside the trainer's state."""


@final
class Milestones:
    """Evaluates, saves and ends, at batch boundaries of its session."""

    def __init__(self, session: Session, checkpoints: Checkpoints | None, clock: Callable[[], float]) -> None:
        self._session = session
        self._checkpoints = checkpoints
        self._clock = clock
        self._saved_at = clock()
        self._evaluated_at: dict[str, tuple[int, int]] = {}
        self._train_split_at = -math.inf
        self._train_split_s = 0.0

    def evaluate(self, split: str, *, by_request: bool = False) -> float:
        """Evaluate a whole split, to be published with the next flush; returns its loss.

        Raises ChangeRefused if it was asked for and another command has come before it was done.
        """
        watch = EvaluationWatch(self._session, split, self._clock, may_be_cancelled=by_request)
        try:
            metrics = dict(self._session.trainer.evaluate(split, watch))
        finally:
            watch.close()
        self._publish(split, metrics)
        return metrics.get("loss", math.nan)

    def _publish(self, split: str, metrics: dict[str, float]) -> None:
        self._session.reports.evaluation(split, metrics)
        self._evaluated_at[split] = (self._session.segment, self._session.trainer.step)

    def close_epoch(self) -> FinishReason | None:
        """Evaluate, and save if it is time; returns why the run should end here, if it should."""
        session = self._session
        experiment = session.experiment
        is_over = session.trainer.epoch >= experiment.training.epochs
        loss = self._evaluate_epoch()
        rule, patience = early_stopping(experiment), session.course.patience
        is_exhausted = patience.is_exhausted(rule, loss)
        if rule is None or not rule.restore_best:
            patience.kept = None
        elif patience.has_improved:
            patience.kept = kept_weights(session.trainer.model, session.trainer.step)
        has_line = experiment.training.epoch_line
        if is_over or is_exhausted or has_line or self._train_split_is_due():
            self._evaluate_train_split()
        if has_line and session.splits.test is not None:
            self.evaluate("test")
        if is_over:
            return "epochs"
        if is_exhausted:
            return "early_stopping"
        if self._clock() - self._saved_at >= experiment.training.checkpoint_every_s:
            self.save()
        return None

    def _evaluate_epoch(self) -> float:
        """The validation split at an epoch's end; a schedule that follows it has evaluated it already."""
        session = self._session
        made = session.trainer.epoch_evaluation
        if made is None:
            return self.evaluate("validation")
        self._publish("validation", made.metrics)
        if made.lowered != 1:
            # Behind what it follows from: the order of what is said depends on no clock.
            session.reports.flush()
            words = f"plateau: the rate is multiplied by {number_text(made.lowered)} from here on"
            session.sink.publish(Noticed("info", words))
            session.reports.record("notice", words)
        return made.metrics["loss"]

    def finish(self, reason: FinishReason) -> RunFinished:
        """Evaluate if that is still to be done, write the last checkpoint, and say so."""
        session = self._session
        session.reports.flush()
        restored = reason in ("early_stopping", "epochs") and session.changes.restore_best()
        if restored or reason in ("steps", "epochs"):
            here = (session.segment, session.trainer.step)
            for split in ("validation", "train"):
                if self._evaluated_at.get(split) != here:
                    self.evaluate(split)
        self._evaluate_test_split(reason)
        session.reports.flush()
        written: list[str] = []
        self.save(is_last=True, done=lambda path, _problem: written.append(path))
        if self._checkpoints is not None:
            self._checkpoints.drain(SAVE_PATIENCE_S)
        # On a full or a very slow disk there is no file: whoever is told of one would look for it in vain.
        path = written[0] if written else ""
        finished = RunFinished(reason, session.trainer.step, path)
        session.reports.record("finished", reason, {"reason": reason, "checkpoint": path})
        session.sink.publish(finished)
        return finished

    def save(self, *, is_last: bool = False, done: Callable[[str, str], None] | None = None) -> str:
        """Have a checkpoint of this boundary written; returns its path, empty if none are kept."""
        session = self._session
        if self._checkpoints is None:
            if done is not None:
                done("", "this run keeps no checkpoints")
            return ""
        session.reports.flush()
        self._saved_at = self._clock()
        state = captured({**session.trainer.state_dict(), SESSION_KEY: self._position()})
        return self._checkpoints.save(
            state, segment=session.segment, step=session.trainer.step, is_last=is_last, done=done
        )

    def forget(self) -> None:
        """The position or the experiment has changed: what was evaluated is not what is there now."""
        self._evaluated_at.clear()

    def restore(self, state: dict[str, Any]) -> None:
        """Take the position that a checkpoint holds."""
        session = self._session
        position = state.get(SESSION_KEY, {})
        session.trainer.load_state_dict({key: value for key, value in state.items() if key != SESSION_KEY})
        session.changes.turns = int(position.get("turns", 0))
        if "course" in position:
            session.course.load_state(position["course"])
        session.rate.elapsed_s = float(position.get("elapsed_s", 0.0))
        if position.get("pace", -1.0) >= 0:
            session.pacer.pace = float(position["pace"])
            session.presenter.pace_is_set = True

    def note_resumed(self, checkpoint: str, branches_from: int | None, turns: int) -> None:
        """Keep in the record that an engine went on from a checkpoint; a new segment is a turn."""
        session = self._session
        session.changes.turns = turns + (branches_from is not None)
        kind = "reopened" if branches_from is None else "resume"
        body = {"checkpoint": checkpoint, "parent_segment": branches_from}
        session.reports.record(kind, f"resumed from step {session.trainer.step}", body)

    def _train_split_is_due(self) -> bool:
        """With a screen, as often as it costs little: it is four times the validation split.

        Without one never before the end, so that what is written does not depend on a clock.
        """
        share = min(TRAIN_SPLIT_SHARE, TRAIN_SPLIT_OF_BUDGET * self._session.scheduler.budget)
        if not self._session.presenter.interactive or share <= 0:
            return False
        return self._clock() - self._train_split_at >= self._train_split_s / share

    def _evaluate_train_split(self) -> None:
        begun = self._clock()
        self.evaluate("train")
        self._train_split_at = self._clock()
        self._train_split_s = self._train_split_at - begun

    def _evaluate_test_split(self, reason: FinishReason) -> None:
        """Once, when all is done. With a screen a run may go on after its end: there one asks for it."""
        session = self._session
        is_done = reason in ("steps", "epochs", "early_stopping") and not session.presenter.interactive
        if is_done and "test" in session.splits.by_name:
            here = (session.segment, session.trainer.step)
            if self._evaluated_at.get("test") != here:
                self.evaluate("test")

    def _position(self) -> dict[str, Any]:
        session = self._session
        return {
            "segment": session.segment,
            "step": session.trainer.step,
            "turns": session.changes.turns,
            "course": session.course.state(),
            "elapsed_s": session.rate.elapsed_s,
            "pace": session.pacer.pace if session.presenter.pace_is_set else -1.0,
        }


def end_words(reason: FinishReason, epochs: int) -> str:
    """Why a run came to its end."""
    return {
        "epochs": f"all {epochs} epochs are done; extend the run to go on",
        "early_stopping": "stopped early: the validation loss no longer improves",
        "nonfinite": "stopped at a value that is not finite",
    }.get(reason, reason)
