"""The arguments of every command, and the function that carries each out."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from tui_dl import __version__
from tui_dl.cli.look_options import add_look_options
from tui_dl.spec.lecture import ViewName

_VIEWS = get_args(ViewName)
_EPILOG = """\
exit codes: 0 done, 1 the engine failed, 2 bad arguments or preset, 3 not available here,
4 an expectation failed, 5 stopped on a non-finite value, 130 interrupted"""


def build_parser() -> argparse.ArgumentParser:
    """The whole command line; each command's function is in the attribute ``command`` of what it parses."""
    parser = argparse.ArgumentParser(
        prog="tui-dl",
        description="Train a neural network live in a terminal: look inside, change your mind, keep going.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tui-dl {__version__}")
    parser.set_defaults(command=_later("tui_dl.cli.running", "pick"), language="")
    _add_language(parser)
    add_look_options(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_run(commands)
    _add_find_rate(commands)
    _add_looking(commands)
    _add_runs(commands)
    _add_screenshot(commands)
    return parser


def _later(module: str, function: str) -> Callable[[argparse.Namespace], int]:
    """A command whose module is imported only when it is the one: the first paint is half a second away."""

    def command(arguments: argparse.Namespace) -> int:
        import importlib

        return int(getattr(importlib.import_module(module), function)(arguments))

    return command


def _command(commands: Any, name: str, summary: str, function: str) -> argparse.ArgumentParser:
    module, _, attribute = function.rpartition(".")
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    parser.set_defaults(command=_later(f"tui_dl.cli.{module}", attribute))
    return parser


def _add_run(commands: Any) -> None:
    run = _command(
        commands, "run", "train a preset or an experiment's file, on the screen or without", "running.run"
    )
    run.add_argument("preset", metavar="PRESET | FILE.toml", help="see `tui-dl list presets`")
    run.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="set a field, as in optimizer.lr=0.01 or model.hidden=[32,32]; repeatable",
    )
    run.add_argument("--seed", type=_count, metavar="N", help="seed of splits, weights and order")
    run.add_argument("--device", metavar="auto|cpu|cuda[:i]", help="where to train")
    run.add_argument("--threads", type=_positive, metavar="N", help="CPU threads of torch")
    run.add_argument("--paused", action="store_true", help="wait at step 0")
    run.add_argument(
        "--headless", action="store_true", help="no screen; progress on stderr when it is a terminal"
    )
    _add_language(run)
    length = run.add_mutually_exclusive_group()
    length.add_argument("--steps", type=_positive, metavar="N", help="with --headless: end after N updates")
    length.add_argument("--epochs", type=_positive, metavar="N", help="passes over the training split")
    run.add_argument("--jsonl", metavar="PATH|-", help="with --headless: one object a line")
    run.add_argument(
        "--check",
        action="store_true",
        help="headless: run base and variants, verify what is expected",
    )
    add_look_options(run)


def _add_find_rate(commands: Any) -> None:
    find = _command(
        commands,
        "find-rate",
        "try growing learning rates, and say at which the loss falls fastest; leaves no run",
        "finding.find_rate",
    )
    find.add_argument("preset", metavar="PRESET | FILE.toml")
    find.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    find.add_argument("--seed", type=_count, metavar="N", help="seed of splits, weights and order")
    find.add_argument("--device", metavar="auto|cpu|cuda[:i]", help="where to train")
    find.add_argument("--threads", type=_positive, metavar="N", help="CPU threads of torch")
    find.add_argument("--after", type=_count, default=0, metavar="N", help="train N batches before")
    find.add_argument("--lowest", type=float, metavar="RATE", help="of the first batch; by default 1e-6")
    find.add_argument("--highest", type=float, metavar="RATE", help="of the last batch; by default 10")
    find.add_argument("--batches", type=_positive, metavar="N", help="batches to try; by default 100")
    find.add_argument(
        "--smoothing",
        type=float,
        metavar="SHARE",
        help="of the mean so far in the smoothed loss; by default 0.8",
    )
    find.add_argument(
        "--stop-factor",
        type=float,
        metavar="TIMES",
        help="end where the smoothed loss is so many times its lowest; by default 4",
    )
    find.add_argument(
        "--jsonl",
        metavar="PATH|-",
        help="one object a line: a rate with loss and smoothed for each batch, then rate_found",
    )


