"""Undo and restart: the live curve holds its own line alone, ghosts hold the rest."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_dl.history import Lineage, SeriesStore, Span


def write(store: SeriesStore, segment: int, first: int, last: int, value: float) -> None:
    steps = np.arange(first, last + 1)
    for begin in range(0, steps.size, 700):
        part = steps[begin : begin + 700]
        store.append(segment, part, {"loss": np.full(part.size, value)})


def test_undo_leaves_a_ghost_and_goes_on_from_the_branch() -> None:
    store = SeriesStore()
    write(store, 0, 1, 100, 0.0)
    store.branch(1, 0, 60)
    write(store, 1, 61, 80, 1.0)
    assert store.live() == [Span(0, 1, 60), Span(1, 61, None)]
    assert store.ghosts() == [Span(0, 61, 100, "abandoned")]
    live = store.live_window("loss", 1, 100, 100)
    assert live.mean[:80].tolist() == [0.0] * 60 + [1.0] * 20
    assert np.isnan(live.mean[80:]).all()
    ghost = store.window_of(store.ghosts(), "loss", live.edges)
    assert ghost.count.tolist() == [0] * 60 + [1] * 40


def test_undo_beyond_the_point_where_the_parent_branched_off() -> None:
    store = SeriesStore()
    write(store, 0, 1, 100, 0.0)
    store.branch(1, 0, 60)
    write(store, 1, 61, 80, 1.0)
    store.branch(2, 1, 50)
    write(store, 2, 51, 55, 2.0)
    assert store.live() == [Span(0, 1, 50), Span(2, 51, None)]
    assert {(span.segment, span.first_step, span.last_step) for span in store.ghosts()} == {
        (0, 51, 100),
        (1, 61, 80),
    }
    assert store.last_step() == 55


def test_a_restart_has_no_parent_and_the_first_run_stays_to_compare() -> None:
    store = SeriesStore()
    write(store, 0, 1, 100, 0.0)
    store.begin(1)
    write(store, 1, 1, 30, 1.0)
    assert store.live() == [Span(1, 1, None)]
    assert store.ghosts() == [Span(0, 1, 100, "earlier")]
    assert store.latest("loss") == (30, 1.0)


def test_the_first_evaluation_after_an_undo_is_not_awaited() -> None:
    store = SeriesStore()
    store.append(0, [10], {"validation.loss": [0.5]})
    store.append(0, [20], {"validation.loss": [9.0]})
    store.branch(1, 0, 15)
    assert store.latest("validation.loss") == (10, 0.5)


def test_an_explosion_that_was_undone_long_ago_never_shows_in_the_live_curve() -> None:
    store = SeriesStore(ring_points=64, buckets=16)
    write(store, 0, 1, 1001, 1.0)
    write(store, 0, 1002, 5000, 1e9)
    store.branch(1, 0, 1001)
    write(store, 1, 1002, 5000, 1.0)
    live = store.live_window("loss", 1, 5000, 40)
    assert np.nanmax(live.high) == 1.0
    ghost = store.window_of(store.ghosts(), "loss", live.edges)
    assert np.nanmax(ghost.high) == 1e9


def test_rows_of_the_parent_that_arrive_after_the_branch_find_their_side() -> None:
    store = SeriesStore()
    write(store, 0, 1, 50, 0.0)
    store.branch(1, 0, 60)
    write(store, 0, 51, 70, 5.0)
    assert store.live_window("loss", 1, 70, 70).count.tolist() == [1] * 60 + [0] * 10
    assert store.ghosts() == [Span(0, 61, 70, "abandoned")]


def test_marks_belong_to_their_branch() -> None:
    store = SeriesStore()
    write(store, 0, 1, 100, 0.0)
    store.add_mark(80, 0, "lr 10")
    store.add_mark(20, 0, "relu")
    store.branch(1, 0, 60)
    store.add_mark(60, 1, "undo", kind="undo")
    store.add_mark(60, 1, "undo", kind="undo")
    assert [mark.label for mark in store.marks(store.live())] == ["relu", "undo"]
    assert [mark.label for mark in store.marks()] == ["relu", "undo", "lr 10"]


def test_many_undos_do_not_grow_memory_without_bound() -> None:
    store = SeriesStore(ring_points=1024, buckets=512)
    sizes = []
    last = 0
    for segment in range(150):
        if segment:
            store.branch(segment, segment - 1, last - 100)
            last -= 100
        write(store, segment, last + 1, last + 2000, float(segment))
        last += 2000
        sizes.append(store.bytes_held)
    one_segment = sizes[0]
    assert sizes[-1] < 150 * one_segment / 5
    assert sizes[-1] - sizes[-2] < one_segment / 5
    live = store.live_window("loss", 1, last, 200)
    assert (live.count > 0).all()


def test_a_loop_in_damaged_data_ends() -> None:
    assert Lineage({0: (1, 5), 1: (0, 5)}).live(1)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 60)), max_size=6), st.sampled_from([4, 64]))
def test_live_and_ghosts_hold_every_row_once(plan: list[tuple[int, int]], ring: int) -> None:
    store = SeriesStore(ring_points=max(ring, 64), buckets=64)
    rows: dict[tuple[int, int], float] = {}
    live: dict[int, float] = {}
    last = 0
    for segment, (length, back) in enumerate([(30, 0), *plan]):
        if segment:
            at = max(last - back, 0)
            store.branch(segment, segment - 1, at)
            live = {step: value for step, value in live.items() if step <= at}
            last = at
        for step in range(last + 1, last + length + 1):
            rows[(segment, step)] = live[step] = segment * 1000.0 + step
            store.append(segment, [step], {"loss": [live[step]]})
        last += length
    steps, values = store.points(store.live(), "loss")
    assert dict(zip(steps.tolist(), values.tolist(), strict=True)) == live
    total = store.points(store.ghosts(), "loss")[0].size + steps.size
    assert total == len(rows)
    edges = np.linspace(0.5, max(last, 1) + 0.5, max(last, 1) + 1)
    window = store.window_of(store.live(), "loss", edges)
    for step, value in live.items():
        assert window.low[step - 1] <= value <= window.high[step - 1]
