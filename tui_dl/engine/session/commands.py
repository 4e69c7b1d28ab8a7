"""The one door: every command comes in here, takes effect at a boundary, is recorded and is answered."""

from __future__ import annotations

import math
import sys
import traceback
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tui_dl.engine.serving.inbox import Abandoned, ScreenAttached, Watched
from tui_dl.engine.session.goal import Goal
from tui_dl.engine.session.rate_finding import find_rate
from tui_dl.errors import ChangeRefused, TuiDlError
from tui_dl.wire import commands
from tui_dl.wire.messages import Answered, MetricsMeasured, PlanMade, SceneReached

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_dl.engine.serving.inbox import Ticket
    from tui_dl.engine.session.session import Session

MOST_STEPS: Final = 10**12
QUESTIONS: Final = (
    commands.PlanChange,
    commands.MeasureMetrics,
    commands.Watch,
    commands.FindRate,
    commands.CancelRateSearch,
)
"""What asks without any effect on the run is not recorded."""
AT_BATCH_BOUNDARY: Final = (
    commands.ApplyChange,
    commands.Undo,
    commands.Restart,
    commands.ExtendRun,
    commands.MeasureMetrics,
    commands.Evaluate,
    commands.SaveCheckpoint,
    commands.Stop,
)
"""These finish a batch that was left half-way first; all others may come inside one."""
RECORDED_BY_THEMSELVES: Final = (commands.ApplyChange, commands.Undo, commands.Restart, commands.ExtendRun)


def obey(session: Session, ticket: Ticket) -> None:
    """Carry out one command and answer it; a refusal leaves the run as it was."""
    command = ticket.command
    note = ""
    try:
        if isinstance(command, AT_BATCH_BOUNDARY):
            note = session.phases.finish()
        is_done = HANDLERS[type(command)](session, command, ticket)
    except TuiDlError as error:
        answer(session, ticket, error=str(error), note=note)
        return
    except Exception as error:
        if not isinstance(command, QUESTIONS):
            raise
        # A defect in answering a question must not end somebody's training.
        traceback.print_exc(file=sys.stderr)
        answer(session, ticket, error=f"a defect: {type(error).__name__}: {error}; see engine.log", note=note)
        return
    if isinstance(command, commands.Command) and not isinstance(command, QUESTIONS + RECORDED_BY_THEMSELVES):
        body = msgspec.to_builtins(command)
        kind = body.pop("type")
        session.reports.record(kind, words(kind, body), body)
    if is_done:
        answer(session, ticket, note=note)


def answer(session: Session, ticket: Ticket, error: str = "", note: str = "") -> None:
    """Tell the one who asked."""
    if ticket.request:
        session.sink.reply(ticket.client, Answered(ticket.request, session.trainer.step, error, note))


def words(kind: str, body: dict[str, Any]) -> str:
    """A command as a line of a log."""
    given = ", ".join(f"{name} {value}" for name, value in body.items() if value not in (None, "", False))
    return f"{kind.replace('_', ' ')} {given}".strip()


# Each handler returns whether the command can be answered now.


def _run(session: Session, command: commands.Run, _ticket: Ticket) -> bool:
    session.run(command.until_step, until_epoch_end=command.until_epoch_end)
    return True


def _pause(session: Session, _command: commands.Pause, _ticket: Ticket) -> bool:
    if session.is_running:
        session.pause()
    return True


def _step(session: Session, command: commands.Step, ticket: Ticket) -> bool:
    if not 1 <= command.batches <= MOST_STEPS:
        raise ChangeRefused(f"{command.batches} batches can't be made; give a number from 1 on")
    step = session.trainer.step
    if session.is_stepping:
        session.make_steps(Goal(waiting=[(ticket, command.batches)]))
    else:
        target = step + command.batches
        session.make_steps(Goal(target, waiting=[(ticket, target)]))
    return False


def _step_phase(session: Session, _command: commands.StepPhase, _ticket: Ticket) -> bool:
    session.make_phase()
    return True


def _set_pace(session: Session, command: commands.SetPace, _ticket: Ticket) -> bool:
    if not (math.isfinite(command.batches_per_s) and 0 <= command.batches_per_s <= 1e6):
        raise ChangeRefused(f"{command.batches_per_s} is no pace; give batches per second from 0 to 1e6")
    session.presenter.set_pace(command.batches_per_s)
    return True


def _plan_change(session: Session, command: commands.PlanChange, ticket: Ticket) -> bool:
    plan = session.changes.plan(command.change, command.state, command.warmup_steps)
    session.sink.reply(ticket.client, PlanMade(plan))
    return True


