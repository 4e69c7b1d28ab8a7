"""Histograms over time: bounded whatever comes, and never of an abandoned branch."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_dl.history.lineage import Span
from tui_dl.ui.lenses.histogram_history import LEAST_FRAMES, HistogramHistory, counts_between
from tui_dl.wire.snapshots import Histogram


def histogram(layer: str = "a", nonfinite: int = 0, low: float = -1.0, high: float = 1.0) -> Histogram:
    return Histogram(layer, "weights", low, high, tuple(range(10)), 45 + nonfinite, 0, nonfinite)


def steps(history: HistogramHistory, layer: str = "a") -> list[int]:
    return [frame.step for frame in history.frames(layer, "weights")]


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=400), st.integers(2, 40))
def test_of_any_readings_a_bounded_number_stays_and_the_newest_always(gaps: list[int], most: int) -> None:
    history = HistogramHistory(frames=most)
    taken = np.cumsum(gaps).tolist()
    for step in taken:
        history.add(0, step, [histogram()])
        kept = steps(history)
        assert len(kept) <= most + 1
        assert kept[-1] == step
        assert kept == sorted(set(kept))
    assert set(kept) <= set(taken)
    assert kept[0] == taken[0]


def test_what_stays_is_evenly_spaced() -> None:
    history = HistogramHistory(frames=64)
    for step in range(1, 10_001):
        history.add(0, step, [histogram()])
    spacings = np.diff(steps(history)[:-1])
    assert len(spacings) >= 30
    assert spacings[1:].min() == spacings[1:].max()


def test_one_reading_that_is_not_finite_is_never_thinned_out() -> None:
    history = HistogramHistory(frames=8)
    for step in range(1, 2001):
        history.add(0, step, [histogram(nonfinite=int(step == 777))])
    marked = [frame.step for frame in history.frames("a", "weights") if frame.was_nonfinite]
    assert len(marked) == 1
    assert marked[0] <= 777


def test_memory_is_bounded_however_many_layers_there_are() -> None:
    history = HistogramHistory(all_frames=1000)
    names = [f"layers.{place}" for place in range(50)]
    for step in range(1, 100):
        history.add(0, step, [histogram(name) for name in names])
    assert history.frames_held <= 50 * (max(1000 // 50, LEAST_FRAMES) + 1)
    assert steps(history, names[0])[-1] == steps(history, names[-1])[-1] == 99


def test_layers_that_come_later_take_room_from_the_others() -> None:
    history = HistogramHistory(frames=100, all_frames=200)
    for step in range(1, 101):
        history.add(0, step, [histogram("first")])
    assert len(steps(history, "first")) == 100
    history.add(0, 101, [histogram(f"layers.{place}") for place in range(9)])
    assert len(steps(history, "first")) <= 21


def test_an_undo_takes_its_steps_out_and_a_restart_all() -> None:
    history = HistogramHistory()
    for step in range(10, 60, 10):
        history.add(0, step, [histogram()])
    history.keep([Span(0, 1, 30), Span(1, 31, None)])
    assert steps(history) == [10, 20, 30]
    assert history.latest_step("a", "weights") == 30
    history.add(1, 35, [histogram()])
    assert steps(history) == [10, 20, 30, 35]
    history.keep([Span(2, 1, None)])
    assert steps(history) == []
    assert history.latest("a", "weights") is None


def test_a_step_that_is_read_again_replaces_the_reading() -> None:
    history = HistogramHistory()
    for step in (5, 6, 6, 4):
        history.add(0, step, [histogram(low=-step)])
    frames = history.frames("a", "weights")
    assert [(frame.step, frame.histogram.low) for frame in frames] == [(4, -4)]


@given(
    st.lists(st.integers(0, 1000), min_size=1, max_size=40),
    st.floats(-1e6, 1e6),
    st.floats(1e-6, 1e6),
    st.lists(st.floats(-1e7, 1e7), min_size=2, max_size=30, unique=True),
)
def test_shares_over_any_bins_add_up_to_one(
    counts: list[int], low: float, width: float, edges: list[float]
) -> None:
    found = Histogram("a", "weights", low, low + width, tuple(counts), sum(counts), 0, 0)
    shares = counts_between(found, np.sort(np.array(edges)))
    assert shares.size == len(edges) - 1
    assert (shares >= 0).all()
    assert math.isclose(shares.sum(), 1.0 if sum(counts) else 0.0, abs_tol=1e-9)


def test_over_its_own_bins_a_histogram_is_itself() -> None:
    found = histogram()
    shares = counts_between(found, np.linspace(-1, 1, 11))
    assert shares * 45 == pytest.approx(np.arange(10))
    coarse = counts_between(found, np.linspace(-1, 1, 6))
    assert coarse * 45 == pytest.approx([1, 5, 9, 13, 17])
