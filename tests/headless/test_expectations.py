import pytest

from tui_dl.headless.expectations import BASE, Point, judge, points_of, runs_of
from tui_dl.spec.lecture import Expectation, Reference
from tui_dl.spec.preset import load_preset

ACCURACY = "validation.accuracy"


def test_a_number_is_a_bound() -> None:
    expectation = Expectation(metric=ACCURACY, at_step=600, above=0.9)
    point = Point(BASE, 600, ACCURACY)
    assert points_of([expectation]) == (point,)
    assert judge(expectation, {point: (600, 0.91)}).passed
    assert not judge(expectation, {point: (600, 0.9)}).passed


def test_below_and_near() -> None:
    below = Expectation(metric="grad_ratio", at_step=1, below=1.0)
    near = Expectation(metric="grad_ratio", at_step=1, near=2.0, tolerance=0.5)
    point = Point(BASE, 1, "grad_ratio")
    assert judge(below, {point: (1, 0.5)}).passed
    assert not judge(below, {point: (1, 1.0)}).passed
    assert judge(near, {point: (1, 2.5)}).passed
    assert not judge(near, {point: (1, 2.6)}).passed


def test_a_reference_is_the_same_metric_elsewhere() -> None:
    to_variant = Expectation(metric="train.loss", at_step=9, above=Reference(variant="v", times=3.0))
    to_step = Expectation(metric="grad_ratio", at_step=9, above=Reference(at_step=2, times=10.0))
    own, other = Point(BASE, 9, "train.loss"), Point("v", 9, "train.loss")
    assert points_of([to_variant]) == (own, other)
    assert judge(to_variant, {own: (9, 3.1), other: (9, 1.0)}).passed
    assert not judge(to_variant, {own: (9, 2.9), other: (9, 1.0)}).passed
    late, early = Point(BASE, 9, "grad_ratio"), Point(BASE, 2, "grad_ratio")
    assert points_of([to_step]) == (late, early)
    assert judge(to_step, {late: (9, 1.1), early: (2, 0.1)}).passed


def test_a_reference_to_a_step_stays_within_the_variant() -> None:
    expectation = Expectation(metric="lr", at_step=9, variant="v", below=Reference(at_step=2))
    assert points_of([expectation]) == (Point("v", 9, "lr"), Point("v", 2, "lr"))


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        ({}, "ended before"),
        ({Point(BASE, 5, "lr"): (5, None)}, "no finite value"),
        ({Point(BASE, 5, "lr"): (5, 1.0)}, "nothing to compare with"),
    ],
)
def test_what_could_not_be_measured_has_failed(
    measured: dict[Point, tuple[int, float | None]], said: str
) -> None:
    expectation = Expectation(metric="lr", at_step=5, above=Reference(variant="gone"))
    verdict = judge(expectation, measured)
    assert not verdict.passed
    assert said in verdict.message


def test_every_variant_is_run() -> None:
    assert runs_of(load_preset("vanishing-gradient")) == (BASE, "never swapped")
