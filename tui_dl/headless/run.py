"""One experiment without a screen, from its first step to its promised exit code."""

import asyncio
import math
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tui_dl.errors import TuiDlError
from tui_dl.headless.epoch_lines import EpochLines
from tui_dl.headless.follow import Followed, Follower, Listener
from tui_dl.headless.json_writer import JsonWriter
from tui_dl.headless.progress import ProgressBar
from tui_dl.headless.starting import StartEngine
from tui_dl.spec.experiment import Experiment
from tui_dl.wire.messages import RunDescribed


@dataclass(frozen=True)
class Options:
    """What the command line asks of a headless run."""

    name: str
    """The preset's name or the file's."""
    steps: int | None = None
    """End after this many updates; None: when the experiment's epochs are done."""
    jsonl: str | None = None


async def run_headless(experiment: Experiment, start: StartEngine, options: Options) -> int:
    """Run it to its end. Returns the exit code; raises TuiDlError if the engine can't start or dies."""
    writer = JsonWriter(options.jsonl) if options.jsonl is not None else None
    with interruption() as interrupted, ProgressBar(options.steps) as progress:
        # Whoever reads JSON lines from standard output reads nothing else there.
        lines = EpochLines(_on_standard_error) if options.jsonl == "-" else EpochLines()
        listeners: list[Listener] = [progress, lines]
        if writer is not None:
            listeners.append(writer)
        follower = Follower(await start(experiment, options.name), *listeners)
        try:
            followed = await _train(follower, options, interrupted, writer)
        finally:
            await follower.close()
            if writer is not None:
                writer.close()
    if writer is not None and writer.problem:
        print(f"tui-dl: {writer.problem}", file=sys.stderr)
        return 1
    if options.jsonl != "-":
        print(summary(followed))
    return followed.exit_code


def summary(followed: Followed) -> str:
    """The result in one line."""
    reason = followed.finished.reason if followed.finished is not None else "unknown"
    parts = [f"finished ({reason}) at step {followed.step}"]
    for split, evaluation in followed.evaluations.items():
        numbers = " ".join(f"{name} {value:.5g}" for name, value in evaluation.metrics.items())
        parts.append(f"{split}: {numbers}")
    if followed.described is not None:
        parts.append(f"run {followed.described.run}")
    return "  ".join(parts)


def _on_standard_error(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@contextmanager
def interruption() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C and a polite kill set; a second Ctrl-C is Python's own again."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def interrupt() -> None:
        event.set()
        for number in signals:
            loop.remove_signal_handler(number)

    for number in signals:
        loop.add_signal_handler(number, interrupt)
    try:
        yield event
    finally:
        for number in signals:
            with suppress(RuntimeError):
                loop.remove_signal_handler(number)


async def _train(
    follower: Follower, options: Options, interrupted: asyncio.Event, writer: JsonWriter | None
) -> Followed:
    """Train until the end, Ctrl-C, or until nobody reads the lines any more."""
    training = asyncio.create_task(_to_the_end(follower, options))
    stops = [asyncio.create_task(interrupted.wait())]
    if writer is not None and options.jsonl == "-":
        stops.append(asyncio.create_task(writer.broken.wait()))
    try:
        done, _ = await asyncio.wait({training, *stops}, return_when=asyncio.FIRST_COMPLETED)
        if training in done:
            return training.result()
        return await follower.stop("interrupted")
    finally:
        for task in (training, *stops):
            task.cancel()
        with suppress(asyncio.CancelledError, TuiDlError):
            await training


def _missing_epochs(described: RunDescribed, steps: int) -> int:
    """Epochs to plan besides, so that so many steps are made."""
    return math.ceil((steps - described.total_steps) / described.steps_per_epoch)


async def _to_the_end(follower: Follower, options: Options) -> Followed:
    described = await follower.described()
    if options.steps is None:
        return await follower.run_to_end()
    if options.steps > described.total_steps:
        await follower.extend(_missing_epochs(described, options.steps))
    await follower.step(options.steps)
    return await follower.stop("steps")
