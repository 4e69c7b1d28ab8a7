"""What a run's state means and what can be done next, in words for the status line."""

from typing import Final

from tui_dl.ui.numerals import count, duration
from tui_dl.ui.run_model import RunModel

_LONG_LOADING_S: Final = 60


def explained(model: RunModel) -> str:
    """Why the run is in its state, then what to do next; the experiment's title while all goes by itself."""
    said = {
        "starting": _loading,
        "loading": _loading,
        "connecting": _loading,
        "compiling": _compiling,
        "running": _running,
        "paused": _paused,
        "stalled": _stalled,
        "disconnected": _disconnected,
        "failed": _failed,
        "finished": _finished,
        "closed": _closed,
    }.get(model.state)
    return model.status.detail if said is None else said(model)


def _loading(model: RunModel) -> str:
    shown = model.keymap.shown
    what = model.status.detail or "starting the engine"
    since = f" ({model.loading_s}s)" if model.loading_s >= 2 else ""
    if model.loading_s >= _LONG_LOADING_S:
        return f"{what}{since}: if it is stuck, tui-dl stop ends it by force, {shown('leave')} leaves"
    return f"{what}{since}: look around meanwhile, {shown('leave')} cancels"


def _compiling(model: RunModel) -> str:
    return f"{model.status.detail or 'compiling'}: the first steps come late, the others sooner"


def _running(model: RunModel) -> str:
    shown = model.keymap.shown
    if model.goal is not None:
        first, last = model.goal
        done, planned = min(model.status.step, last) - first, last - first
        return f"batch {count(max(done, 0))} of {count(planned)}: {shown('pause')} pauses"
    if model.status.notice:
        # The folder is known, and there is little room.
        return f"{model.status.notice.replace(f'{model.path}/', '')}: {shown('log')} shows the log"
    return model.status.detail or model.words.title


def _paused(model: RunModel) -> str:
    shown = model.keymap.shown
    status = model.status
    if model.nonfinite is not None:
        undo = f"{shown('undo')} undoes the last change, " if status.undo_depth else ""
        return f"{status.detail or 'a value is not finite'}: {undo}{shown('optimizer')} changes the optimizer"
    if status.detail.startswith("evaluating"):
        return f"{status.detail}: {shown('run')} goes on without it"
    if model.scene_waiting:
        return f"at a scene: {shown('next_scene')} goes on"
    if model.finished is not None:
        return f"{status.detail or 'at the end'}: {shown('run')} offers what is next"
    if status.phase:
        return f"inside a batch, after {status.phase}: {shown('phase')} next phase, {shown('run')} goes on"
    if not model.controls:
        return f"{status.detail or 'by hand'}: {shown('control_take')} takes control"
    return f"{status.detail or 'by hand'}: {shown('run')} goes on, {shown('step')} makes one batch"


def _stalled(model: RunModel) -> str:
    shown = model.keymap.shown
    what = "no step" if model.status.state == "running" else "no answer"
    doing = f" while {model.status.detail}" if model.status.detail else ""
    then = f"wait, {shown('log')} shows its log, {shown('leave')} stops it"
    return f"{what} for {duration(model.stalled_s)}{doing}: {then}"


def _disconnected(model: RunModel) -> str:
    shown = model.keymap.shown
    again = "now" if not model.retry_s else f"in {model.retry_s}s"
    why = model.link_detail or "the line dropped"
    return f"{why}; trying again {again}: it trains on, {shown('leave')} leaves it"


def _failed(model: RunModel) -> str:
    shown = model.keymap.shown
    reason = model.failed.error if model.failed is not None else model.link_detail
    first = next((line for line in reason.splitlines() if line), "the engine is gone")
    # Which run it is and where its log lies is said elsewhere, and here there is little room.
    first = first.replace(f"the engine of {model.run} ", "the engine ").partition("; see ")[0]
    return f"{first}: {shown('log')} shows the log, {shown('leave')} leaves"


def _finished(model: RunModel) -> str:
    shown = model.keymap.shown
    return f"{model.status.detail or 'the run has finished'}: {shown('leave')} leaves"


def _closed(model: RunModel) -> str:
    shown = model.keymap.shown
    if model.finished is not None and not model.finished.checkpoint:
        return f"stopped, but its last state could not be written: {shown('leave')} leaves"
    resume = f"tui-dl resume {model.run} goes on from it" if model.run else "it can be resumed"
    return f"stopped and kept: {resume}, {shown('leave')} leaves"
