"""Where a run lies on disk: its folder, its files, and how a new one comes to be."""

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Final, final

from platformdirs import user_data_path

from tui_dl.errors import NotAvailable, RunUnreadable
from tui_dl.runs.writer import RunWriter
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.preset import from_toml, to_toml

_LONGEST_NAME: Final = 40


@final
@dataclass(frozen=True, slots=True)
class RunFolder:
    """A run's folder; nothing here says whether it is sound."""

    path: Path

    @property
    def id(self) -> str:
        """The run's name, which sorts by start: 20261120-140233-digits-mlp (UTC)."""
        return self.path.name

    @property
    def experiment_path(self) -> Path:
        """The experiment as it was started."""
        return self.path / "experiment.toml"

    @property
    def database_path(self) -> Path:
        """Steps, evaluations, events and facts."""
        return self.path / "run.db"

    @property
    def log_path(self) -> Path:
        """What the engine wrote on standard output and error; locked as long as it lives."""
        return self.path / "engine.log"

    @property
    def checkpoints_path(self) -> Path:
        """The folder of checkpoints."""
        return self.path / "checkpoints"

    @property
    def readings_path(self) -> Path:
        """What the instruments read so far, in bounded size; may be missing."""
        return self.path / "readings.bin"

    def experiment(self) -> Experiment:
        """The experiment as it was started. Raises SpecError or RunUnreadable."""
        try:
            text = self.experiment_path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RunUnreadable(f"{self.experiment_path}: cannot be read: {error}") from error
        return from_toml(text, str(self.experiment_path), rehearse=False)

    def log_tail(self, lines: int = 20) -> list[str]:
        """The last lines that the engine wrote, fit for a terminal; empty if there are none."""
        from tui_dl.runs.engine_log import last_lines

        return last_lines(self.log_path, lines)


def runs_home() -> Path:
    """The folder of all runs: `$TUI_DL_HOME/runs`, by default in the platform's user data folder."""
    home = os.environ.get("TUI_DL_HOME")
    return (Path(home).expanduser() if home else user_data_path("tui-dl", appauthor=False)) / "runs"


def new_run(experiment: Experiment, preset: str = "", *, home: Path | None = None) -> RunFolder:
    """Make the folder of a new run in state `starting`; it appears whole or not at all.

    `home` is the folder that it comes to lie in, by default that of all runs. Raises NotAvailable if it can't
    be written.
    """
    home, started = home or runs_home(), datetime.now(UTC)
    name = f"{started:%Y%m%d-%H%M%S}-{_slug(preset, experiment)}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        # Not mkdtemp: others may read a run as far as the user's own mask allows.
        draft = RunFolder(home / f".new-{os.getpid()}-{token_hex(4)}")
        draft.path.mkdir()
        try:
            _fill(draft, experiment, preset, started)
            return RunFolder(_move(draft.path, home, name))
        except BaseException:
            shutil.rmtree(draft.path, ignore_errors=True)
            raise
    except OSError as error:
        raise NotAvailable(
            f"{home}: a new run can't be written there: {error.strerror or error}; "
            "TUI_DL_HOME names another place"
        ) from error


def _fill(folder: RunFolder, experiment: Experiment, preset: str, started: datetime) -> None:
    folder.experiment_path.write_text(to_toml(experiment), encoding="utf-8")
    folder.checkpoints_path.mkdir()
    folder.log_path.touch(0o600)
    with RunWriter(folder.database_path) as writer:
        writer.set_state("starting", step=0)
        writer.set_meta(preset=preset, title=experiment.title, started=started.isoformat(timespec="seconds"))


def _move(draft: Path, home: Path, name: str) -> Path:
    """Give a finished folder its name, or that with a number if it is taken: renaming is atomic."""
    number = 1
    while True:
        target = home / (name if number == 1 else f"{name}-{number}")
        try:
            if not target.exists():
                return draft.rename(target)
        except OSError:
            # Another process was quicker; anything else would fail for ever.
            if not target.exists():
                raise
        number += 1


def _slug(preset: str, experiment: Experiment) -> str:
    """A readable part of a name: the preset's, the file's, or data and model."""
    text = Path(preset).stem if preset else f"{_tag(experiment.data)}-{_tag(experiment.model)}"
    plain = "".join(character if character.isalnum() else "-" for character in text.lower())
    return "-".join(filter(None, plain.split("-")))[:_LONGEST_NAME].strip("-") or "run"


def _tag(component: object) -> str:
    return str(type(component).__struct_config__.tag)  # type: ignore[attr-defined]
