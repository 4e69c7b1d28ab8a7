"""`tui-dl stop`, `report` and `rm`: runs that have been, or should end."""

import argparse
import shutil
import sys

from tui_dl.errors import TuiDlError


def stop(arguments: argparse.Namespace) -> int:
    """End an engine; returns when it has ended."""
    from tui_dl import launcher

    launcher.stop(arguments.run)
    return 0


def remove(arguments: argparse.Namespace) -> int:
    """Delete runs; one that can't be deleted does not keep the others."""
    from tui_dl.runs.listing import delete_run, find_run

    code = 0
    for text in arguments.runs:
        try:
            delete_run(find_run(text))
        except TuiDlError as error:
            print(f"tui-dl: {error}", file=sys.stderr)
            code = error.exit_code
    return code


def report(arguments: argparse.Namespace) -> int:
    """Charts and a table, or with --jsonl and --csv every step."""
    from tui_dl.report.export import write_csv, write_json_lines
    from tui_dl.report.text import write_report
    from tui_dl.runs.listing import find_run

    folder = find_run(arguments.run)
    if arguments.jsonl is not None:
        write_json_lines(folder, arguments.jsonl)
    if arguments.csv is not None:
        write_csv(folder, arguments.csv)
    if arguments.jsonl is None and arguments.csv is None:
        size = shutil.get_terminal_size((100, 30))
        write_report(folder, sys.stdout, columns=max(40, min(size.columns, 160)))
    return 0