def _add_language(parser: argparse.ArgumentParser) -> None:
    # One that a command was given must not be lost to the default of the same option before the command.
    parser.add_argument(
        "--lang",
        dest="language",
        default=argparse.SUPPRESS,
        metavar="CODE",
        help="language of titles and notes, such as ko, where a preset has it; by default the locale's",
    )


def _add_looking(commands: Any) -> None:
    listing = _command(commands, "list", "list presets, components, metrics or runs", "looking.list_things")
    listing.add_argument("what", choices=["presets", "components", "metrics", "runs"])
    listing.add_argument("--json", action="store_true", help="one JSON array")
    _add_language(listing)
    show = _command(commands, "show", "print a preset's resolved experiment as TOML", "looking.show")
    show.add_argument("preset", metavar="PRESET | FILE.toml")
    _add_language(show)
    _command(commands, "doctor", "tell what will work in this terminal and on this machine", "doctor.doctor")


def _add_screenshot(commands: Any) -> None:
    picture = _command(
        commands, "screenshot", "the screen on a preset or a live run, as SVG", "screenshot.screenshot"
    )
    picture.add_argument("what", metavar="PRESET | FILE.toml | RUN")
    picture.add_argument("--output", type=Path, metavar="FILE.svg", help="by default named after it, here")
    picture.add_argument(
        "--size",
        type=_size,
        action="append",
        default=[],
        metavar="COLUMNSxROWS",
        help="by default 160x48; repeatable, for several pictures of the same moment",
    )
    picture.add_argument("--steps", type=_positive, metavar="N", help="by default the last scene, or 200")
    picture.add_argument("--view", choices=[*_VIEWS], help="by default the scene's")
    picture.add_argument(
        "--press", action="append", default=[], metavar="KEY", help="press a key before; repeatable"
    )
    picture.add_argument(
        "--colours", choices=["truecolor", "256", "16", "none"], default="truecolor", help="of the terminal"
    )
    picture.add_argument("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    add_look_options(picture)
    _add_language(picture)


def _size(text: str) -> tuple[int, int]:
    from tui_dl.cli.screenshot import size

    return size(text)


def _add_runs(commands: Any) -> None:
    attach = _command(commands, "attach", "back to an engine that is alive", "running.attach")
    attach.add_argument("run", nargs="?", metavar="RUN", help="by default the latest that is alive")
    attach.add_argument("--read-only", action="store_true", help="watch without control")
    add_look_options(attach)
    _add_language(attach)
    resume = _command(commands, "resume", "go on from a run's last checkpoint", "running.resume")
    resume.add_argument("run", metavar="RUN")
    resume.add_argument("--paused", action="store_true", help="wait before the next batch")
    add_look_options(resume)
    _add_language(resume)
    stop = _command(commands, "stop", "end a run's engine, with a checkpoint", "keeping.stop")
    stop.add_argument("run", metavar="RUN")
    report = _command(
        commands, "report", "a run as charts and a table, or its whole history", "keeping.report"
    )
    report.add_argument("run", metavar="RUN")
    report.add_argument("--jsonl", metavar="PATH|-", help="its whole history as JSON lines")
    report.add_argument("--csv", metavar="PATH", help="every step as a table; - is standard output")
    remove = _command(commands, "rm", "delete runs that have ended", "keeping.remove")
    remove.add_argument("runs", nargs="+", metavar="RUN")


def _count(text: str) -> int:
    """A whole number from 0."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{value} is below 0")
    return value


def _positive(text: str) -> int:
    """A whole number from 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is below 1")
    return value
