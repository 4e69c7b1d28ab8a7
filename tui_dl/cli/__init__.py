"""The command line: arguments in, one front end out, exit codes as promised."""

import sys

from tui_dl.errors import TuiDlError


def main(argv: list[str] | None = None) -> int:
    """Run one command. Returns its exit code; a user's mistake is one message on stderr."""
    from tui_dl.cli.arguments import build_parser

    parser = build_parser()
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.command(arguments))
    except TuiDlError as error:
        print(f"tui-dl: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # Whoever read the output has gone; Python would complain once more when it flushes at exit.
        sys.stdout = None
        return 0
    except KeyboardInterrupt:
        return 130
