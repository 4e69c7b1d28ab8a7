"""The command line: arguments in, one front end out, exit codes as promised."""

import os
import sys
from pathlib import Path

from tui_dl.errors import TuiDlError


def main(argv: list[str] | None = None) -> int:
    """Run one command. Returns its exit code; a user's mistake is one message on stderr."""
    from tui_dl.cli.arguments import build_parser

    _replace_missing_streams()
    parser = build_parser()
    arguments = parser.parse_args(argv)
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
        return 130


def _replace_missing_streams() -> None:
    """Python has None where a shell has closed a stream (`2>&-`)."""
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - for as long as the program runs
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
