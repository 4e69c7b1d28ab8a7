"""`tui-dl find-rate`: a range test of the learning rate, without a screen and without leaving a run."""

import argparse
import asyncio
from pathlib import Path

from tui_dl.cli.running import overrides_of
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.preset import load_preset
from tui_dl.spec.rate_search import RateSearch, rate_search
from tui_dl.spec.schema import fields_of


def find_rate(arguments: argparse.Namespace) -> int:
    """Try growing rates and print what the loss says of them."""
    experiment = load_preset(arguments.preset, overrides_of(arguments))
    given = {name: getattr(arguments, name) for name in fields_of(RateSearch)}
    settings = {name: value for name, value in given.items() if value is not None}
    # A mistake is told before torch loads.
    rate_search(settings)
    return asyncio.run(_find_rate(experiment, settings, arguments))


async def _find_rate(
    experiment: Experiment, settings: dict[str, float], arguments: argparse.Namespace
) -> int:
    from tui_dl import launcher
    from tui_dl.headless.rate_finding import RateOptions, find_rate_headless
    from tui_dl.headless.starting import Started

    async def start(own: Experiment, name: str) -> Started:
        engine = launcher.start(own, preset=name, paused=True, owned=True)
        client = await engine.connect(client="headless", owner=True, keep=False)
        return Started(client, engine.failure)

    options = RateOptions(Path(arguments.preset).stem, settings, arguments.after, arguments.jsonl)
    return await find_rate_headless(experiment, start, options)
