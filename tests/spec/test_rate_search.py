"""The rate finder's numbers: the rates that are tried, the smoothing, and what is read off a curve."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_dl.spec.rate_search import CurveBuilder, RateCurve, RateSearch, advice, rate_search

SEARCH = RateSearch(lowest=1e-5, highest=10.0, batches=61, smoothing=0.0)
"""Ten points a decade."""


def curve(loss: "list[float]") -> RateCurve:
    builder = CurveBuilder(SEARCH)
    for each in loss:
        builder.add(each)
    return builder.curve


@given(st.floats(1e-12, 1.0), st.floats(1.001, 1e6), st.integers(5, 500))
def test_rates_grow_by_equal_ratios_from_the_lowest_to_the_highest(
    lowest: float, by: float, count: int
) -> None:
    search = RateSearch(lowest=lowest, highest=lowest * by, batches=count)
    rates = [search.rate(index) for index in range(count)]
    assert (rates[0], rates[-1]) == (lowest, search.highest)
    ratio = by ** (1 / (count - 1))
    for one, next_one in itertools.pairwise(rates):
        assert next_one / one == pytest.approx(ratio, rel=1e-9)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=50), st.floats(0, 0.99))
def test_the_smoothed_loss_is_the_weighted_mean_of_all_so_far(losses: list[float], smoothing: float) -> None:
    builder = CurveBuilder(RateSearch(smoothing=smoothing))
    for loss in losses:
        builder.add(loss)
    for count, smoothed in enumerate(builder.curve.smoothed, start=1):
        weights = [smoothing**age for age in reversed(range(count))]
        mean = sum(w * x for w, x in zip(weights, losses, strict=False)) / sum(weights)
        assert smoothed == pytest.approx(mean, rel=1e-9, abs=1e-9)


def test_the_steepest_point_is_found_and_a_tenth_of_the_lowest() -> None:
    # A step of a sigmoid in log10(rate), steepest at 1e-2, and a rise from 0.1 on.
    decades = [-5 + index / 10 for index in range(61)]
    loss = [2 / (1 + math.exp(6 * (d + 2))) + max(0.0, d + 1) ** 2 for d in decades]
    found = advice(SEARCH, curve(loss))
    assert found.suggested == pytest.approx(1e-2)
    assert found.tenth_of_lowest == pytest.approx(1e-2, rel=0.3)
    assert found.reason == ""


def test_where_the_loss_only_rises_nothing_is_suggested() -> None:
    found = advice(SEARCH, curve([1.0 + index for index in range(61)]))
    assert (found.suggested, found.tenth_of_lowest) == (None, None)
    assert "does not fall" in found.reason


@pytest.mark.parametrize("points", [0, 1, 7, 11])
def test_of_a_few_points_nothing_is_read(points: int) -> None:
    found = advice(SEARCH, curve([1.0 - index / 100 for index in range(points)]))
    assert found.suggested is None
    assert "too few" in found.reason


def test_it_has_diverged_where_the_loss_is_so_many_times_the_lowest() -> None:
    builder = CurveBuilder(RateSearch(smoothing=0.0, stop_factor=4.0))
    for loss, diverged in ((3.0, False), (1.0, False), (4.0, False), (4.1, True)):
        builder.add(loss)
        assert builder.has_diverged is diverged
    below_0 = CurveBuilder(RateSearch(smoothing=0.0, stop_factor=4.0))
    for loss, diverged in ((-1.0, False), (-0.9, False), (1.9, False), (2.1, True)):
        below_0.add(loss)
        assert below_0.has_diverged is diverged


def test_whole_numbers_will_do_for_rates() -> None:
    assert rate_search({"highest": 1}) == RateSearch(highest=1.0)
    assert rate_search({}) == RateSearch()
