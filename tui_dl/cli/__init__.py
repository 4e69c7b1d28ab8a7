"""The command line: arguments in, one front end out, exit codes as promised."""

import tui_dl.cli.early  # noqa: F401 - for what importing it does

# isort: split
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tui_dl.errors import TuiDlError

INTERRUPTED: Final = 130


def main(argv: list[str] | None = None) -> int:
    """Run one command. Returns its exit code; a user's mistake is one message on stderr."""
    _replace_missing_streams()
    with _ctrl_c_ends_at_once():
        return _carry_out(argv)


def _carry_out(argv: list[str] | None) -> int:
    from tui_dl.cli.arguments import build_parser

    arguments = build_parser().parse_args(argv)
    try:
        code = int(arguments.command(arguments))
        if sys.stdout is not None:
            # What is still to be written may find the disk full, and here it can be told.
            sys.stdout.flush()
        return code
    except TuiDlError as error:
        print(f"tui-dl: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # Whoever read the output has gone; Python would complain once more when it flushes at exit.
        sys.stdout = None
        return 0
    except OSError as error:
        # A full disk under standard output, most likely.
        sys.stdout = None
        print(f"tui-dl: {error.filename or 'standard output'}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


@contextmanager
def _ctrl_c_ends_at_once() -> Iterator[None]:
    """Until a command heeds it by itself, Ctrl-C ends the process instead of raising KeyboardInterrupt.

    Raised within msgspec's or an import's native code it crashes the interpreter or gets lost.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_number: int, _frame: Any) -> None:
        os._exit(INTERRUPTED)

    before = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _replace_missing_streams() -> None:
    """Python has None where a shell has closed a stream (`2>&-`)."""
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - for as long as the program runs
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
