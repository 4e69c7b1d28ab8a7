"""Finding, listing and deleting runs; a broken folder spoils nothing for the others."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from msgspec import Struct

from tui_dl.errors import RunUnreadable, UsageError
from tui_dl.runs.folder import RunFolder, runs_home
from tui_dl.runs.liveness import is_alive
from tui_dl.runs.reader import RunReader
from tui_dl.spec.wording import nearest, printable, shown
from tui_dl.wire.messages import RunState

ListedState = RunState | Literal["dead"]
_ENDED: Final = frozenset({"finished", "failed"})
_STATES: Final = frozenset({"starting", "running", "paused", "finished", "failed"})


class RunSummary(Struct, frozen=True):
    """One line of a list of runs."""

    id: str
    preset: str
    state: ListedState
    """dead: the engine is gone without having said finished or failed."""
    pid: int
    """Of its engine; 0 if none was started."""
    step: int
    started: str
    """ISO 8601, UTC."""
    size_bytes: int
    path: str
    alive: bool = False
    """Whether its engine lives; with a screen one stays after the run has finished."""
    problem: str = ""
    """What is wrong with the folder, if it is broken."""


def list_runs() -> list[RunSummary]:
    """All runs, the latest start first."""
    summaries = [summarise(folder) for folder in _folders()]
    return sorted(summaries, key=lambda summary: (summary.started, summary.id), reverse=True)


def summarise(folder: RunFolder) -> RunSummary:
    """What a list says of a run, whatever state its folder is in."""
    problem, meta = "", dict[str, Any]()
    try:
        with RunReader(folder.database_path) as reader:
            meta = reader.meta()
    except RunUnreadable as error:
        problem = str(error)
    pid = _whole(meta.get("pid"))
    alive = is_alive(folder.log_path, pid)
    return RunSummary(
        id=folder.id,
        preset=str(meta.get("preset") or ""),
        state=_state(str(meta.get("state", "")), alive),
        pid=pid,
        step=_whole(meta.get("step")),
        started=str(meta.get("started") or _made(folder.path)),
        size_bytes=_size_bytes(folder.path),
        path=str(folder.path),
        alive=alive,
        problem=problem,
    )


def find_run(text: str | None = None) -> RunFolder:
    """The run of an id, the unique beginning of one, or a path; the latest for None.

    Raises UsageError that names the nearest.
    """
    if text is None:
        runs = list_runs()
        if not runs:
            raise UsageError(f"{runs_home()}: there is no run yet; `tui-dl run digits-mlp` makes one")
        return RunFolder(Path(runs[0].path))
    if os.sep in text or text in (".", ".."):
        folder = _at_path(text)
        if folder is None:
            raise UsageError(f"{printable(text)}: is not the folder of a run: it has no run.db")
        return folder
    folders = {folder.id: folder for folder in _folders()}
    if text in folders:
        return folders[text]
    matches = sorted(name for name in folders if text and name.startswith(text))
    if len(matches) == 1:
        return folders[matches[0]]
    if matches:
        raise UsageError(f"{shown(text)} could be any of {len(matches)} runs: {', '.join(matches[-5:])}")
    raise UsageError(_unknown(text, list(folders)))


def find_live_run() -> RunFolder:
    """The latest run whose engine is alive. Raises UsageError if there is none."""
    for folder in sorted(_folders(), key=lambda folder: folder.id, reverse=True):
        if is_alive(folder.log_path):
            return folder
    raise UsageError("no run is alive; `tui-dl list runs` shows all, `tui-dl resume RUN` goes on with one")


def delete_run(folder: RunFolder) -> None:
    """Delete a run's folder. Raises UsageError if its engine is alive or the folder can't be deleted."""
    summary = summarise(folder)
    if summary.alive:
        raise UsageError(f"{folder.id}: its engine is running; `tui-dl stop {folder.id}` ends it first")
    # Out of sight first: a deletion that is cut short leaves nothing that looks like a run.
    grave = folder.path.with_name(f".deleted-{folder.id}-{os.getpid()}")
    try:
        folder.path.rename(grave)
        shutil.rmtree(grave)
    except OSError as error:
        raise UsageError(f"{folder.path}: can't be deleted: {error.strerror or error}") from error


def _folders() -> list[RunFolder]:
    try:
        with os.scandir(runs_home()) as entries:
            paths = [Path(entry.path) for entry in entries if not entry.name.startswith(".")]
    except OSError:
        return []
    return [RunFolder(path) for path in paths if _is_run(path)]


def _at_path(text: str) -> RunFolder | None:
    try:
        path = Path(text).expanduser().resolve()
        return RunFolder(path) if _is_run(path) else None
    except (OSError, ValueError, RuntimeError):  # a zero in it, a loop of links, nobody's home
        return None


def _is_run(path: Path) -> bool:
    folder = RunFolder(path)
    return folder.database_path.exists() or folder.experiment_path.exists()


def _state(recorded: str, alive: bool) -> ListedState:
    if recorded in _STATES and (alive or recorded in _ENDED):
        return recorded  # type: ignore[return-value]
    return "starting" if alive else "dead"


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _made(path: Path) -> str:
    try:
        moment = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return ""
    return moment.isoformat(timespec="seconds")


def _size_bytes(path: Path) -> int:
    total = 0
    for folder, _, files in os.walk(path):
        for file in files:
            try:
                total += os.lstat(os.path.join(folder, file)).st_size  # noqa: PTH118 - ten times quicker here
            except OSError:
                continue
    return total


def _unknown(text: str, names: list[str]) -> str:
    near = nearest(text, names)
    hint = f"; did you mean {near}?" if near else "; `tui-dl list runs` shows all"
    return f"no run is called {shown(text)} in {runs_home()}{hint}"
