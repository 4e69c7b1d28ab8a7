"""The loss over a plane: each level against the loss computed by hand, and limits that hold still."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.probes.observing import make_batch, trainer, trainer_of, weights
from tui_dl.engine.probes.loss_grid import MOST_SAMPLES, Surface, levels_of
from tui_dl.engine.probes.loss_surface import LossSurfaceProbe
from tui_dl.engine.probes.surface_limits import Limits, limits_about
from tui_dl.wire.pictures import DEEPEST_LEVEL, NO_LEVEL, LossSurfaceRead

if TYPE_CHECKING:
    from tui_dl.engine.training.trainer import Trainer

VALLEY: dict[str, Any] = {"data.centre": 2.0, "data.intercept": -1.0, "model.init": "zeros"}


def looked(seen: Trainer, probe: LossSurfaceProbe | None = None, batches: int = 1) -> LossSurfaceRead:
    probe = probe or LossSurfaceProbe()
    for _ in range(batches):
        make_batch(seen, probe)
    reading = probe.reading()
    assert isinstance(reading, LossSurfaceRead)
    return reading


def levels(reading: LossSurfaceRead) -> np.ndarray:
    return np.frombuffer(reading.levels, np.uint8).reshape(reading.rows, reading.columns)


def by_hand(seen: Trainer, w: float, b: float) -> float:
    assert seen.splits is not None
    inputs, targets = seen.splits.train.inputs.double(), seen.splits.train.targets.double()
    return float(seen.loss_function(w * inputs + b, targets))


def place_of(reading: LossSurfaceRead, row: int, column: int) -> tuple[float, float]:
    (left, right), (bottom, top) = reading.x_range, reading.y_range
    x = left + (column + 0.5) / reading.columns * (right - left)
    return x, top - (row + 0.5) / reading.rows * (top - bottom)


@pytest.mark.parametrize("loss", ["mse", "l1", "huber", "poisson_nll"])
def test_each_level_is_the_loss_of_a_plain_line(loss: str) -> None:
    changes = {**VALLEY, "data.noise": 0.0, "data.intercept": 1.0} if loss == "poisson_nll" else VALLEY
    seen = trainer("line-by-formula", {**changes, "loss": loss})
    reading = looked(seen)
    found = levels(reading)
    for row, column in ((0, 0), (63, 95), (20, 70), (40, 11), (31, 48)):
        value = by_hand(seen, *place_of(reading, row, column))
        height, most = value - reading.lowest, reading.highest - reading.lowest
        assert abs(8 * math.log2(most / height) - found[row, column]) <= 0.51
    row, column = divmod(int(found.argmax()), reading.columns)
    assert place_of(reading, row, column) == pytest.approx(reading.lowest_at)
    assert by_hand(seen, *reading.lowest_at) == pytest.approx(reading.lowest, rel=1e-4)
    w, b = (float(each.detach()) for each in seen.model.parameters())
    assert reading.at == (w, b)
    assert reading.loss == pytest.approx(by_hand(seen, w, b), rel=1e-5)
    assert (reading.names, reading.samples, reading.of_samples) == (("weight", "bias"), 100, 100)


def test_the_lowest_place_is_inside_and_is_the_least_squares_line() -> None:
    seen = trainer("line-by-formula", {**VALLEY, "optimizer.lr": 1e-6})
    reading = looked(seen)
    assert seen.splits is not None
    xs, ys = seen.splits.train.inputs.numpy()[:, 0], seen.splits.train.targets.numpy()[:, 0]
    slope, intercept = np.polyfit(xs, ys, 1)
    (left, right), (bottom, top) = reading.x_range, reading.y_range
    assert left < slope < right
    assert bottom < intercept < top
    cell = (right - left) / reading.columns, (top - bottom) / reading.rows
    # Along the floor of the valley neighbours differ by less than what one cell's width can tell.
    assert abs(reading.lowest_at[0] - slope) < 6 * cell[0]
    assert abs(reading.lowest_at[1] - intercept) < 6 * cell[1]


def test_penalties_are_in_it_as_they_are_in_what_updates_go_down() -> None:
    changes = {**VALLEY, "regularizers": [{"name": "l2", "strength": 0.5}]}
    seen = trainer("line-by-formula", changes)
    reading = looked(seen)
    assert reading.has_penalty
    w, b = reading.at
    assert reading.loss == pytest.approx(by_hand(seen, w, b) + 0.25 * w * w, rel=1e-5)
    assert not looked(trainer("line-by-formula")).has_penalty


def test_of_very_many_samples_some_are_taken() -> None:
    reading = looked(trainer("line-by-formula", {"data.samples": 5000}))
    assert (reading.samples, reading.of_samples) == (MOST_SAMPLES, 4000)


def test_the_grid_is_made_once_until_what_it_shows_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Limits] = []
    original = Surface.grid

    def counted(surface: Surface, limits: Limits) -> Any:
        made.append(limits)
        return original(surface, limits)

    monkeypatch.setattr(Surface, "grid", counted)
    seen, probe = trainer("line-by-formula", {**VALLEY, "optimizer.lr": 0.05}), LossSurfaceProbe()
    first = looked(seen, probe)
    probe.reach = (0.0, first.lowest_at[0], first.lowest_at[1], 1.0)
    steady = looked(seen, probe)
    count = len(made)
    assert looked(seen, probe, 25).levels == steady.levels
    assert looked(seen, probe).at != steady.at
    assert len(made) == count
    seen.apply({"optimizer.momentum": 0.9})
    assert looked(seen, probe).levels == steady.levels
    assert len(made) == count
    seen.apply({"loss": "l1"})
    assert looked(seen, probe).levels != steady.levels
    assert len(made) > count


def test_it_reaches_as_far_as_the_paths_on_the_screen() -> None:
    seen, probe = trainer("line-by-formula", VALLEY), LossSurfaceProbe()
    looked(seen, probe)
    probe.reach = (-9.0, 4.0, -3.0, 40.0)
    reading = looked(seen, probe)
    assert reading.x_range[0] < -9 < 4 < reading.x_range[1]
    assert reading.y_range[0] < -3 < 40 < reading.y_range[1]


@pytest.mark.parametrize("rate", [0.25, 0.5, 1e3, 1e12])
@pytest.mark.parametrize("reach", [(), (0.0, 2.0, -1.0, 1.0)])
def test_a_path_that_flies_off_leaves_a_picture(rate: float, reach: tuple[float, ...]) -> None:
    changes = {**VALLEY, "optimizer": {"name": "sgd", "lr": rate}}
    seen, probe = trainer("line-by-formula", changes), LossSurfaceProbe()
    # The first look is before the first batch, as a screen has it that is there from the beginning.
    assert probe.at_rest(seen, None) is not None
    probe.reach = reach
    reading = looked(seen, probe, 60)
    assert math.isfinite(reading.lowest)
    assert reading.x_range[1] - reading.x_range[0] < 30
    assert abs(reading.at[0]) > 20 or not math.isfinite(reading.at[0])


def test_models_of_more_numbers_and_somebodys_own_loss_have_none() -> None:
    for seen in (trainer("digits-mlp"), trainer_of(torch.nn.Linear(1, 1), torch.randn(4, 1))):
        probe = LossSurfaceProbe()
        make_batch(seen, probe)
        assert probe.reading() is None
        assert probe.at_rest(seen, None) is None


@pytest.mark.parametrize("rate", [0.05, 1e9])
def test_it_leaves_no_trace(rate: float) -> None:
    changes = {**VALLEY, "optimizer": {"name": "adam", "lr": rate}}
    watched, alone = trainer("line-by-formula", changes), trainer("line-by-formula", changes)
    probe, draws = LossSurfaceProbe(), torch.random.get_rng_state()
    parameters = list(watched.model.parameters())
    for step in range(20):
        probe.reach = (-1.0 - step, 3.0 + step, -2.0, 2.0 + step)
        make_batch(watched, probe)
        assert probe.at_rest(watched, None) is not None
        alone.train_batch()
    assert torch.equal(torch.random.get_rng_state(), draws)
    after, expected = weights(watched), weights(alone)
    assert all(torch.equal(after[name].view(torch.int32), expected[name].view(torch.int32)) for name in after)
    assert all(one is other for one, other in zip(watched.model.parameters(), parameters, strict=True))
    assert watched.model.training == alone.model.training
    assert watched.drain_scalars().values.tobytes() == alone.drain_scalars().values.tobytes()


def test_levels_of_what_is_flat_deep_or_not_finite() -> None:
    losses = torch.tensor([[8.0, 4.0, 0.0], [1.0, math.nan, math.inf]], dtype=torch.float64)
    assert list(levels_of(losses)) == [0, 8, DEEPEST_LEVEL, 24, NO_LEVEL, NO_LEVEL]
    assert set(levels_of(torch.full((2, 2), 3.0, dtype=torch.float64))) == {DEEPEST_LEVEL}
    assert set(levels_of(torch.full((2, 2), math.nan, dtype=torch.float64))) == {NO_LEVEL}


places = st.tuples(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12))


@given(st.lists(places, min_size=1, max_size=6))
def test_limits_show_all_places_with_room_beside_them(at: list[tuple[float, float]]) -> None:
    found = limits_about([*at, (math.nan, 0.0), (math.inf, 1.0)])
    assert found is not None
    for index, (low, high) in enumerate((found.x, found.y)):
        values = [place[index] for place in at]
        assert low < min(values) <= max(values) < high
    assert found.holds(found)
    assert not found.dwarfs(found)
    assert limits_about([(math.nan, 0.0), (math.inf, 1.0)]) is None


def test_limits_tell_what_is_inside_near_and_too_small() -> None:
    limits = Limits((0.0, 8.0), (-1.0, 1.0))
    assert limits.holds(Limits((1.0, 8.0), (-1.0, 0.0)))
    assert not limits.holds(Limits((1.0, 8.5), (-1.0, 0.0)))
    assert limits.dwarfs(Limits((1.0, 2.0), (-1.0, 1.0)))
    assert not limits.dwarfs(Limits((1.0, 3.5), (-1.0, 0.0)))
    assert limits.is_near(20.0, 4.0, within=2.0)
    assert not limits.is_near(20.0, 4.0, within=1.0)
    assert not limits.is_near(math.nan, 0.0, within=1.0)
    assert limits.towards(-1, 1) == Limits((-8.0, 8.0), (-1.0, 3.0))
