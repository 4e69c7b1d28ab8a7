"""Those that train the same network and take turns: each rests while another is measured."""

import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import final

from tests.benchmarks.experiment import PROJECT, Workplace
from tests.benchmarks.live_screen import LiveScreen
from tests.benchmarks.observer import Observer
from tests.benchmarks.processes import processor_s
from tui_dl import launcher
from tui_dl.errors import TuiDlError
from tui_dl.spec.preset import load_preset


@dataclass(frozen=True)
class Turn:
    """What one contender did in one turn."""

    steps: int
    elapsed_s: float
    processor_s: float
    """Used by the process that trains, on all cores."""

    @property
    def steps_per_s(self) -> float:
        """Speed."""
        return self.steps / self.elapsed_s

    @property
    def steps_per_processor_s(self) -> float:
        """What speed would be if no other program took the processor away; coarse in short turns."""
        return self.steps / max(self.processor_s, 0.01)


class Contender(ABC):
    """A process that trains when it is its turn."""

    def turn(self, seconds: float) -> Turn:
        """Train for about so long, then rest."""
        before = processor_s(self.pid)
        steps, elapsed_s = self.train(seconds)
        return Turn(steps, elapsed_s, processor_s(self.pid) - before)

    @property
    @abstractmethod
    def pid(self) -> int:
        """Of the process that trains."""

    @abstractmethod
    def train(self, seconds: float) -> tuple[int, float]:
        """Train for about so long, then rest. Returns steps and seconds."""

    @abstractmethod
    def close(self) -> None:
        """End it."""


@final
class Loop(Contender):
    """A loop of `reference_loops`, in a process of its own."""

    def __init__(self, kind: str, workplace: Workplace) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.reference_loops", kind, str(workplace.experiment())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            cwd=PROJECT,
        )
        self._hear()

    @property
    def pid(self) -> int:
        return self._process.pid

    def train(self, seconds: float) -> tuple[int, float]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seconds}\n")
        steps, elapsed_s = self._hear().split()
        return int(steps), float(elapsed_s)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _hear(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("a reference loop ended; see above")
        return line


@final
class Headless(Contender):
    """The engine's process, driven as `tui-dl run --headless` drives it: every step recorded and sent."""

    def __init__(self, workplace: Workplace) -> None:
        os.environ["TUI_DL_HOME"] = workplace.environment()["TUI_DL_HOME"]
        experiment = load_preset(str(workplace.experiment()))
        engine = launcher.start(experiment, preset="bench-headless", paused=True, owned=True)
        self._observer = Observer(engine, headless=True)
        self._observer.wait(lambda status: status.state == "paused")

    @property
    def pid(self) -> int:
        return self._observer.engine_pid

    def train(self, seconds: float) -> tuple[int, float]:
        first, started = self._observer.run()
        time.sleep(seconds)
        last, ended = self._observer.pause()
        return last - first, ended - started

    def close(self) -> None:
        with suppress(TuiDlError, TimeoutError):
            self._observer.close()
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


@final
class OnScreen(Contender):
    """The whole program: its engine with its screen in a terminal, whose bytes are read but not decoded."""

    def __init__(self, workplace: Workplace, preset: Path) -> None:
        self.screen = LiveScreen(workplace, preset)
        # A decoder in Python would take more of the machine than a terminal does.
        self.screen.terminal.decodes = False

    @property
    def pid(self) -> int:
        return self.screen.engine_pid

    def train(self, seconds: float) -> tuple[int, float]:
        first, started = self.screen.run()
        time.sleep(seconds)
        last, ended = self.screen.pause()
        return last - first, ended - started

    def close(self) -> None:
        self.screen.close()
