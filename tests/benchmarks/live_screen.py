"""The real program on a real screen: `tui-dl run` in a pty, and a client that watches its engine."""

import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, final

from tests.benchmarks.experiment import Workplace, program
from tests.benchmarks.observer import Observer
from tests.pty_terminal import PtyTerminal
from tui_dl import launcher
from tui_dl.errors import TuiDlError
from tui_dl.runs import list_runs

_PATIENCE_S: Final = 60.0


@final
class LiveScreen:
    """Starts paused; `run` and `pause` press the key and wait until the engine has obeyed.

    Args:
        workplace: where the run is kept.
        preset: name or file of what is trained.
        arguments: more of them for `tui-dl run`.
        columns: the terminal's width.
        rows: its height.
        environment: beside the workplace's own.
        link_bytes_per_s: a slow line to the terminal.
    """

    def __init__(
        self,
        workplace: Workplace,
        preset: str | Path,
        *arguments: str,
        columns: int = 160,
        rows: int = 48,
        environment: Mapping[str, str] | None = None,
        link_bytes_per_s: float | None = None,
    ) -> None:
        own = workplace.environment(environment)
        os.environ["TUI_DL_HOME"] = own["TUI_DL_HOME"]
        before = {run.id for run in list_runs()}
        command = program("run", str(preset), "--paused", *arguments)
        self.terminal = PtyTerminal(
            command, columns=columns, rows=rows, environment=own, link_bytes_per_s=link_bytes_per_s
        )
        self._engine_pid = 0
        try:
            self.observer = Observer(launcher.attach(self._new_run(before)))
            self._engine_pid = self.observer.engine_pid
            self.observer.wait(lambda status: status.state == "paused")
        except BaseException:
            self.close()
            raise

    @property
    def ui_pid(self) -> int:
        """Of the process that draws."""
        return self.terminal.pid

    @property
    def engine_pid(self) -> int:
        """Of the process that trains."""
        return self._engine_pid

    def run(self) -> tuple[int, float]:
        """Let it train. Returns step and time, as of `time.perf_counter`, at which it did."""
        return self._toggle("running")

    def pause(self) -> tuple[int, float]:
        """Let it rest. Returns step and time at which it did."""
        return self._toggle("paused")

    def close(self) -> None:
        """End both processes."""
        self.terminal.close()
        if self._engine_pid:
            with suppress(ProcessLookupError):
                os.kill(self._engine_pid, signal.SIGKILL)
            with suppress(TuiDlError, TimeoutError):
                self.observer.close()

    def _toggle(self, state: str) -> tuple[int, float]:
        if self.observer.newest().status.state != state:
            self.terminal.press(" ")
        seen = self.observer.wait(lambda status: status.state == state)
        return seen.status.step, seen.at

    def _new_run(self, before: set[str]) -> str:
        """The run that the program has begun; it is listed before its engine answers."""
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            for run in list_runs():
                if run.id not in before and run.alive and run.pid:
                    self._engine_pid = run.pid
                    return run.id
            if self.terminal.has_ended:
                raise EOFError(f"the program ended:\n{self.terminal.text}")
            time.sleep(0.02)
        raise TimeoutError(f"no run was begun:\n{self.terminal.text}")
