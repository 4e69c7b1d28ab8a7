"""What is still known of each step: exact where the ring reaches, a bucket before, and nothing twice."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_dl.history import SeriesStore


def filled(rows: int, ring: int = 64, buckets: int = 16) -> SeriesStore:
    store = SeriesStore(ring_points=ring, buckets=buckets)
    for begin in range(0, rows, 50):
        steps = np.arange(begin, min(begin + 50, rows)) + 1
        store.append(0, steps, {"loss": np.sin(steps * 1.0)})
    return store


@given(rows=st.integers(1, 2000), data=st.data())
def test_a_value_is_exact_in_the_ring_and_within_its_bucket_before(rows: int, data: st.DataObject) -> None:
    store = filled(rows)
    step = data.draw(st.integers(1, rows + 10))
    found = store.value_at("loss", step)
    assert found is not None
    truth = np.sin(min(step, rows) * 1.0)
    if step > rows - 64:
        assert found.is_exact
        assert found.mean == truth
        assert found.first_step == min(step, rows)
    else:
        assert found.first_step <= step <= found.last_step
        assert found.low <= truth <= found.high
        assert found.low <= found.mean <= found.high


@given(rows=st.integers(1, 2000))
def test_what_is_held_covers_every_step_once(rows: int) -> None:
    store = filled(rows)
    held = store.held(store.live(), "loss")
    assert (held.count + held.gaps).sum() == rows
    assert (held.first[1:] > held.last[:-1]).all()
    assert held.first[0] == 1
    assert held.last[-1] == rows
    assert held.low.min() == pytest.approx(np.sin(np.arange(1.0, rows + 1)).min())
    points = held.between(rows - 30, rows)
    if rows > 40:
        assert points.first.tolist() == points.last.tolist() == list(range(rows - 30, rows + 1))


def test_a_sparse_metric_is_that_of_the_last_time_it_was_taken() -> None:
    store = filled(100)
    store.append(0, [20, 40], {"validation.loss": [1.0, np.nan]})
    assert store.value_at("validation.loss", 19) is None
    found = store.value_at("validation.loss", 39)
    assert found is not None
    assert (found.first_step, found.mean) == (20, 1.0)
    bad = store.value_at("validation.loss", 99)
    assert bad is not None
    assert bad.count == 0
    assert np.isnan(bad.mean)


def test_after_an_undo_a_step_has_the_value_of_the_live_branch() -> None:
    store = filled(100)
    store.branch(1, 0, 50)
    store.append(1, np.arange(51, 61), {"loss": np.full(10, 7.0)})
    for step, value in ((50, np.sin(50.0)), (55, 7.0), (99, 7.0)):
        found = store.value_at("loss", step)
        assert found is not None
        assert found.mean == value
    held = store.held(store.live(), "loss")
    assert held.last[-1] == 60
    assert held.count.sum() == 60


@settings(deadline=None, max_examples=60)
@given(
    spike=st.integers(1, 200_000),
    before=st.sampled_from([0, 1, 50_000]) | st.integers(0, 100_000),
    after=st.sampled_from([1, 2, 50_000]) | st.integers(1, 100_000),
    columns=st.integers(1, 40) | st.integers(1, 400),
)
def test_a_view_that_holds_the_step_of_a_spike_shows_it(
    spike: int, before: int, after: int, columns: int
) -> None:
    values = np.zeros(200_000)
    values[spike - 1] = 7.0
    store = SeriesStore(ring_points=512, buckets=256)
    store.append(0, np.arange(200_000) + 1, {"loss": values})
    edges = np.linspace(max(spike - before, 0), spike + after, columns + 1)
    window = store.window_of(store.live(), "loss", edges)
    assert np.nanmax(window.high) == 7.0


@pytest.mark.parametrize("columns", [1, 10, 40])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_spike_at_the_edge_of_a_view_is_not_lost_with_its_bucket(columns: int, is_first: bool) -> None:
    for spike in range(60_000, 130_000, 3_001):
        values = np.zeros(200_000)
        values[spike - 1] = 7.0
        store = SeriesStore(ring_points=512, buckets=256)
        store.append(0, np.arange(200_000) + 1, {"loss": values})
        limits = (spike, spike + 50_000) if is_first else (spike - 50_000, spike + 1)
        window = store.window_of(store.live(), "loss", np.linspace(*limits, columns + 1))
        assert np.nanmax(window.high) == 7.0
