"""Scales, ticks and the way numbers are written."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_dl.ui.plots.axes import StepAxis, ValueAxis
from tui_dl.ui.plots.scales import (
    SCALES,
    Scale,
    backward,
    format_value,
    forward,
    linear_ticks,
    log_ticks,
    nice_step,
    refusal,
    symlog_threshold,
    value_ticks,
)

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0231, "0.02310"),
        (2.3026, "2.303"),
        (0.0, "0"),
        (-0.5, "-0.5000"),
        (12345.0, "12.35k"),
        (1234.0, "1234"),
        (3_400_000.0, "3.4M"),
        (1.2e-5, "1.20e-5"),
        (7e20, "7.00e20"),
        (math.nan, "NaN"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
    ],
)
def test_values_are_written_short(value: float, text: str) -> None:
    assert format_value(value) == text


@given(st.floats())
def test_no_value_takes_many_cells(value: float) -> None:
    assert 1 <= len(format_value(value)) <= 10


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.0, 1.0, ["0", "0.25", "0.50", "0.75", "1.00"]),
        (0.0, 2.3, ["0", "1", "2"]),
        (0.0, 4000.0, ["0", "1k", "2k", "3k", "4k"]),
        (-0.004, 0.004, ["-0.004", "-0.002", "0", "0.002", "0.004"]),
        (0.0, 3e-6, ["0", "1e-6", "2e-6", "3e-6"]),
    ],
)
def test_linear_ticks_are_nice(low: float, high: float, labels: list[str]) -> None:
    assert [tick.label for tick in linear_ticks(low, high, 4)] == labels


def test_log_ticks_are_decades_or_finer() -> None:
    assert [tick.label for tick in log_ticks(-3, 2, 6)] == ["0.001", "0.01", "0.1", "1", "10", "100"]
    assert [tick.label for tick in log_ticks(0, 1, 6)] == ["1", "2", "5", "10"]
    assert len(log_ticks(-300, 300, 5)) <= 6
    assert log_ticks(1.0, 1.0, 4) == []


@given(FINITE, FINITE, st.integers(1, 12), st.sampled_from(SCALES))
def test_ticks_lie_within_the_limits_of_any_axis(one: float, other: float, parts: int, scale: Scale) -> None:
    threshold = symlog_threshold(max(abs(one), abs(other)))
    positions = forward(np.array([one, other]), scale, threshold)
    if not np.isfinite(positions).all():
        return
    axis = ValueAxis().fitting(float(positions.min()), float(positions.max()), scale)
    assert axis.low < axis.high
    ticks = value_ticks(axis.low, axis.high, parts, scale, threshold)
    slack = (axis.high - axis.low) * 1e-6
    assert all(axis.low - slack <= tick.position <= axis.high + slack for tick in ticks)
    assert all(tick.label for tick in ticks)


@given(st.floats(1e-100, 1e100), st.sampled_from(SCALES))
def test_a_position_leads_back_to_its_value(value: float, scale: Scale) -> None:
    position = float(forward(np.array([value]), scale, 1e-3)[0])
    assert backward(position, scale, 1e-3) == pytest.approx(value, rel=1e-6, abs=1e-12)


def test_symlog_is_odd_and_log_leaves_out_what_is_not_positive() -> None:
    values = np.array([-5.0, 0.0, 5.0])
    there = forward(values, "symlog", 0.1)
    assert there[0] == -there[2]
    assert there[1] == 0
    assert np.isnan(forward(values, "log")[:2]).all()


def test_log_refuses_in_words() -> None:
    words = refusal(np.array([1.0, 0.0, -1.0]), "log")
    assert "above 0" in words
    assert "2 not shown" in words
    assert "symlog" in words
    assert refusal(np.array([1.0]), "log") == refusal(np.array([-1.0]), "linear") == ""


@given(st.floats(1e-290, 1e290), st.integers(1, 20))
def test_nice_steps_are_enough_and_not_too_many(span: float, parts: int) -> None:
    step = nice_step(span, parts)
    assert step * parts >= span * (1 - 1e-6)
    assert step * parts <= span * 2.6


def test_the_x_axis_moves_in_steps() -> None:
    axis = StepAxis()
    ends: list[float] = []
    for step in range(1, 5000):
        axis = axis.reaching(float(step))
        assert axis.x_max >= step
        if not ends or ends[-1] != axis.x_max:
            ends.append(axis.x_max)
    assert ends == [100, 150, 200, 300, 400, 600, 800, 1200, 1600, 2400, 3200, 4800, 6400]


def test_the_x_axis_comes_back_after_a_restart_and_survives_nonsense() -> None:
    assert StepAxis(6400).reaching(3).x_max == 100
    assert StepAxis(6400).reaching(2000) == StepAxis(6400)
    for value in (math.nan, math.inf, -1.0, 1e308):
        assert StepAxis().reaching(value) == StepAxis()


def test_the_y_axis_grows_at_once_and_shrinks_late() -> None:
    axis = ValueAxis().fitting(0.1, 2.3)
    assert (axis.low, axis.high) == (0.0, 2.5)
    assert axis.fitting(0.05, 2.4) is axis
    assert axis.fitting(0.05, 1.3) is axis
    assert axis.fitting(0.05, 0.4).high <= 0.5
    assert axis.fitting(0.1, 7.0).high >= 7.0
    assert axis.fitting(math.nan, math.nan) is axis


@given(st.lists(st.tuples(FINITE, FINITE), min_size=1, max_size=10))
def test_the_y_axis_always_holds_the_data(spans: list[tuple[float, float]]) -> None:
    axis = ValueAxis()
    for one, other in spans:
        low, high = max(min(one, other), -1e300), min(max(one, other), 1e300)
        axis = axis.fitting(low, high)
        slack = max(abs(low), abs(high)) * 1e-9
        assert axis.low <= low + slack
        assert axis.high >= high - slack
        assert axis.low < axis.high
