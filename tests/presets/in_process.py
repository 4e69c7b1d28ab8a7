"""`--check` without processes: the same session, measurements and verdicts, with torch loaded once for all.

Runs that train the same thing are made once: a variant without the script is the base with it taken out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from msgspec import structs

from tests.engine.session_bench import Driver
from tui_dl.headless.expectations import BASE, Point, judge, points_of, runs_of
from tui_dl.spec.change import for_variant
from tui_dl.spec.lecture import Lecture
from tui_dl.spec.preset import load_preset, to_toml
from tui_dl.wire.commands import MeasureMetrics, Run, Step
from tui_dl.wire.messages import MetricsMeasured, RunFinished

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tui_dl.spec.experiment import Experiment
    from tui_dl.wire.messages import ExpectationChecked

Values = dict[Point, tuple[int, float | None]]


@dataclass
class Check:
    """A preset's verdicts as it is, and with its script taken out of it.

    Attributes:
        kept: each expectation's verdict.
        robbed: the same expectations without the script.
        seed: of the base and of the variants that have none of their own; None is the preset's.
    """

    name: str | Path
    seed: int | None = None
    kept: list[ExpectationChecked] = field(default_factory=list)
    robbed: list[ExpectationChecked] = field(default_factory=list)

    def make(self) -> Check:
        """Run all that is needed, each different run once."""
        overrides: dict[str, Any] = {"training.device": "cpu"}
        if self.seed is not None:
            overrides["seed"] = self.seed
        experiment = load_preset(self.name, overrides)
        assert experiment.scripts, f"{self.name} has no script, so no intervention"
        robbed = structs.replace(experiment, scripts=())
        points = points_of(experiment.expectations)
        wanted: dict[str, tuple[Experiment, list[tuple[bool, Point]]]] = {}
        for is_robbed, whole in enumerate((experiment, robbed)):
            for variant in runs_of(whole):
                own = [(bool(is_robbed), point) for point in points if point.variant == variant]
                trained = _trained(whole, variant)
                wanted.setdefault(to_toml(trained), (trained, []))[1].extend(own)
        values: tuple[Values, Values] = ({}, {})
        for trained, asked in wanted.values():
            found = measured(trained, (point for _, point in asked))
            for is_robbed, point in asked:
                if (point.at_step, point.metric) in found:
                    values[is_robbed][point] = found[point.at_step, point.metric]
        self.kept = [judge(each, values[False]) for each in experiment.expectations]
        self.robbed = [judge(each, values[True]) for each in experiment.expectations]
        return self


def measured(
    experiment: Experiment, points: Iterable[Point]
) -> dict[tuple[int | None, str], tuple[int, float | None]]:
    """Values of one run by step and metric, each with the step at which it was taken."""
    wanted: dict[float, list[str]] = {}
    for point in points:
        at_step = math.inf if point.at_step is None else point.at_step
        if point.metric not in wanted.setdefault(at_step, []):
            wanted[at_step].append(point.metric)
    driver = Driver(experiment)
    found: dict[tuple[int | None, str], tuple[int, float | None]] = {}
    for at_step in sorted(wanted):
        if not _reach(driver, at_step):
            break
        driver.tell(MeasureMetrics(wanted[at_step]))
        answer = next(m for _, m in reversed(driver.sink.replies) if isinstance(m, MetricsMeasured))
        key = None if math.isinf(at_step) else int(at_step)
        found |= {(key, name): (answer.step, answer.values[name]) for name in wanted[at_step]}
    return found


def _reach(driver: Driver, at_step: float) -> bool:
    """Go on to a step, or for infinity to the end; False if the run ended before."""
    if math.isinf(at_step):
        if driver.session.finished is None:
            driver.do(Run())
        return driver.sink.last(RunFinished).reason != "nonfinite"
    if at_step > driver.step and driver.session.finished is None:
        driver.do(Step(int(at_step) - driver.step))
    return driver.step == at_step


def _trained(experiment: Experiment, variant: str | None) -> Experiment:
    """What is trained and nothing else, so that equal runs are equal."""
    own = experiment if variant is BASE else for_variant(experiment, variant)
    return structs.replace(
        own, title="", summary="", lecture=Lecture(), scenes=(), variants=(), expectations=()
    )