def _apply_change(session: Session, command: commands.ApplyChange, _ticket: Ticket) -> bool:
    session.changes.apply(command.change, command.state, command.warmup_steps)
    return True


def _undo(session: Session, _command: commands.Undo, _ticket: Ticket) -> bool:
    session.changes.undo()
    return True


def _restart(session: Session, command: commands.Restart, _ticket: Ticket) -> bool:
    if command.seed is not None and not 0 <= command.seed < 2**63:
        raise ChangeRefused(f"{command.seed} is no seed; give a number from 0 to 2^63 - 1")
    session.changes.restart(command.seed)
    return True


def _extend(session: Session, command: commands.ExtendRun, _ticket: Ticket) -> bool:
    if not 1 <= command.epochs <= 10**9:
        raise ChangeRefused(f"the run can't be extended by {command.epochs} epochs; give 1 or more")
    session.changes.extend(command.epochs, goes_on=command.goes_on)
    return True


def _evaluate(session: Session, command: commands.Evaluate, _ticket: Ticket) -> bool:
    session.milestones.evaluate(command.split, by_request=True)
    session.reports.flush()
    return True


def _measure(session: Session, command: commands.MeasureMetrics, ticket: Ticket) -> bool:
    session.reports.flush()
    values = session.inspection.measure(command.metrics, session.reports.last)
    session.sink.reply(ticket.client, MetricsMeasured(session.trainer.step, values))
    return True


def _find_rate(session: Session, command: commands.FindRate, ticket: Ticket) -> bool:
    find_rate(session, command, ticket)
    return True


def _cancel_rate_search(_session: Session, _command: commands.CancelRateSearch, _ticket: Ticket) -> bool:
    # The search has seen it in the queue; if it comes too late there is nothing left to end.
    return True


def _scene(session: Session, command: commands.GoToScene, _ticket: Ticket) -> bool:
    scenes = session.course.scenes
    scenes.require_any()
    if command.move < 0:
        scenes.show_previous(session.is_running)
        session.pause()
    elif not scenes.show_next():
        if session.is_running:
            session.presenter.hurry()
        else:
            session.run()
        return True
    index = scenes.index
    assert index is not None
    session.sink.publish(SceneReached(index, waiting=True))
    session.tell()
    return True


def _watch(session: Session, command: Watched, _ticket: Ticket) -> bool:
    session.inspection.watch(command)
    if not session.is_running:
        session.inspection.look_at_rest()
    return True


def _set_budget(session: Session, command: commands.SetBudget, _ticket: Ticket) -> bool:
    if not 0 <= command.share <= 1:
        raise ChangeRefused(f"{command.share} is no share of the time; give a number from 0 to 1")
    session.scheduler.budget = command.share
    return True


def _save_checkpoint(session: Session, _command: commands.SaveCheckpoint, ticket: Ticket) -> bool:
    step = session.trainer.step

    def done(path: str, problem: str) -> None:
        note = f"written to {path}" if path else ""
        session.sink.reply(ticket.client, Answered(ticket.request, step, problem, note))

    session.milestones.save(done=done)
    return False


def _stop(session: Session, command: commands.Stop, _ticket: Ticket) -> bool:
    session.stop(command.reason, keep=command.keep)
    return True


def _attach_screen(session: Session, _command: ScreenAttached, _ticket: Ticket) -> bool:
    session.presenter.attach_screen()
    return True


def _abandoned(session: Session, _command: Abandoned, _ticket: Ticket) -> bool:
    # A run without a screen that has finished ends with its last client; all others go on, or wait.
    session.ended = session.ended or session.state == "finished"
    return True


HANDLERS: Final[dict[type, Callable[[Session, Any, Ticket], bool]]] = {
    commands.Run: _run,
    commands.Pause: _pause,
    commands.Step: _step,
    commands.StepPhase: _step_phase,
    commands.SetPace: _set_pace,
    commands.PlanChange: _plan_change,
    commands.ApplyChange: _apply_change,
    commands.Undo: _undo,
    commands.Restart: _restart,
    commands.ExtendRun: _extend,
    commands.Evaluate: _evaluate,
    commands.MeasureMetrics: _measure,
    commands.FindRate: _find_rate,
    commands.CancelRateSearch: _cancel_rate_search,
    commands.GoToScene: _scene,
    commands.SetBudget: _set_budget,
    commands.SaveCheckpoint: _save_checkpoint,
    commands.Stop: _stop,
    Watched: _watch,
    ScreenAttached: _attach_screen,
    Abandoned: _abandoned,
}
