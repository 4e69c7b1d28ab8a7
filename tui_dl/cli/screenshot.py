"""`tui-dl screenshot`: the real screen on a preset or a live run, as SVG."""

import argparse
import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui_dl.cli.look_options import look_of
from tui_dl.errors import TuiDlError, UsageError
from tui_dl.spec.preset import load_preset, parse_overrides
from tui_dl.spec.translate import language_code

if TYPE_CHECKING:
    from tui_dl.ui.engine_port import Opening

_COLOURS: Final = {
    "truecolor": {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
    "256": {"TERM": "xterm-256color"},
    "16": {"TERM": "xterm-16color"},
    "none": {"TERM": "xterm-256color", "NO_COLOR": "1"},
}
_SMALLEST, _LARGEST = 10, 1000


def screenshot(arguments: argparse.Namespace) -> int:
    """Write one picture for each size."""
    # The screen asks the environment what its terminal can do, when it is imported.
    for name in ("COLORTERM", "NO_COLOR", "TERM"):
        os.environ.pop(name, None)
    os.environ |= _COLOURS[arguments.colours]
    from tui_dl import launcher
    from tui_dl.runs import RunFolder
    from tui_dl.ui.app import TuiDlApp
    from tui_dl.ui.posing import take_pictures
    from tui_dl.ui.settings import SettingsStore

    opening, name, is_own_run = _open(arguments)
    sizes = arguments.size or [(160, 48)]
    targets = [(size, _path(arguments.output, name, size, is_one=len(sizes) == 1)) for size in sizes]
    language = language_code(arguments.language) if arguments.language else ""
    app = TuiDlApp(None, opening, SettingsStore(), look_of(arguments), "local", language)
    asyncio.run(
        take_pictures(
            app,
            targets,
            until_step=arguments.steps,
            view=arguments.view or "",
            keys=arguments.press,
            is_own_run=is_own_run,
        )
    )
    if is_own_run and opening.folder is not None:
        # Its folder is deleted by the engine itself, as the last thing it does.
        launcher.stop(RunFolder(opening.folder))
    for _, path in targets:
        print(path)
    return 0


def _open(arguments: argparse.Namespace) -> "tuple[Opening, str, bool]":
    """A run of one's own for a preset, the run itself where it is a live one."""
    from tui_dl.cli.openings import LauncherOpenings

    openings = LauncherOpenings(paused=True)
    what, overrides = arguments.what, parse_overrides(arguments.overrides)
    try:
        experiment = load_preset(what, {**overrides, "training.pace": 0})
    except TuiDlError:
        if overrides or what.endswith(".toml") or not _is_run(what):
            raise
        if arguments.steps is not None:
            raise UsageError("--steps goes with a preset: a live run is pictured as it stands") from None
        return openings.attach(what, read_only=True), what, False
    return openings.start(experiment, Path(what).stem), Path(what).stem, True


def _is_run(what: str) -> bool:
    from tui_dl.runs.listing import find_run

    try:
        find_run(what)
    except TuiDlError:
        return False
    return True


def _path(output: Path | None, name: str, size: tuple[int, int], *, is_one: bool) -> Path:
    width, height = size
    if output is None:
        return Path(f"{name}-{width}x{height}.svg")
    return output if is_one else output.with_name(f"{output.stem}-{width}x{height}{output.suffix or '.svg'}")


def size(text: str) -> tuple[int, int]:
    """Columns and rows of 160x48."""
    columns, _, rows = text.lower().partition("x")
    if not (columns.isdecimal() and rows.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 160x48")
    found = int(columns), int(rows)
    if not all(_SMALLEST <= length <= _LARGEST for length in found):
        raise argparse.ArgumentTypeError(f"{text}: each side takes {_SMALLEST} to {_LARGEST} cells")
    return found
