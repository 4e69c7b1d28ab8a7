"""Where exports go, what they are called, and what is said when they can't be written."""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

from tui_dl.errors import TuiDlError

_MOST_NAMES: Final = 10_000


class ExportError(TuiDlError):
    """A file could not be written; names it and the reason."""


def export_folder(run_path: str) -> Path:
    """`exports` in the run's folder, or the present folder for a run that has none here."""
    run = Path(run_path) if run_path else None
    return run / "exports" if run is not None and run.is_dir() else Path.cwd()


def export_name(title: str, step: int, ending: str) -> str:
    """A file's name that says what it shows: letters, digits and hyphens only."""
    words = re.sub(r"\W+", "-", title.casefold()).strip("-") or "plot"
    return f"{words}-step-{step}.{ending}"


def write_export(folder: Path, name: str, content: bytes) -> Path:
    """Write a new file, all of it or none, and never over another. Raises ExportError."""
    draft = folder / f".{name}.{os.getpid()}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        return _named(draft, folder, name)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise ExportError(f"{folder / name}: can't be written: {error.strerror or error}") from error


def _named(draft: Path, folder: Path, name: str) -> Path:
    stem, _, ending = name.rpartition(".")
    for number in range(1, _MOST_NAMES):
        target = folder / (name if number == 1 else f"{stem}-{number}.{ending}")
        # Opened exclusively, so that of two exports at once none replaces the other.
        with suppress(FileExistsError):
            target.touch(exist_ok=False)
            draft.replace(target)
            return target
    raise OSError(f"there are {_MOST_NAMES} files of this name already")
