"""The experiment that is measured, as a file, and the environment that its processes run in."""

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tui_dl.runs import list_runs

PROJECT: Final = Path(__file__).resolve().parents[2]

_EXPERIMENT: Final = """\
title = "Benchmark: digits flat out"
seed = 0

[data]
name = "digits"

[model]
name = "mlp"
hidden = [64, 64]
activation = "relu"

[loss]
name = "cross_entropy"

[optimizer]
name = "adam"
lr = 0.001

[training]
batch_size = 64
epochs = 100_000_000
pace = 0
overhead_budget = {overhead_budget}
"""


@dataclass(frozen=True)
class Workplace:
    """A folder for the runs of one benchmark, apart from the user's own."""

    folder: Path

    def experiment(self, overhead_budget: float = 0.05) -> Path:
        """The file of the experiment with a budget for inspection."""
        path = self.folder / f"bench-{overhead_budget:g}.toml"
        path.write_text(_EXPERIMENT.format(overhead_budget=overhead_budget))
        return path

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """A terminal of 256 colours, as over SSH, and a home for runs of its own."""
        ours = {name: value for name, value in os.environ.items() if name not in _OF_A_TERMINAL}
        ours |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "TUI_DL_HOME": str(self.folder / "home")}
        return ours | dict(extra or {})

    def kill_engines(self) -> None:
        """End every engine that was left behind here, without waiting for its torch to load."""
        os.environ["TUI_DL_HOME"] = self.environment()["TUI_DL_HOME"]
        for run in list_runs():
            if run.alive and run.pid:
                with suppress(ProcessLookupError):
                    os.kill(run.pid, signal.SIGKILL)


_OF_A_TERMINAL: Final = frozenset(
    {"COLORTERM", "NO_COLOR", "FORCE_COLOR", "TMUX", "STY", "TERM_PROGRAM", "LC_ALL", "LINES", "COLUMNS"}
)


def program(*arguments: str) -> list[str]:
    """The command `tui-dl`, as it was installed beside this interpreter."""
    installed = Path(sys.executable).parent / "tui-dl"
    return (
        [str(installed), *arguments] if installed.exists() else [sys.executable, "-m", "tui_dl", *arguments]
    )
