"""`--check`: runs base and variants to their last expectation, measures exactly at each, and judges."""

import asyncio
import math
import sys
from collections.abc import Iterable
from typing import Final

from tui_dl.errors import SpecError, TuiDlError
from tui_dl.headless.expectations import BASE, Point, judge, points_of, runs_of
from tui_dl.headless.follow import Follower, Listener
from tui_dl.headless.json_writer import JsonWriter
from tui_dl.headless.run import Options, interruption
from tui_dl.headless.starting import StartEngine
from tui_dl.spec.change import for_variant
from tui_dl.spec.experiment import Experiment
from tui_dl.wire.messages import ExpectationChecked

EXPECTATION_FAILED: Final = 4
INTERRUPTED: Final = 130
_AT_ONCE: Final = 2
"""Engines at a time: each keeps a core busy."""
_Values = dict[Point, tuple[int, float | None]]


async def check(experiment: Experiment, start: StartEngine, options: Options) -> int:
    """Verify what the experiment expects. Returns 0, 4 if an expectation failed, or 130."""
    if not experiment.expectations:
        raise SpecError("there is nothing to check: it has no [[expect]]", source=options.name)
    writer = JsonWriter(options.jsonl) if options.jsonl is not None else None
    with interruption() as interrupted:
        measuring = asyncio.create_task(_measure_all(experiment, start, options, writer))
        interrupting = asyncio.create_task(interrupted.wait())
        await asyncio.wait({measuring, interrupting}, return_when=asyncio.FIRST_COMPLETED)
        interrupting.cancel()
        if not measuring.done():
            measuring.cancel()
            await asyncio.gather(measuring, return_exceptions=True)
            return INTERRUPTED
        measured = measuring.result()
    verdicts = [judge(expectation, measured) for expectation in experiment.expectations]
    for verdict in verdicts:
        if writer is not None:
            writer(verdict)
        print(_line(verdict), file=sys.stderr if options.jsonl == "-" else sys.stdout)
    if writer is not None:
        writer.close()
    return 0 if all(verdict.passed for verdict in verdicts) else EXPECTATION_FAILED


async def _measure_all(
    experiment: Experiment, start: StartEngine, options: Options, writer: JsonWriter | None
) -> _Values:
    points = points_of(experiment.expectations)
    slots = asyncio.Semaphore(_AT_ONCE)

    async def measure(variant: str | None) -> _Values:
        own = experiment if variant is BASE else for_variant(experiment, variant)
        listeners: list[Listener] = [writer] if writer is not None and variant is BASE else []
        name = options.name if variant is BASE else f"{options.name}-{variant}"
        async with slots:
            return await _measure(own, start, name, [p for p in points if p.variant == variant], listeners)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(measure(variant)) for variant in runs_of(experiment)]
    except ExceptionGroup as failures:
        known = [failure for failure in failures.exceptions if isinstance(failure, TuiDlError)]
        raise (known or failures.exceptions)[0] from None
    values: _Values = {}
    for task in tasks:
        values |= task.result()
    return values


async def _measure(
    experiment: Experiment, start: StartEngine, name: str, points: Iterable[Point], listeners: list[Listener]
) -> _Values:
    """One run: on to each step, and there all that is wanted of it."""
    wanted: dict[float, list[Point]] = {}
    for point in points:
        wanted.setdefault(math.inf if point.at_step is None else point.at_step, []).append(point)
    values: _Values = {}
    follower = Follower(await start(experiment, name), *listeners)
    try:
        await follower.described()
        for step in sorted(wanted):
            if not await _reach(follower, step):
                break
            answer = await follower.measure([point.metric for point in wanted[step]])
            values |= {point: (answer.step, answer.values[point.metric]) for point in wanted[step]}
        if follower.run.finished is None:
            await follower.stop("steps")
    finally:
        await follower.close()
    return values


async def _reach(follower: Follower, step: float) -> bool:
    """Go on to a step, or for infinity to the end; False if the run ended before.

    An engine whose run has ended still answers what is measured there.
    """
    if math.isinf(step):
        return (await follower.run_to_end()).exit_code == 0
    more = int(step) - follower.steps_made
    if more > 0:
        await follower.step(more)
    return follower.steps_made == step


def _line(verdict: ExpectationChecked) -> str:
    mark = "pass" if verdict.passed else "FAIL"
    whose = f" of {verdict.variant!r}" if verdict.variant is not None else ""
    value = "nothing" if verdict.value is None else f"{verdict.value:.6g}"
    text = f"{mark}  step {verdict.at_step}: {verdict.metric}{whose} is {value}, expected {verdict.bound}"
    return f"{text}: {verdict.message}" if verdict.message else text
