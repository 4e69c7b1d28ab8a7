"""What a preset expects, as measurements to make and a verdict on them: only arithmetic."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from tui_dl.spec.experiment import Experiment
from tui_dl.spec.lecture import Expectation, Reference
from tui_dl.wire.messages import ExpectationChecked

BASE: Final = None
"""The name of the base run where variants have theirs."""


@dataclass(frozen=True)
class Point:
    """One number to measure: a metric of a variant at a step; ``at_step`` None is the end of its run."""

    variant: str | None
    at_step: int | None
    metric: str


Measured = Mapping[Point, tuple[int, float | None]]
"""Step actually measured at, and the value (None if it is not finite or not defined there)."""


def points_of(expectations: Iterable[Expectation]) -> tuple[Point, ...]:
    """All that must be measured to judge them, the references included, each once."""
    points: dict[Point, None] = {}
    for expectation in expectations:
        points[_own_point(expectation)] = None
        bound = _bound(expectation)[1]
        if isinstance(bound, Reference):
            points[_reference_point(expectation, bound)] = None
    return tuple(points)


def runs_of(experiment: Experiment) -> tuple[str | None, ...]:
    """The base and every variant: a broken variant is found even if nothing is expected of it."""
    return (BASE, *(variant.name for variant in experiment.variants))


def judge(expectation: Expectation, measured: Measured) -> ExpectationChecked:
    """Hold one expectation against what was measured. What could not be measured has failed."""
    own = _own_point(expectation)
    words, bound = _bound(expectation)
    limit, limit_text = _limit(expectation, bound, measured)
    step, value = measured.get(own, (expectation.at_step or 0, None))
    text = f"{words} {limit_text}"
    if expectation.near is not None:
        text += f" ± {expectation.tolerance:g}"
    problem = _problem(own, value, limit, limit_text, measured)
    passed = not problem and _holds(expectation, words, value, limit)
    return ExpectationChecked(
        passed=passed,
        metric=expectation.metric,
        variant=expectation.variant,
        at_step=step,
        value=value,
        bound=text,
        message=problem,
    )


def _holds(expectation: Expectation, words: str, value: float | None, limit: float | None) -> bool:
    assert value is not None
    assert limit is not None
    if words == "above":
        return value > limit
    if words == "below":
        return value < limit
    return abs(value - limit) <= (expectation.tolerance or 0.0)


def _problem(
    own: Point, value: float | None, limit: float | None, limit_text: str, measured: Measured
) -> str:
    if own not in measured:
        return (
            "the run ended before this step" if own.at_step is not None else "the run did not come to its end"
        )
    if value is None:
        return f"{own.metric} has no finite value there"
    if limit is None:
        return f"there is nothing to compare with: {limit_text}"
    return ""


def _own_point(expectation: Expectation) -> Point:
    return Point(expectation.variant, None if expectation.at_end else expectation.at_step, expectation.metric)


def _reference_point(expectation: Expectation, reference: Reference) -> Point:
    """A reference to a variant alone means the same step; one to a step alone, the same variant."""
    own = _own_point(expectation)
    at_step = own.at_step if reference.at_step is None else reference.at_step
    return Point(reference.variant if reference.variant is not None else own.variant, at_step, own.metric)


def _bound(expectation: Expectation) -> tuple[str, float | Reference]:
    for words, bound in (
        ("above", expectation.above),
        ("below", expectation.below),
        ("near", expectation.near),
    ):
        if bound is not None:
            return words, bound
    raise AssertionError("an expectation without a bound passed validation")


def _limit(
    expectation: Expectation, bound: float | Reference, measured: Measured
) -> tuple[float | None, str]:
    """The number to compare with, and how to say it."""
    if not isinstance(bound, Reference):
        return bound, f"{bound:g}"
    point = _reference_point(expectation, bound)
    where = "at the end" if point.at_step is None else f"at step {point.at_step}"
    whose = f" of {point.variant!r}" if point.variant is not None else ""
    _, value = measured.get(point, (0, None))
    words = f"{bound.times:g} times the value{whose} {where}"
    if value is None or not math.isfinite(value):
        return None, words
    return bound.times * value, f"{bound.times * value:.6g} ({words})"
