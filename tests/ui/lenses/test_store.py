"""The lenses' memory: readings come in, series and histograms come out, an undo takes its part back."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_dl.history.lineage import Lineage
from tui_dl.ui.lenses.store import Lenses
from tui_dl.wire.messages import PastReadings, ReadingTaken
from tui_dl.wire.snapshots import (
    Histogram,
    HistogramsRead,
    LayerReading,
    LayersRead,
    OptimizerRead,
    OptimizerReading,
)

ONE = Lineage({0: None})
UNDONE = Lineage({0: None, 1: (0, 30)})
RESTARTED = Lineage({0: None, 1: None})


def layers(norm: float | None = 1.0, ratio: float | None = 1e-3, missing: str = "") -> LayersRead:
    return LayersRead((LayerReading("layers.0", norm, 2.0, ratio, None, None),), 0.5, missing)


def points(lenses: Lenses, metric: str) -> tuple[list[int], list[float]]:
    store = lenses.series.store_of(metric)
    steps, values = store.points(store.live(), metric)
    return steps.tolist(), values.tolist()


def test_norms_are_kept_over_steps_by_their_documented_names() -> None:
    lenses = Lenses()
    for step in (10, 20, 30):
        lenses.take(ReadingTaken(0, step, layers(step / 10)), ONE)
    assert points(lenses, "layers.0.grad_norm") == ([10, 20, 30], [1.0, 2.0, 3.0])
    assert lenses.series.has("layers.0.update_ratio")
    assert not lenses.series.has("layers.0.dead_share")


def test_what_is_not_finite_is_kept_and_hides_nothing_else() -> None:
    lenses = Lenses()
    for step, norm in ((10, 1.0), (20, math.nan), (30, math.inf), (40, 4.0)):
        lenses.take(ReadingTaken(0, step, layers(norm)), ONE)
    steps, values = points(lenses, "layers.0.grad_norm")
    assert steps == [10, 20, 30, 40]
    assert (values[0], values[-1]) == (1.0, 4.0)
    assert not math.isfinite(values[1])


def test_an_undo_takes_its_readings_out_of_the_live_curve() -> None:
    lenses = Lenses()
    for step in (10, 20, 30, 40, 50):
        lenses.take(ReadingTaken(0, step, layers(float(step))), ONE)
    lenses.take(ReadingTaken(1, 35, layers(-1.0)), UNDONE)
    assert points(lenses, "layers.0.grad_norm") == ([10, 20, 30, 35], [10.0, 20.0, 30.0, -1.0])


def test_a_restart_begins_anew() -> None:
    lenses = Lenses()
    lenses.take(ReadingTaken(0, 10, layers()), ONE)
    lenses.take(ReadingTaken(1, 5, layers(7.0)), RESTARTED)
    assert points(lenses, "layers.0.grad_norm") == ([5], [7.0])


def test_a_look_at_rest_is_completed_and_leaves_no_gap_in_the_series() -> None:
    lenses = Lenses()
    lenses.take(ReadingTaken(0, 10, layers(1.0, 1e-3)), ONE)
    taken = lenses.take(ReadingTaken(0, 14, layers(5.0, None, "updates come with the next batch")), ONE)
    assert isinstance(taken.reading, LayersRead)
    one = taken.reading.layers[0]
    assert (one.grad_norm, one.update_ratio) == (5.0, 1e-3)
    assert taken.reading.missing == "updates and units at step 10"
    assert points(lenses, "layers.0.update_ratio") == ([10], [1e-3])


@pytest.mark.parametrize(("segment", "step"), [(1, 35), (0, 4)])
def test_nothing_is_filled_in_from_another_branch_or_from_later(segment: int, step: int) -> None:
    lenses = Lenses()
    lenses.take(ReadingTaken(0, 10, layers()), ONE)
    at_rest = ReadingTaken(segment, step, layers(5.0, None, "updates come with the next batch"))
    assert lenses.take(at_rest, UNDONE) == at_rest


def test_an_optimizer_at_rest_is_completed_unless_it_is_another() -> None:
    def read(name: str, step: float | None, missing: str = "") -> OptimizerRead:
        one = OptimizerReading("layers.0", 5, 1e-3, 2e-3, step)
        return OptimizerRead(name, 0.1, "exp_avg", "exp_avg_sq", (one,), step, missing=missing)

    lenses = Lenses()
    lenses.take(ReadingTaken(0, 10, read("Adam", 1e-4)), ONE)
    same = lenses.take(ReadingTaken(0, 12, read("Adam", None, "no")), ONE).reading
    other = lenses.take(ReadingTaken(0, 12, read("SGD", None, "no")), ONE).reading
    assert isinstance(same, OptimizerRead)
    assert isinstance(other, OptimizerRead)
    assert (same.effective_step, same.layers[0].effective_step) == (1e-4, 1e-4)
    assert other.effective_step is None
    assert points(lenses, "layers.0.effective_step") == ([10], [1e-4])


def test_distributions_of_the_optimizer_join_those_of_the_weights() -> None:
    lenses = Lenses()
    weights = Histogram("layers.0", "weights", 0.0, 1.0, (1,), 1, 0, 0)
    update = Histogram("layers.0", "update", 0.0, 1.0, (1,), 1, 0, 0)
    lenses.take(ReadingTaken(0, 10, HistogramsRead((weights,))), ONE)
    lenses.take(ReadingTaken(0, 11, OptimizerRead("SGD", 0.1, "", "", (), histograms=(update,))), ONE)
    assert lenses.histograms.kinds("layers.0") == ["weights", "update"]
    assert lenses.histograms.latest_step("layers.0", "update") == 11


@pytest.mark.parametrize("count", [1, 60, 3000])
def test_memory_is_flat_however_many_layers_and_steps(count: int) -> None:
    lenses = Lenses()
    names = [f"layers.{place}" for place in range(count)]
    for step in range(1, 40 if count > 100 else 3000):
        read = LayersRead(tuple(LayerReading(name, 1.0, 1.0, 1e-3, 0.1, 0.2) for name in names))
        lenses.take(ReadingTaken(0, step, read), ONE)
    assert lenses.series.bytes_held < 48 * 2**20


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 50)), max_size=40))
def test_any_undos_leave_a_curve_that_only_goes_forward(moves: list[tuple[bool, int]]) -> None:
    lenses, lineage, segment, step = Lenses(), Lineage({0: None}), 0, 0
    for is_undo, by in moves:
        if is_undo and step > 1:
            back = max(step - by, 1)
            segment += 1
            lineage.parents[segment] = (segment - 1, back)
            step = back
        step += by
        histogram = Histogram("layers.0", "weights", 0.0, 1.0, (1,), 1, 0, 0)
        lenses.take(ReadingTaken(segment, step, layers(float(step))), lineage)
        lenses.take(ReadingTaken(segment, step, HistogramsRead((histogram,))), lineage)
    steps, values = points(lenses, "layers.0.grad_norm")
    assert steps == sorted(set(steps))
    assert values == [float(one) for one in steps]
    kept = [one.step for one in lenses.histograms.frames("layers.0", "weights")]
    assert kept == sorted(set(kept))
    assert not moves or kept[-1] == step


def spread(step: int) -> HistogramsRead:
    return HistogramsRead((Histogram("layers.0", "weights", 0.0, float(step), (1,), 1, 0, 0),))


def past(*places: tuple[int, int], is_first: bool = True) -> PastReadings:
    """Layers and histograms at these segments and steps."""
    return PastReadings(
        tuple(
            ReadingTaken(segment, step, reading)
            for segment, step in places
            for reading in (layers(float(step)), spread(step))
        ),
        is_first,
    )


def columns(lenses: Lenses) -> list[int]:
    return [one.step for one in lenses.histograms.frames("layers.0", "weights")]


def test_what_was_seen_before_the_screen_came_is_as_if_it_had_been_there() -> None:
    present, late = Lenses(), Lenses()
    for segment, step in ((0, 10), (0, 20), (1, 35), (1, 40)):
        for reading in (layers(float(step)), spread(step)):
            present.take(ReadingTaken(segment, step, reading), UNDONE)
    late.recall(past((0, 10), (0, 20)), UNDONE)
    late.recall(past((1, 35), is_first=False), UNDONE)
    late.take(ReadingTaken(1, 40, layers(40.0)), UNDONE)
    late.take(ReadingTaken(1, 40, spread(40)), UNDONE)
    metric = "layers.0.grad_norm"
    assert points(late, metric) == points(present, metric) == ([10, 20, 35, 40], [10.0, 20.0, 35.0, 40.0])
    assert columns(late) == columns(present) == [10, 20, 35, 40]


def test_what_an_undo_has_taken_back_by_then_is_passed_over() -> None:
    lenses = Lenses()
    lenses.recall(past((0, 20), (0, 30), (0, 40), (1, 35)), UNDONE)
    assert columns(lenses) == [20, 30, 35]
    assert points(lenses, "layers.0.grad_norm")[0] == [20, 30, 35]
    lenses.recall(past((0, 10), (0, 20)), RESTARTED)
    assert columns(lenses) == []
    assert points(lenses, "layers.0.grad_norm") == ([], [])


def test_the_first_piece_replaces_what_a_screen_had_before_its_line_broke() -> None:
    lenses = Lenses()
    lenses.chosen = "layers.0"
    for step in (10, 90):
        lenses.take(ReadingTaken(0, step, spread(step)), ONE)
    lenses.recall(past((0, 10), (0, 50)), ONE)
    lenses.recall(past((0, 90), (0, 95), is_first=False), ONE)
    assert columns(lenses) == [10, 50, 90, 95]
    assert lenses.chosen == "layers.0"


def test_a_look_at_rest_is_completed_by_what_was_seen_before_the_screen_came() -> None:
    lenses = Lenses()
    lenses.recall(past((0, 10)), ONE)
    taken = lenses.take(ReadingTaken(0, 14, layers(5.0, None, "updates come with the next batch")), ONE)
    assert isinstance(taken.reading, LayersRead)
    assert taken.reading.layers[0].update_ratio == 1e-3
    assert taken.reading.missing == "updates and units at step 10"
