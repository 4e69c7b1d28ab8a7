"""Ctrl-Z and fg, with a real shell: it trains on meanwhile."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.program import (
    PATIENCE_S,
    PROGRAM,
    assert_nothing_missing,
    beyond,
    only_run,
    run,
    shows,
    step_on,
    terminal,
    tiny,
)
from tests.pty_terminal import PtyTerminal

_STOPPED = re.compile("stopped|suspended", re.IGNORECASE)


def is_stopped(screen: PtyTerminal) -> bool:
    """Whether the shell says that its job is; what was on the screen stays there in this terminal."""
    return _STOPPED.search(screen.text) is not None


@contextmanager
def shell(command: str) -> Iterator[PtyTerminal]:
    """A command, typed into a shell with job control."""
    with PtyTerminal(["/bin/sh", "-i"], columns=120, rows=36) as screen:
        screen.wait_for(lambda it: it.text.rstrip().endswith(("$", "#")), PATIENCE_S)
        screen.press(f"{command}\n")
        yield screen


@pytest.mark.parametrize("between", ["", "make"])
def test_it_trains_on_behind_the_shell_and_comes_back(tmp_path: Path, between: str) -> None:
    command = " ".join([*PROGRAM, "run", tiny(tmp_path)])
    if between:
        # The shell's job is the make that runs it: it has to stop as well.
        (tmp_path / "Makefile").write_text(f"run:\n\t@{command}; true\n")
        command = f"make -s -C {tmp_path} run"
    with shell(command) as screen:
        screen.wait_for(beyond(10), PATIENCE_S)
        seen = step_on(screen)
        screen.press("\x1a")
        screen.wait_for(is_stopped, PATIENCE_S)
        folder = only_run()
        assert_nothing_missing(folder, at_least=seen)
        screen.press("fg\n")
        screen.wait_for(beyond(seen + 20), PATIENCE_S)
        screen.press("2")
        screen.wait_for(shows("RUNNING", "‖weight‖"), PATIENCE_S)
    assert run("stop", folder.id).returncode == 0


def test_from_a_dialog_too(tmp_path: Path) -> None:
    with shell(" ".join([*PROGRAM, "run", tiny(tmp_path)])) as screen:
        screen.wait_for(beyond(10), PATIENCE_S)
        screen.press("?")
        screen.wait_for(shows("Esc closes"), PATIENCE_S)
        screen.press("\x1a")
        screen.wait_for(is_stopped, PATIENCE_S)
        screen.press("fg\n")
        screen.wait_for(shows("Esc closes", "RUNNING"), PATIENCE_S)
    assert run("stop", only_run().id).returncode == 0


def test_without_a_shell_behind_it_stays(tmp_path: Path) -> None:
    """It would stop for good: nobody could go on with it."""
    with terminal("run", tiny(tmp_path)) as screen:
        screen.wait_for(beyond(10), PATIENCE_S)
        seen = step_on(screen)
        screen.press("\x1a")
        screen.wait_for(shows("There is no shell behind"), PATIENCE_S)
        screen.wait_for(beyond(seen + 10), PATIENCE_S)
    assert run("stop", only_run().id).returncode == 0
