"""Ctrl-C while the program is still being imported."""

import subprocess
import sys

import pytest

# A shell that starts something in the background has it ignore Ctrl-C, and so would its children.
INTERRUPT = (
    "import sys, os, signal; signal.signal(2, signal.default_int_handler); "
    "sys.argv = [{0!r}]; import tui_dl.cli.early; os.kill(os.getpid(), 2)"
)
ORDER = "import sys; sys.argv = ['tui-dl']; import tui_dl.cli; print(*sys.modules)"


def python(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("program", ["/usr/bin/tui-dl", "-m", "/somewhere/tui_dl/__main__.py"])
def test_the_program_ends_in_silence(program: str) -> None:
    ended = python(INTERRUPT.format(program))
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


def test_another_program_that_imports_it_hears_of_it_as_ever() -> None:
    ended = python(INTERRUPT.format("/usr/bin/pytest"))
    assert "KeyboardInterrupt" in ended.stderr


def test_it_comes_before_all_that_takes_time() -> None:
    loaded = python(ORDER).stdout.split()
    assert loaded.index("tui_dl.cli.early") < min(map(loaded.index, ("signal", "typing", "pathlib")))
