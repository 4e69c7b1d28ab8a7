"""Steps as epochs, samples and seconds: from what was recorded, whatever was changed on the way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_dl.history import SeriesStore
from tui_dl.ui.plots.plot_board import PlotBoard
from tui_dl.ui.plots.x_units import X_UNITS, XUnit, x_map
from tui_dl.ui.plots.x_view import XView

SAMPLES = 1000


def trained(sizes: list[int], ring: int = 8192, buckets: int = 4096) -> tuple[SeriesStore, np.ndarray]:
    """A run whose batches had these sizes; a step takes 10 ms, and every fifth step the time is taken."""
    store = SeriesStore(ring_points=ring, buckets=buckets)
    seen = np.cumsum(np.array(sizes, dtype=np.float64))
    steps = np.arange(1, len(sizes) + 1)
    for begin in range(0, steps.size, 1000):
        part = slice(begin, begin + 1000)
        store.append(0, steps[part], {"train.loss": 1.0 / steps[part], "samples_seen": seen[part]})
    timed = steps[4::5]
    store.append(0, timed, {"elapsed_s": timed * 0.01})
    return store, seen


def test_a_batch_of_another_size_bends_samples_and_epochs_where_it_began() -> None:
    store, seen = trained([64] * 100 + [10] * 50 + [128] * 30)
    samples = x_map(store, "samples", store.live(), SAMPLES)
    epochs = x_map(store, "epoch", store.live(), SAMPLES)
    for step in (1, 99, 100, 101, 150, 151, 180):
        assert samples.at(step) == seen[step - 1]
        assert epochs.at(step) == pytest.approx(seen[step - 1] / SAMPLES)
        assert samples.step_at(seen[step - 1]) == pytest.approx(step)
    assert samples.at(0) == 0
    assert samples.at(181) == seen[-1] + 128


@settings(deadline=None, max_examples=40)
@given(
    changes=st.lists(
        st.tuples(st.integers(1, 3000), st.sampled_from([1, 7, 64, 500])), min_size=1, max_size=5
    ),
    ring=st.sampled_from([64, 8192]),
)
def test_samples_are_right_however_old_the_step(changes: list[tuple[int, int]], ring: int) -> None:
    sizes = [size for count, size in changes for _ in range(count)]
    store, seen = trained(sizes, ring=ring, buckets=2048)
    if seen.size < 2:
        return
    found = x_map(store, "samples", store.live(), SAMPLES)
    steps = np.arange(1, seen.size + 1)
    # Where points are no longer held it is right to a share of the axis that is less than a dot.
    tolerance = 0.0 if ring >= seen.size else 2 * 500 * (seen.size / 1024 + seen.size / 1024 + 2)
    assert np.abs(found.to_unit(steps) - seen).max() <= tolerance
    assert np.abs(found.to_unit(steps[-ring:]) - seen[-ring:]).max() == 0
    there = found.to_unit(steps.astype(np.float64))
    assert (np.diff(there) >= 0).all()
    assert np.allclose(found.to_unit(found.to_steps(there)), there)


def test_seconds_lie_between_the_steps_at_which_they_were_taken() -> None:
    store, _ = trained([64] * 100)
    seconds = x_map(store, "seconds", store.live(), SAMPLES)
    assert seconds.at(0) == pytest.approx(0)
    assert seconds.at(52) == pytest.approx(0.52)
    assert seconds.at(200) == pytest.approx(2.0)
    assert seconds.step_at(0.5) == pytest.approx(50)


def test_after_an_undo_seconds_go_on_and_after_a_restart_they_begin_again() -> None:
    store, _ = trained([64] * 100)
    store.branch(1, 0, 50)
    store.append(1, [60, 70], {"elapsed_s": [1.1, 1.2]})
    live = x_map(store, "seconds", store.live(), SAMPLES)
    assert live.at(50) == pytest.approx(0.5)
    assert live.at(70) == pytest.approx(1.2)
    undone = x_map(store, "seconds", store.live(0), SAMPLES)
    assert undone.at(70) == pytest.approx(0.7)
    store.begin(2)
    store.append(2, [10, 20], {"elapsed_s": [1.4, 1.6]})
    again = x_map(store, "seconds", store.live(), SAMPLES)
    assert again.at(0) == pytest.approx(0)
    assert again.at(20) == pytest.approx(0.4)


@pytest.mark.parametrize("unit", X_UNITS)
def test_without_a_record_an_axis_is_in_steps(unit: XUnit) -> None:
    store = SeriesStore()
    assert x_map(store, unit, store.live(), 0).unit == "step"
    store.append(0, [1], {"train.loss": [1.0]})
    assert x_map(store, unit, store.live(), 0).unit == "step"


def test_a_frozen_range_stays_where_it_is_in_every_unit() -> None:
    store, _ = trained([64] * 500 + [10] * 500)
    board = PlotBoard()
    board.state = board.state.__class__(view=XView("frozen", 300.0, 700.0))
    for unit in ("epoch", "samples", "seconds", "step"):
        board.change_unit(unit, store, SAMPLES)
        sight = board.sight(store, SAMPLES)
        assert sight.map.unit == unit
        low, high = (sight.map.step_at(x) for x in sight.x_range)
        assert (low, high) == (pytest.approx(300, abs=0.1), pytest.approx(700, abs=0.1))


def test_a_place_is_told_in_every_unit_that_is_known() -> None:
    store, _ = trained([64] * 100)
    board = PlotBoard()
    board.sight(store, SAMPLES)
    assert board.all_units(store, 50) == {
        "step": 50.0,
        "epoch": pytest.approx(3.2),
        "samples": 3200.0,
        "seconds": pytest.approx(0.5),
    }
    assert board.all_units(SeriesStore(), 50) == {"step": 50.0}


@pytest.mark.parametrize("unit", X_UNITS)
def test_the_axis_that_shows_all_holds_what_was_undone_too(unit: XUnit) -> None:
    store, _ = trained([64] * 900)
    store.branch(1, 0, 50)
    store.append(
        1, [51, 60], {"train.loss": [1, 1], "samples_seen": [51 * 64, 60 * 64], "elapsed_s": [9.1, 9.2]}
    )
    board = PlotBoard()
    board.change_unit(unit, store, SAMPLES)
    sight = board.sight(store, SAMPLES)
    assert sight.x_range[0] == 0
    assert sight.x_range[1] >= board.map_of(store, 0).at(900)
