"""A screen that is attached to a run of ten thousand steps and to one of ten million."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.benchmarks.experiment import PROJECT, Workplace, program
from tests.benchmarks.figures import Row, Target, median, show, spread
from tests.benchmarks.processes import processor_s, resident_mb
from tests.pty_terminal import PtyTerminal
from tui_dl.runs import RunFolder, RunWriter, lock_log, new_run
from tui_dl.runs.sockets import listen, remove_socket
from tui_dl.spec.preset import load_preset

SHORT, LONG = 10_000, 10_000_000
_SETTLE_S: Final = 4.0
_WINDOW_S: Final = 8.0
_SOME_BRAILLE: Final = 40
_TITLE: Final = "Benchmark: digits flat out"


def measure(workplace: Workplace, rounds: int) -> bool:
    """Print the table of long runs. Returns whether all targets are reached."""
    found = {steps: _Found() for steps in (SHORT, LONG)}
    with _engine(workplace, SHORT) as short, _engine(workplace, LONG) as long:
        for number in range(rounds):
            # In turns, so that both see the same neighbours on a shared machine.
            for steps, run in ((SHORT, short), (LONG, long)):
                _watch(workplace, run, found[steps])
            _tell(
                f"attached {number + 1}: {found[LONG].attach_s[-1] * 1000:.0f} ms to the curves of {LONG:,}"
            )
    few, many = found[SHORT], found[LONG]
    return show(
        "Long runs: attached, 160x48, 3,000 steps/s coming in",
        [
            Row(f"from the first paint to the curves, {SHORT:,} steps", median(few.attach_s) * 1000, "ms",
                spread([value * 1000 for value in few.attach_s])),
            Row(f"… {LONG:,} steps", median(many.attach_s) * 1000, "ms",
                spread([value * 1000 for value in many.attach_s]), Target(500, unit="ms")),
            Row(f"UI memory at {SHORT:,} steps", median(few.memory_mb), "MB"),
            Row(f"… {LONG:,} steps", median(many.memory_mb), "MB"),
            Row("… the one over the other", median(many.memory_mb) / median(few.memory_mb), "", "",
                Target(1.1)),
            Row(f"processor time of a frame at {SHORT:,} steps", median(few.frame_s) * 1000, "ms"),
            Row(f"… {LONG:,} steps", median(many.frame_s) * 1000, "ms"),
            Row("… the one over the other", median(many.frame_s) / median(few.frame_s), "", "", Target(1.1)),
        ],
    )  # fmt: skip


class _Found:
    def __init__(self) -> None:
        self.attach_s: list[float] = []
        self.memory_mb: list[float] = []
        self.frame_s: list[float] = []


def _watch(workplace: Workplace, run: RunFolder, found: _Found) -> None:
    with PtyTerminal(
        program("attach", run.id, "--read-only"), columns=160, rows=48, environment=workplace.environment()
    ) as terminal:
        painted_at = terminal.wait_for(_TITLE)
        found.attach_s.append(terminal.wait_for(_shows_curves) - painted_at)
        terminal.decodes = False
        time.sleep(_SETTLE_S)
        frames, worked = terminal.frames_received, processor_s(terminal.pid)
        time.sleep(_WINDOW_S)
        found.frame_s.append((processor_s(terminal.pid) - worked) / (terminal.frames_received - frames))
        found.memory_mb.append(resident_mb(terminal.pid))


def _shows_curves(terminal: PtyTerminal) -> bool:
    return sum("\u2800" < character <= "\u28ff" for character in terminal.text) >= _SOME_BRAILLE


@contextmanager
def _engine(workplace: Workplace, steps: int) -> Iterator[RunFolder]:
    """A run whose engine already holds so many steps."""
    os.environ["TUI_DL_HOME"] = workplace.environment()["TUI_DL_HOME"]
    folder = new_run(load_preset(str(workplace.experiment())), "benchmark")
    with lock_log(folder.log_path) as lock:
        listener, socket_path = listen()
        with listener, RunWriter(folder.database_path) as writer:
            passed = fcntl.fcntl(listener.fileno(), fcntl.F_DUPFD_CLOEXEC, 3)
            command = [sys.executable, "-m", "tests.benchmarks.recorded_engine", str(folder.path), str(steps)]
            process = subprocess.Popen(
                [*command, "--listen-fd", str(passed)],
                stdout=subprocess.PIPE, stderr=lock.fd, pass_fds=(passed,), cwd=PROJECT,
            )  # fmt: skip
            os.close(passed)
            writer.set_state("running", step=steps)
            writer.set_meta(socket=str(socket_path), pid=process.pid)
    try:
        assert process.stdout is not None
        if process.stdout.readline() != b"serving\n":
            raise RuntimeError(f"the recorded engine failed: {folder.log_tail()}")
        yield folder
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        remove_socket(socket_path)


def _tell(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
