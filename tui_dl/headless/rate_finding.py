"""The rate finder without a screen: an engine for it alone, its curve as JSON lines or a few words."""

import asyncio
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, final

from tui_dl.errors import ConnectionLost, TuiDlError
from tui_dl.headless.json_writer import JsonWriter
from tui_dl.headless.run import interruption
from tui_dl.headless.starting import Started, StartEngine
from tui_dl.spec.experiment import Experiment
from tui_dl.wire.messages import RateFound

_INTERRUPTED: Final = 130
_ENDS: Final = {
    "tried": "all of them were tried",
    "diverged": "then the loss was far above its lowest",
    "nonfinite": "then the loss was not finite",
    "cancelled": "then it was ended",
}


@final
@dataclass(frozen=True)
class RateOptions:
    """What the command line asks: settings of the search, batches to train before it, where lines go."""

    name: str
    settings: Mapping[str, Any]
    after: int = 0
    jsonl: str | None = None


async def find_rate_headless(experiment: Experiment, start: StartEngine, options: RateOptions) -> int:
    """Search, say what was found, and leave no run behind. Returns the exit code."""
    writer = JsonWriter(options.jsonl) if options.jsonl is not None else None
    with interruption() as interrupted:
        searching = asyncio.create_task(_search(await start(experiment, options.name), options))
        stopped = asyncio.create_task(interrupted.wait())
        done, _ = await asyncio.wait({searching, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in (searching, stopped):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await stopped
        if searching not in done:
            with suppress(asyncio.CancelledError, TuiDlError):
                await searching
            return _INTERRUPTED
        found = searching.result()
    if writer is not None:
        writer(found)
        writer.close()
        if writer.problem:
            print(f"tui-dl: {writer.problem}", file=sys.stderr)
            return 1
    if options.jsonl != "-":
        print(summary(found))
    return 0


def summary(found: RateFound) -> str:
    """What was found, a rule a line."""
    curve, advice = found.curve, found.advice
    lines = [f"{len(curve.rates)} batches from rate {found.search.lowest:g} on; {_ENDS[found.ended]}."]
    if advice.suggested is not None:
        lines.append(f"{advice.suggested:.2g}  where the loss falls fastest")
    if advice.tenth_of_lowest is not None:
        lines.append(f"{advice.tenth_of_lowest:.2g}  a tenth of the rate at its lowest")
    if advice.reason:
        lines.append(f"no suggestion: {advice.reason}")
    return "\n".join(lines)


async def _search(started: Started, options: RateOptions) -> RateFound:
    engine = started.engine
    try:
        if options.after:
            await engine.step(options.after)
        return await engine.find_rate(**options.settings)
    except ConnectionLost as lost:
        raise await started.explain(lost) from lost
    finally:
        # It belongs to the connection: with it goes all that was written for it.
        with suppress(TuiDlError):
            await engine.stop(keep=False)
        await engine.close()
