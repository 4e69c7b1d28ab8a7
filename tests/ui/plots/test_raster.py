"""Numbers to dots: what is extreme is seen, what is missing is a gap, what is infinite harms nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_dl.history.arrays import FloatArray
from tui_dl.ui.plots.raster import (
    DotColumns,
    dot_columns,
    dot_rows,
    draw_line,
    extent,
    smooth,
    thicken,
)

ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)


def reduced(ys: FloatArray, columns: int) -> DotColumns:
    finite = np.isfinite(ys)
    clean = np.where(finite, ys, np.nan)
    xs = np.arange(ys.size, dtype=np.float64)
    return dot_columns(xs, clean, clean, clean, ~finite, (0.0, max(ys.size - 1.0, 1.0)), columns)


@given(st.integers(0, 999_999), st.integers(2, 500))
def test_a_spike_of_one_step_among_a_million_is_drawn_to_the_top(spike: int, columns: int) -> None:
    ys = np.zeros(1_000_000)
    ys[spike] = 1.0
    part = reduced(ys, columns)
    dots = draw_line(part.low, part.high, part.mean, part.broken, (0.0, 1.0), 40)
    assert dots[0].any()
    assert abs(int(np.argmax(dots[0])) - spike * columns / 1_000_000) <= 1.5


@given(st.lists(ANY_FLOAT, min_size=1, max_size=200), st.integers(1, 80), st.integers(1, 60))
def test_anything_is_drawn_inside_and_limits_stay_finite(
    values: list[float], columns: int, rows: int
) -> None:
    ys = np.array(values)
    part = reduced(ys, columns)
    limits = extent([part])
    finite = ys[np.isfinite(ys)]
    if limits is None:
        assert finite.size == 0
        return
    assert limits == (finite.min(), finite.max())
    low, high = max(limits[0], -1e300), min(limits[1], 1e300)
    high = high if high > low else low + max(abs(low), 1.0)
    for dash in ("solid", "dashed", "dotted", "points", "marked"):
        dots = draw_line(part.low, part.high, part.mean, part.broken, (low, high), rows, dash=dash)
        assert dots.shape == (rows, columns)
    solid = draw_line(part.low, part.high, part.mean, part.broken, (low, high), rows)
    inside = part.known & (part.high >= low) & (part.low <= high)
    assert solid[:, inside].any(axis=0).all()


def test_a_gap_is_left_at_nan_and_nothing_bridges_it() -> None:
    ys = np.array([1.0, 1.0, np.nan, 1.0, 1.0])
    part = reduced(ys, 5)
    dots = draw_line(part.low, part.high, part.mean, part.broken, (0.0, 2.0), 5)
    assert dots.any(axis=0).tolist() == [True, True, False, True, True]


def test_a_gap_of_one_step_is_left_when_points_are_sparse() -> None:
    ys = np.array([0.0, 1.0, np.inf, 1.0, 0.0])
    part = reduced(ys, 50)
    dots = draw_line(part.low, part.high, part.mean, part.broken, (0.0, 1.0), 20)
    assert not dots[:, 13:37].any()
    assert dots[:, :12].any(axis=0).all()
    assert dots[:, 38:].any(axis=0).all()


def test_sparse_points_are_joined() -> None:
    part = reduced(np.array([0.0, 1.0]), 30)
    dots = draw_line(part.low, part.high, part.mean, part.broken, (0.0, 1.0), 30)
    assert dots.any(axis=0).all()
    assert dots.any(axis=1).all()


def test_a_line_is_connected_from_column_to_column() -> None:
    part = reduced(np.array([0.0, 1.0, 0.0, 1.0]), 4)
    dots = draw_line(part.low, part.high, part.mean, part.broken, (0.0, 1.0), 12)
    for left, right in zip(dots.T, dots.T[1:], strict=False):
        rows_left, rows_right = np.flatnonzero(left), np.flatnonzero(right)
        assert rows_left.min() - 1 <= rows_right.max()
        assert rows_right.min() - 1 <= rows_left.max()


def test_the_part_outside_of_a_zoom_is_not_drawn() -> None:
    xs = np.arange(100.0)
    none = np.zeros(100, dtype=np.bool_)
    part = dot_columns(xs, xs, xs, xs, none, (40.0, 49.0), 10)
    assert part.mean.tolist() == list(range(40, 50))
    assert not draw_line(part.low, part.high, part.mean, part.broken, (60.0, 70.0), 8).any()


def test_dot_rows_are_minus_one_outside() -> None:
    assert dot_rows(np.array([0.0, 1.0, 2.0, np.nan]), 0.0, 1.0, 5).tolist() == [4, 0, -1, -1]


def test_dashes_leave_holes() -> None:
    part = reduced(np.ones(40), 40)
    shares = [
        draw_line(part.low, part.high, part.mean, part.broken, (0.0, 2.0), 4, dash=dash).any(axis=0).mean()
        for dash in ("solid", "dashed", "dotted")
    ]
    assert shares[0] == 1.0
    assert 1.0 > shares[1] > shares[2] > 0.2


def test_marked_lines_show_where_their_points_are() -> None:
    ys = np.full(100, np.nan)
    ys[[10, 50, 90]] = 0.5
    xs = np.arange(100.0)
    none = np.zeros(100, dtype=np.bool_)
    part = dot_columns(xs, ys, ys, ys, none, (0.0, 99.0), 100)
    dots = draw_line(part.low, part.high, part.mean, part.broken, (0.0, 1.0), 20, dash="marked")
    heights = dots.sum(axis=0)
    assert heights[10:13].max() > heights[30]


def test_thick_lines_have_more_dots() -> None:
    dots = np.zeros((6, 6), dtype=np.bool_)
    dots[2, 2] = True
    assert thicken(dots).sum() == 4


@given(
    st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))), min_size=1, max_size=120),
    st.floats(0.1, 200.0),
)
def test_smoothing_equals_the_plain_recurrence(values: list[float], time_constant: float) -> None:
    ys = np.array(values)
    fade, total, weight = np.exp(-1.0 / time_constant), 0.0, 0.0
    expected = []
    for y in ys:
        total, weight = total * fade, weight * fade
        if np.isfinite(y):
            total, weight = total + y, weight + 1.0
        expected.append(total / weight if np.isfinite(y) else np.nan)
    np.testing.assert_allclose(smooth(ys, 1.0, time_constant), expected, rtol=1e-9, atol=1e-6)


def test_smoothing_of_huge_and_long_series_stays_finite() -> None:
    assert np.isfinite(smooth(np.full(20_000, 1e290), 1.0, 0.01)).all()
    assert smooth(np.full(20_000, 3.0), 1.0, 50.0) == pytest.approx(3.0)


def test_smoothing_of_zero_changes_nothing() -> None:
    ys = np.array([1.0, 5.0])
    assert smooth(ys, 1.0, 0.0) is ys
