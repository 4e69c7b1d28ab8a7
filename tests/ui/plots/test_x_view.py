"""The shared view of x: whatever is pressed in whatever order, it stays a range of what there is."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_dl.ui.plots.x_view import LABEL_MODES, PlotState, Reach, XView

REACH = Reach(last=800.0, whole=1000.0, least=4.0)
PLACES = st.floats(-1e9, 1e9)
OPERATIONS = st.one_of(
    st.tuples(st.just("zoom"), st.sampled_from([0.25, 0.5, 1.5, 2.0, 64.0]), st.none() | PLACES),
    st.tuples(st.just("wheel"), st.integers(-3, 3), PLACES),
    st.tuples(st.just("pan"), st.floats(-5, 5), st.none()),
    st.tuples(st.just("toggle"), st.none(), st.none()),
    st.tuples(st.just("grow"), st.floats(1.0, 3.0), st.none()),
)


@given(st.lists(OPERATIONS, max_size=40), st.floats(1.0, 1e7))
def test_no_sequence_of_keys_leads_astray(operations: list[tuple[str, float, float]], last: float) -> None:
    view, reach = XView(), Reach(last, 1.5 * last, 1.5 * last * 1e-6)
    for name, value, place in operations:
        match name:
            case "zoom":
                view = view.zoomed(value, reach, place)
            case "wheel":
                view = view.wheeled(int(value), reach, place)
            case "pan":
                view = view.panned(value, reach)
            case "toggle":
                view = view.toggled(reach)
            case "grow":
                reach = Reach(reach.last * value, reach.whole * value, reach.least * value)
        low, high = view.shown(reach)
        assert math.isfinite(low)
        assert math.isfinite(high)
        assert 0 <= low < high
        if view.mode == "follow":
            assert low <= reach.last <= high


def test_looking_closer_at_all_follows_the_newest() -> None:
    view = XView().zoomed(2, REACH)
    assert view.mode == "follow"
    low, high = view.shown(REACH)
    assert high - low == 500
    assert low < 800 < high


@given(st.floats(0, 1000))
def test_what_is_under_the_pointer_stays_there(place: float) -> None:
    frozen = XView("frozen", 200.0, 600.0)
    about = min(max(place, 200.0), 600.0)
    low, high = frozen.zoomed(2, REACH, place).shown(REACH)
    assert high - low == pytest.approx(200)
    assert (about - low) / (high - low) == pytest.approx((about - 200) / 400)


def test_zooming_out_far_enough_shows_all() -> None:
    assert XView("frozen", 200.0, 600.0).zoomed(0.25, REACH) == XView()
    assert XView("follow", width=600.0).zoomed(0.5, REACH) == XView()


def test_it_can_not_look_closer_than_a_few_steps() -> None:
    view = XView("frozen", 200.0, 600.0)
    for _ in range(30):
        view = view.zoomed(2, REACH)
    low, high = view.shown(REACH)
    assert high - low == pytest.approx(4.0)


def test_a_window_that_follows_leaps_and_a_frozen_one_stays() -> None:
    follow, frozen = XView("follow", width=80.0), XView("frozen", 10.0, 90.0)
    shown = {follow.shown(Reach(last, 2000.0, 4.0)) for last in range(500, 600)}
    assert 8 <= len(shown) <= 12
    assert {frozen.shown(Reach(last, 2000.0, 4.0)) for last in range(500, 600)} == {(10.0, 90.0)}


def test_freezing_keeps_what_is_shown_and_following_its_width() -> None:
    follow = XView("follow", width=80.0)
    frozen = follow.toggled(REACH)
    assert frozen.mode == "frozen"
    assert frozen.shown(REACH) == follow.shown(REACH)
    assert frozen.toggled(REACH) == follow
    assert XView().toggled(REACH).shown(REACH) == (0.0, 1000.0)


def test_a_pan_freezes_and_stops_at_both_ends() -> None:
    view = XView("follow", width=400.0).panned(-0.25, REACH)
    assert view.mode == "frozen"
    for _ in range(20):
        view = view.panned(-0.25, REACH)
    assert view.shown(REACH) == (0.0, 400.0)
    for _ in range(20):
        view = view.panned(0.25, REACH)
    assert view.shown(REACH) == (600.0, 1000.0)
    assert XView().panned(-0.25, REACH) == XView()


@given(st.one_of(st.none(), st.floats()), st.integers(0, 10**7))
def test_the_crosshair_stands_on_a_step_that_there_is(step: float | None, last: int) -> None:
    cross = PlotState().crossed(step, last).cross
    assert cross is None or 1 <= cross <= last
    assert (cross is None) == (step is None or last < 1 or not math.isfinite(step))


def test_labels_come_round() -> None:
    state = PlotState()
    seen = [state.labels]
    for _ in LABEL_MODES:
        state = state.next_labels()
        seen.append(state.labels)
    assert seen == ["auto", "all", "none", "auto"]
