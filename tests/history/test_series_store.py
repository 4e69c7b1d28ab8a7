"""The bounded history: nothing extreme is lost, nothing abandoned leaks, memory stays flat."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_dl.history import SeriesStore, Span


def filled(rows: int, *, chunk: int = 1000, **sizes: int) -> SeriesStore:
    store = SeriesStore(**sizes)
    for begin in range(0, rows, chunk):
        steps = np.arange(begin, min(begin + chunk, rows)) + 1
        store.append(0, steps, {"loss": 1.0 / steps, "lr": np.full(steps.size, 0.1)})
    return store


@settings(deadline=None, max_examples=30)
@given(spike=st.integers(0, 999_999), columns=st.integers(1, 400))
def test_a_one_step_spike_among_a_million_is_visible(spike: int, columns: int) -> None:
    values = np.zeros(1_000_000)
    values[spike] = 7.0
    store = SeriesStore()
    for begin in range(0, values.size, 250_000):
        part = values[begin : begin + 250_000]
        store.append(0, np.arange(begin, begin + part.size) + 1, {"loss": part})
    window = store.window(0, "loss", 1, 1_000_000, columns)
    assert np.nanmax(window.high) == 7.0
    column = int(np.nanargmax(window.high))
    assert window.edges[column] - 512 <= spike + 1 <= window.edges[column + 1] + 512
    assert window.count.sum() == 1_000_000


@settings(deadline=None)
@given(
    values=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=300),
    columns=st.integers(1, 90),
    buckets=st.sampled_from([2, 8, 64, 512]),
    ring=st.sampled_from([1, 16, 512]),
    chunk=st.integers(1, 50),
)
def test_window_agrees_with_the_plain_numbers(
    values: list[float], columns: int, buckets: int, ring: int, chunk: int
) -> None:
    data = np.array(values)
    store = SeriesStore(ring_points=ring, buckets=buckets)
    for begin in range(0, data.size, chunk):
        part = data[begin : begin + chunk]
        store.append(0, np.arange(begin, begin + part.size) + 1, {"x": part})
    window = store.window(0, "x", 1, data.size, columns)
    finite = data[np.isfinite(data)]
    if finite.size:
        assert np.nanmin(window.low) == finite.min()
        assert np.nanmax(window.high) == finite.max()
    filled_columns = window.count > 0
    assert np.isfinite(window.low[filled_columns]).all()
    assert np.isfinite(window.high[filled_columns]).all()
    assert (window.mean[filled_columns] >= window.low[filled_columns]).all()
    assert (window.mean[filled_columns] <= window.high[filled_columns]).all()
    assert np.isnan(window.low[~filled_columns]).all()
    if data.size <= ring:
        assert window.count.sum() == finite.size
        assert window.gaps.sum() == data.size - finite.size


def test_exact_numbers_from_the_ring_per_column() -> None:
    store = SeriesStore()
    store.append(0, np.arange(1, 9), {"x": [1, 2, 3, np.nan, 5, np.inf, -np.inf, 8]})
    window = store.window(0, "x", 1, 8, 4)
    assert window.low.tolist()[:2] == [1, 3]
    assert window.high.tolist()[:2] == [2, 3]
    assert window.count.tolist() == [2, 1, 1, 1]
    assert window.gaps.tolist() == [0, 1, 1, 1]
    assert window.mean.tolist() == [1.5, 3, 5, 8]


def test_the_sum_of_huge_values_does_not_spoil_the_mean() -> None:
    store = SeriesStore(ring_points=2, buckets=2)
    store.append(0, np.arange(1, 101), {"x": np.full(100, 1.7e308)})
    window = store.window(0, "x", 1, 100, 1)
    assert window.mean[0] == 1.7e308


def test_memory_is_flat_from_a_thousand_to_ten_million_steps() -> None:
    store = filled(20_000)
    early = store.bytes_held
    state_early = len(store.to_state()["segments"][0][1][0]["tables"][0]["pyramid"]["low"])
    for begin in range(20_000, 10_000_000, 500_000):
        steps = np.arange(begin, begin + 500_000) + 1
        store.append(0, steps, {"loss": np.ones(steps.size), "lr": np.ones(steps.size)})
    assert store.last_step() == 10_020_000 - 20_000 + 20_000
    assert store.bytes_held < 2 * early
    assert len(store.to_state()["segments"][0][1][0]["tables"][0]["pyramid"]["low"]) < 2 * state_early
    window = store.window(0, "loss", 1, 10_000_000, 300)
    assert (window.count > 0).all()


def test_zooming_into_the_distant_past_shows_the_bucket_over_its_columns() -> None:
    store = filled(1_000_000, chunk=100_000)
    window = store.window(0, "loss", 1000, 1100, 50)
    assert (window.count > 0).all()
    assert window.low.min() <= 1 / 1100
    assert window.high.max() >= 1 / 1000


def test_zooming_into_the_recent_past_is_exact() -> None:
    store = filled(1_000_000, chunk=100_000)
    window = store.window(0, "loss", 999_901, 1_000_000, 100)
    assert window.count.tolist() == [1] * 100
    assert window.mean.tolist() == (1.0 / np.arange(999_901, 1_000_001)).tolist()


def test_a_window_that_begins_before_the_ring_joins_both() -> None:
    store = filled(100_000, chunk=7_000)
    window = store.window(0, "loss", 80_001, 100_000, 20_000)
    assert (window.count > 0).all()
    assert window.count[-5000:].tolist() == [1] * 5000
    exact = 1.0 / np.arange(80_001, 100_001)
    assert (window.low <= exact).all()
    assert (window.high >= exact).all()


def test_appending_the_same_rows_again_changes_nothing() -> None:
    store = filled(500)
    before = store.to_state()
    revision = store.revision
    store.append(0, np.arange(1, 501), {"loss": np.zeros(500), "lr": np.zeros(500)})
    assert store.to_state() == before
    assert store.revision == revision


def test_a_resumed_run_repeats_some_rows_and_adds_others() -> None:
    store = filled(500)
    steps = np.arange(401, 601)
    store.append(0, steps, {"loss": 1.0 / steps, "lr": np.full(200, 0.1)})
    window = store.window(0, "loss", 1, 600, 600)
    assert window.count.tolist() == [1] * 600
    assert window.mean.tolist() == (1.0 / np.arange(1, 601)).tolist()


def test_unordered_and_repeated_rows_in_one_call_are_sorted() -> None:
    store = SeriesStore()
    store.append(0, [3, 1, 2, 3], {"x": [30, 10, 20, 99]})
    steps, values = store.points([Span(0, 1, None)], "x")
    assert steps.tolist() == [1, 2, 3]
    assert values.tolist() == [10, 20, 30]


def test_unequal_lengths_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="loss has shape"):
        SeriesStore().append(0, [1, 2], {"loss": [1.0]})


def test_metrics_of_different_rhythm_share_a_segment() -> None:
    store = SeriesStore()
    for step in range(1, 101):
        store.append(0, [step], {"loss": [float(step)], "lr": [0.1]})
        if step % 10 == 0:
            store.append(0, [step], {"validation.loss": [step / 2]})
    steps, values = store.points(store.live(), "validation.loss")
    assert steps.tolist() == list(range(10, 101, 10))
    assert values[-1] == 50
    assert store.metrics() == ["loss", "lr", "validation.loss"]
    assert store.latest("loss") == (100, 100.0)


def test_columns_that_part_ways_keep_what_they_had() -> None:
    store = SeriesStore()
    store.append(0, [1, 2], {"a": [1, 2], "b": [10, 20]})
    store.append(0, [3], {"a": [3]})
    store.append(0, [4], {"a": [4], "b": [40], "c": [400]})
    assert store.points(store.live(), "a")[1].tolist() == [1, 2, 3, 4]
    assert store.points(store.live(), "b")[0].tolist() == [1, 2, 4]
    assert store.window(0, "b", 1, 4, 4).count.tolist() == [1, 1, 0, 1]
    assert store.points(store.live(), "c")[0].tolist() == [4]


def test_the_latest_value_may_be_one_that_is_not_finite() -> None:
    store = SeriesStore()
    store.append(0, [1, 2], {"x": [1.0, np.inf]})
    assert store.latest("x") == (2, np.inf)
    assert store.latest("y") is None
    assert SeriesStore().last_step() == 0


def test_hundreds_of_columns_stay_bounded() -> None:
    store = SeriesStore()
    names = [f"layers.{index}.grad_norm" for index in range(300)]
    for begin in range(0, 60_000, 20_000):
        steps = np.arange(begin, begin + 20_000) + 1
        store.append(0, steps, {name: np.ones(steps.size) for name in names})
    assert store.bytes_held < 24 * 2**20
    assert store.window(0, names[-1], 1, 60_000, 200).count.sum() == 60_000


def test_state_survives_the_trip_and_goes_on() -> None:
    store = filled(30_000)
    store.branch(1, 0, 25_000)
    store.append(1, np.arange(25_001, 26_001), {"loss": np.ones(1000), "lr": np.ones(1000)})
    store.add_mark(25_000, 1, "activation relu")
    twin = SeriesStore.from_state(store.to_state())
    assert twin.to_state() == store.to_state()
    for each in (store, twin):
        each.append(1, np.arange(26_001, 36_001), {"loss": np.zeros(10_000), "lr": np.ones(10_000)})
    one, other = (each.live_window("loss", 1, 36_000, 100) for each in (store, twin))
    assert np.array_equal(one.mean, other.mean)
    assert twin.branches == {1: (0, 25_000)}
    assert [mark.label for mark in twin.marks()] == ["activation relu"]


def test_a_state_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 99"):
        SeriesStore.from_state({"version": 99})
