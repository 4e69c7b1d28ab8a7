"""Where a run goes on after its engine has ended: which checkpoint, and in which segment."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from tui_dl.engine.session.milestones import SESSION_KEY
from tui_dl.engine.state.checkpoints import newest_readable
from tui_dl.errors import RecordingFailed, UsageError
from tui_dl.runs import RunReader

if TYPE_CHECKING:
    from pathlib import Path

    from tui_dl.engine.serving.record import Record
    from tui_dl.runs import RunFolder, RunWriter

TURNS: Final = ("change", "undo", "restart", "resume")
"""Events after which what follows is not what a run without them would have made."""


@final
@dataclass(frozen=True, slots=True)
class ResumePoint:
    """A checkpoint and what to do with what was recorded after it.

    Attributes:
        path: the checkpoint's file.
        state: its content.
        segment: the segment to go on in.
        branches_from: the checkpoint's own segment if that is another one, else None.
        step: updates made at the checkpoint.
        turns: changes, undos and restarts that lie on record.
    """

    path: Path
    state: dict[str, Any]
    segment: int
    branches_from: int | None
    step: int
    turns: int


def find_resume_point(folder: RunFolder) -> ResumePoint:
    """The newest readable checkpoint of a run.

    If nothing but training came after it, the run goes on in the same segment and makes the same steps
    again. If a change, an undo or a restart did, what they led to stays and a new segment branches off.

    Raises:
        UsageError: if there is no checkpoint that can be read.
    """
    found = newest_readable(folder.checkpoints_path)
    if found is None:
        raise UsageError(f"{folder.checkpoints_path}: there is no checkpoint that can be read")
    path, state = found
    position = state.get(SESSION_KEY)
    if not isinstance(position, dict):
        raise UsageError(f"{path}: is not a checkpoint of a run")
    segment, step = int(position["segment"]), int(position["step"])
    with RunReader(folder.database_path) as reader:
        turns = sum(event.kind in TURNS for event in reader.events())
        newest = max((row.segment for row in reader.segments()), default=0)
    if newest <= segment and turns <= int(position["turns"]):
        return ResumePoint(path, state, segment, None, step, turns)
    return ResumePoint(path, state, max(newest, segment) + 1, segment, step, turns)


def reopen(point: ResumePoint, writer: RunWriter, record: Record) -> None:
    """Read the run's past back; called in the thread that the record belongs to.

    Steps after the checkpoint will be made once more, so what was recorded of them makes room; what lies
    behind a change stays, and the run branches off.
    """
    if point.branches_from is None:
        with suppress(RecordingFailed):  # every commit from here on says so
            writer.truncate_after(point.segment, point.step)
    record.load()
    if point.branches_from is not None:
        record.branch(point.segment, point.branches_from, point.step)
