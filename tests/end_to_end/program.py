"""The real program as people and scripts use it: commands, terminals, and the runs that they leave."""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

from tests.pty_terminal import Predicate, PtyTerminal
from tests.runs.rows import Row, rows
from tui_dl.runs import RunFolder, RunReader, is_alive, runs_home

ROOT: Final = Path(__file__).parents[2]
PROGRAM: Final = (sys.executable, "-m", "tui_dl")
PATIENCE_S: Final = 60.0
"""Longer than anything should take on a machine that does much else."""

TINY: Final = """
title = "Tiny"
[data]
name = "moons"
samples = 200
[model]
name = "mlp"
hidden = [8]
[training]
batch_size = 16
epochs = 100000
device = "cpu"
pace = 100
checkpoint_every_s = 0
"""
"""Without scenes, without an end in sight, a checkpoint at each epoch's end."""

_STEP: Final = re.compile(r"step ([\d,]+)")


def tiny(folder: Path, more: str = "", **training: object) -> str:
    """Write the tiny experiment to a file, some settings of its training changed; returns its path."""
    lines = [line for line in TINY.splitlines() if line.partition(" = ")[0] not in training]
    lines += [f"{key} = {json.dumps(value)}" for key, value in training.items()]
    text = "\n".join(lines) + "\n" + more
    tomllib.loads(text)
    path = folder / "tiny.toml"
    path.write_text(text)
    return str(path)


# -- without a terminal ------------------------------------------------------------------------------------


def run(
    *arguments: str, timeout_s: float = PATIENCE_S, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        cwd=ROOT,
        env={**os.environ, **environment},
        check=False,
    )


def start(*arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
    """Start a command whose output is read while it runs; Ctrl-C can be sent to it alone."""
    return subprocess.Popen(
        [*PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, **environment},
    )


def read_lines(process: "subprocess.Popen[bytes]", until: str) -> list[dict[str, Any]]:
    """Read JSON lines until one is of this type."""
    assert process.stdout is not None
    found = []
    for line in process.stdout:
        found.append(json.loads(line))
        if found[-1]["type"] == until:
            return found
    raise AssertionError(f"no {until} in {found[-3:]}")


def parsed(text: str) -> list[dict[str, Any]]:
    """JSON lines, each valid by the standard (no NaN, no Infinity) and nothing between them."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    assert text.endswith("\n")
    return [json.loads(line, parse_constant=refuse) for line in text.splitlines()]


# -- on a terminal -----------------------------------------------------------------------------------------


def terminal(
    *arguments: str,
    columns: int = 120,
    rows: int = 36,
    traits: Mapping[str, Any] | None = None,
    **environment: str,
) -> PtyTerminal:
    """Start a command on a terminal of its own; `traits` are further arguments of that terminal."""
    return PtyTerminal(
        [*PROGRAM, *arguments],
        columns=columns,
        rows=rows,
        environment={**os.environ, **environment},
        cwd=ROOT,
        **(traits or {}),
    )


def step_on(screen: PtyTerminal) -> int:
    """The step that the status line shows; -1 if it shows none."""
    found = _STEP.search(screen.lines[0])
    return int(found.group(1).replace(",", "")) if found else -1


def beyond(step: int) -> Predicate:
    """Whether the screen has come to a later step."""
    return lambda screen: step_on(screen) > step


def shows(*texts: str) -> Predicate:
    """Whether all of these are on the screen."""
    return lambda screen: all(text in screen.text for text in texts)


def boxed(screen: PtyTerminal, title: str) -> str:
    """The text in a dialog's box, spaces and breaks of lines taken out; empty if it is not shown."""
    lines = screen.lines
    for top, line in enumerate(lines):
        left = line.find(f"╭─ {title} ")
        if left >= 0:
            right = line.index("╮", left)
            inside = (below[left + 1 : right] for below in lines[top + 1 :])
            return "".join("".join(text.split()) for text in takewhile(lambda it: "──" not in it, inside))
    return ""


def leave(screen: PtyTerminal, how: str) -> int:
    """Leave by key: `d` detaches, `s` stops and keeps. Returns the exit code."""
    screen.press("q")
    screen.wait_for("Stop and keep", PATIENCE_S)
    screen.press(how)
    return screen.wait_closed(PATIENCE_S)


# -- what is on disk ---------------------------------------------------------------------------------------


def folders() -> list[RunFolder]:
    """All runs of this test, in the order in which they were started."""
    home = runs_home()
    return [RunFolder(path) for path in sorted(home.iterdir())] if home.is_dir() else []


def only_run() -> RunFolder:
    """The one run that there is."""
    (folder,) = folders()
    return folder


def facts(folder: RunFolder) -> dict[str, Any]:
    """What the database says of the run as a whole."""
    with RunReader(folder.database_path) as reader:
        return reader.meta()


def recorded(folder: RunFolder) -> dict[tuple[int, int], Row]:
    """(segment, step) → its values, in order."""
    with RunReader(folder.database_path) as reader:
        return rows(reader.steps())


def losses(folder: RunFolder, segment: int = 0) -> dict[int, float | None]:
    """step → loss of a segment."""
    return {step: row["loss"] for (own, step), row in recorded(folder).items() if own == segment}


def assert_nothing_missing(folder: RunFolder, at_least: int = 1) -> int:
    """Check that the first segment's steps are 1, 2, ... N; returns N."""
    steps = [*losses(folder)]
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) >= at_least
    return len(steps)


def checkpoints(folder: RunFolder) -> list[str]:
    """Names of the checkpoints."""
    return sorted(path.name for path in folder.checkpoints_path.glob("*.pt"))


def kill_engine(folder: RunFolder) -> None:
    """End an engine with SIGKILL, as a crash would, and wait until it is gone."""
    # As long as it holds its lock the number is its own.
    if is_alive(folder.log_path):
        os.kill(facts(folder)["pid"], signal.SIGKILL)
    wait_for_end(folder)


def wait_for_end(folder: RunFolder) -> None:
    """Wait until the engine is gone: its lock goes with it. The test's own timeout is the limit."""
    descriptor = os.open(folder.log_path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def clean_up(live: Sequence[RunFolder]) -> None:
    """Leave no engine behind, whatever the test did."""
    for folder in live:
        if folder.log_path.exists() and is_alive(folder.log_path):
            kill_engine(folder)
