"""`tui-dl`, `run`, `attach` and `resume`: trains, on the screen or without one."""

import argparse
import asyncio
import gc
import math
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tui_dl.cli import INTERRUPTED
from tui_dl.cli.hang_up import end_with_terminal
from tui_dl.cli.look_options import link_of, look_of, refuse_look_options
from tui_dl.cli.looking import require_terminal
from tui_dl.cli.terminal_probe import ask_early
from tui_dl.errors import UsageError
from tui_dl.spec.change import apply_change
from tui_dl.spec.data.sizes import split_sizes
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.preset import load_preset, parse_overrides
from tui_dl.spec.translate import language_code

# Imports make many objects and no garbage: looking for some took 7 % of the time to the first paint.
gc.set_threshold(50_000, 20, 20)


def run(arguments: argparse.Namespace) -> int:
    """Train a preset or a file."""
    headless = arguments.headless or arguments.check
    if not headless:
        for name in ("steps", "jsonl"):
            if getattr(arguments, name) is not None:
                raise UsageError(f"--{name} goes with --headless")
        require_terminal("the run screen")
    else:
        refuse_look_options(arguments)
    _language(arguments)
    experiment = load_preset(arguments.preset, overrides_of(arguments))
    name = Path(arguments.preset).stem
    if headless:
        return asyncio.run(_headless(_long_enough(experiment, arguments.steps), name, arguments))
    from tui_dl.cli.openings import LauncherOpenings

    openings = LauncherOpenings(paused=arguments.paused)
    _on_ctrl_c(openings.abandon)
    return _show(openings, openings.start(experiment, name), arguments)


def pick(arguments: argparse.Namespace) -> int:
    """The preset picker, then the run screen."""
    require_terminal("the preset picker")
    from tui_dl.cli.openings import LauncherOpenings

    return _show(LauncherOpenings(), None, arguments)


def attach(arguments: argparse.Namespace) -> int:
    """Back to a live engine."""
    require_terminal("the run screen")
    from tui_dl.cli.openings import LauncherOpenings

    openings = LauncherOpenings()
    return _show(openings, openings.attach(arguments.run, read_only=arguments.read_only), arguments)


def resume(arguments: argparse.Namespace) -> int:
    """On from a run's last checkpoint, on the screen."""
    require_terminal("the run screen")
    from tui_dl.cli.openings import LauncherOpenings

    openings = LauncherOpenings()
    _on_ctrl_c(openings.abandon)
    return _show(openings, openings.resume(arguments.run, paused=arguments.paused), arguments)


def _language(arguments: argparse.Namespace) -> str:
    """What --lang says; empty where it says nothing."""
    return language_code(arguments.language) if arguments.language else ""


def overrides_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The command line's own options are overrides like those of --set, and stronger."""
    overrides = parse_overrides(arguments.overrides)
    for option, key in (
        ("seed", "seed"),
        ("device", "training.device"),
        ("threads", "training.threads"),
        ("epochs", "training.epochs"),
    ):
        value = getattr(arguments, option, None)
        if value is not None:
            overrides[key] = value
    return overrides


def _long_enough(experiment: Experiment, steps: int | None) -> Experiment:
    """Plan as many epochs as the steps that are asked for need; a longer plan stays as it is."""
    if steps is None:
        return experiment
    training = experiment.training
    sizes = split_sizes(experiment.data)
    if sizes is None:
        # Only the engine, which reads the files, will know.
        return experiment
    samples, _ = sizes
    epochs = math.ceil(steps / math.ceil(samples / training.samples_per_update))
    if epochs <= training.epochs:
        return experiment
    return apply_change(experiment, {"training.epochs": epochs}, source="--steps")


async def _headless(experiment: Experiment, name: str, arguments: argparse.Namespace) -> int:
    from tui_dl import launcher
    from tui_dl.headless.check import check
    from tui_dl.headless.run import Options, run_headless
    from tui_dl.headless.starting import Started

    async def start(own: Experiment, run_name: str) -> Started:
        engine = launcher.start(own, preset=run_name, paused=True, owned=True)
        client = await engine.connect(client="headless", scalars="every_step", owner=True)
        return Started(client, engine.failure)

    options = Options(name=name, steps=arguments.steps, jsonl=arguments.jsonl)
    front_end = check if arguments.check else run_headless
    return await front_end(experiment, start, options)


def _on_ctrl_c(tidy_up: Callable[[], None]) -> None:
    """Until the screen is there and heeds it, Ctrl-C ends the program and what it has started."""

    def end(_number: int, _frame: Any) -> None:
        tidy_up()
        os._exit(INTERRUPTED)

    signal.signal(signal.SIGINT, end)


def _show(openings: Any, opening: Any, arguments: argparse.Namespace) -> int:
    """Draw until the user leaves, then say on the plain terminal what became of the run."""
    # Where these are exported they would be believed instead of the terminal, also after it was resized.
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    end_with_terminal()
    language = _language(arguments)
    answers = ask_early()
    try:
        from tui_dl.ui.app import TuiDlApp
        from tui_dl.ui.settings import SettingsStore
    finally:
        answered = answers()
    app = TuiDlApp(
        openings,
        opening,
        SettingsStore.of_user(),
        look_of(arguments, answered),
        link_of(arguments),
        language,
    )
    farewell = app.run(mouse=app.settings.mouse)
    if farewell is None:
        return 1
    if farewell.text:
        print(farewell.text, file=sys.stderr)
    return int(farewell.exit_code)
