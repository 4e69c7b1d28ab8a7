"""The surface on the screen: its words, what it asks the engine for, and its place among the pages."""

import itertools
import math

import numpy as np
import pytest
from msgspec import structs

from tests.engine.probes.observing import trainer
from tests.ui.fake_engine import described, status
from tests.ui.panels.test_loss_view import words
from tests.ui.screens.conftest import Open, Stage, on_stage
from tui_dl.engine.probes.loss_surface import LossSurfaceProbe
from tui_dl.spec.preset import load_preset
from tui_dl.ui.panels.loss import pages_of
from tui_dl.ui.panels.loss_surface import next_reach, surface_data, surface_words
from tui_dl.ui.plots.surface_path import reach_of
from tui_dl.ui.run_model import RunModel
from tui_dl.wire.commands import Watch
from tui_dl.wire.messages import PATH, AnyMessage, ReadingTaken, StepsRecorded
from tui_dl.wire.pictures import LossSurfaceRead

__all__ = ["on_stage"]

LEVELS = (np.arange(12) * 8 % 200).astype(np.uint8).tobytes()
READ = LossSurfaceRead(
    ("weight", "bias"),
    (-1.0, 3.0),
    (-2.0, 2.0),
    4,
    3,
    LEVELS,
    lowest=0.01,
    lowest_at=(2.0, -1.0),
    highest=40.0,
    at=(1.5, 0.25),
    loss=0.5,
    samples=100,
    of_samples=100,
)
TWO = structs.replace(described(load_preset("line-by-formula"), layers=1), parameters=2)


def walk(first: int, *places: tuple[float, float]) -> StepsRecorded:
    """Steps from each place to the next."""
    rows = np.array([[*one, *other] for one, other in itertools.pairwise(places)]).T
    losses = np.linspace(1.0, 0.5, rows.shape[1])[None]
    return StepsRecorded(0, first, ("loss", *PATH), np.concatenate([losses, rows]).astype("<f8").tobytes())


def model_of(*messages: AnyMessage) -> RunModel:
    model = RunModel()
    for message in messages:
        model.apply(message)
    return model


def walked(read: LossSurfaceRead = READ, step: int = 2) -> RunModel:
    return model_of(TWO, walk(1, (0.0, 0.0), (2.5, 1.0), (1.5, 0.25)), ReadingTaken(0, step, read))


def test_words_tell_step_place_loss_and_what_it_is_of() -> None:
    assert words(surface_words(walked(), 140)) == (
        " step 2  weight 1.50  bias 0.250  loss 0.5000, lowest here 0.01000 at 2.00, -1.00"
        "   over 100 training samples   each band twice as high"
    )
    narrow = words(surface_words(walked(), 78))
    assert narrow == " step 2  weight 1.50  bias 0.250  loss 0.5000, lowest here 0.01000"
    more = structs.replace(READ, of_samples=4000, has_penalty=True)
    assert "over 100 of 4,000 training samples, with penalties" in words(surface_words(walked(more), 140))


def test_a_reading_that_is_behind_says_so_and_the_place_is_the_paths() -> None:
    model = walked(structs.replace(READ, at=(2.5, 1.0)), step=1)
    assert " step 2  weight 1.50  bias 0.250  loss 0.5000 at step 1" in words(surface_words(model, 140))
    assert surface_data(model).place == (1.5, 0.25)


@pytest.mark.parametrize("far", [1e9, math.nan, math.inf])
def test_a_run_that_has_left_the_picture_is_said_so(far: float) -> None:
    model = model_of(
        TWO, walk(1, (0.0, 0.0), (far, -far)), ReadingTaken(0, 1, structs.replace(READ, at=(far, -far)))
    )
    line = words(surface_words(model, 140))
    assert "outside of the picture" in line
    assert f"weight {'nan' if math.isnan(far) else 'inf' if math.isinf(far) else '1.0e9'}" in line


def test_other_models_are_told_what_a_surface_takes() -> None:
    model = model_of(described(), ReadingTaken(0, 1, READ))
    assert not surface_words(model, 80)
    assert not surface_data(model).bands.size
    assert surface_data(model).empty_text == (
        "a surface takes a model of two trained numbers, this has 8,970: see the loss along the step"
    )
    assert "loading" in surface_data(RunModel()).empty_text
    assert "makes one" in surface_data(model_of(TWO)).empty_text


def test_what_is_drawn_is_every_update_over_the_newest_surface() -> None:
    data = surface_data(walked())
    (own,) = data.paths
    assert sorted(set(zip(own.xs.tolist(), own.ys.tolist(), strict=True))) == [
        (0.0, 0.0),
        (1.5, 0.25),
        (2.5, 1.0),
    ]
    assert data.bands.shape == (3, 4)
    assert (data.names, data.lowest, data.x_range) == (("weight", "bias"), (2.0, -1.0), (-1.0, 3.0))


def test_more_is_asked_for_when_a_path_leaves_and_less_when_it_is_gone() -> None:
    shown = (-1.0, 3.0, -2.0, 2.0)
    asked = (0.0, 2.0, -1.0, 1.0)
    assert next_reach((), (0.0, 2.0, -1.0, 1.0), shown) == ()
    assert next_reach(asked, (-0.5, 2.9, -1.9, 1.9), shown) == asked
    assert next_reach(asked, (0.0, 3.5, -1.0, 1.0), shown) == (0.0, 3.5, -1.0, 1.0)
    assert next_reach((0.0, 90.0, -1.0, 1.0), (0.0, 2.0, -1.0, 1.0), (-9.0, 99.0, -2.0, 2.0)) == asked
    assert next_reach(asked, (), shown) == asked


def test_a_surface_comes_first_where_there_is_one() -> None:
    assert pages_of(has_plane=True, has_room=False) == (("surface",), ("slice",), ("shape",))
    assert pages_of(has_plane=True, has_room=True)[0] == ("surface", "slice")
    assert pages_of(has_plane=False, has_room=True)[0] == ("shape", "slice")
    for has_plane in (True, False):
        for has_room in (True, False):
            pages = pages_of(has_plane=has_plane, has_room=has_room)
            assert {part for page in pages for part in page} == {"surface", "shape", "slice"}


def test_a_screen_that_comes_to_a_run_that_flew_off_finds_back_to_its_beginning() -> None:
    seen, probe = trainer("line-by-formula", {"optimizer.lr": 1.7}), LossSurfaceProbe()
    model, asked = model_of(TWO), ()
    for _ in range(50):
        seen.train_batch()
    steps = seen.drain_scalars()
    model.apply(StepsRecorded(0, 1, steps.names, steps.values.astype("<f8").tobytes()))
    for _ in range(8):
        probe.reach = asked
        read = probe.at_rest(seen, None)
        assert isinstance(read, LossSurfaceRead)
        model.apply(ReadingTaken(0, 50, read))
        data = surface_data(model)
        asked = next_reach(asked, reach_of(data.paths, data.lowest), (*data.x_range, *data.y_range))
    assert abs(read.at[1]) > 1e4
    assert read.x_range[1] - read.x_range[0] < 30
    assert read.y_range[1] - read.y_range[0] < 30
    assert asked == probe.reach, "it has settled"


def watched(stage: Stage) -> Watch:
    watch = stage.engine.given(Watch)[-1]
    assert isinstance(watch, Watch)
    return watch


@pytest.mark.parametrize(("width", "height"), [(44, 14), (80, 24), (120, 36), (160, 48)])
async def test_it_is_drawn_at_every_size(on_stage: Open, width: int, height: int) -> None:
    async with on_stage(width, height, experiment=load_preset("line-by-formula"), silent=True) as stage:
        stage.engine.post(TWO, status("running", 2), walk(1, (0.0, 0.0), (2.5, 1.0), (1.5, 0.25)))
        await stage.press("7")
        stage.engine.post(ReadingTaken(0, 2, READ))
        await stage.until("loss surface  x now")
        await stage.until("weight")
        assert "o" in stage.text


async def test_the_engine_is_asked_for_as_much_as_the_paths_need(on_stage: Open) -> None:
    async with on_stage(80, 24, experiment=load_preset("line-by-formula"), silent=True) as stage:
        stage.engine.post(TWO, status("running", 2), walk(1, (0.0, 0.0), (2.5, 1.0), (1.5, 0.25)))
        await stage.press("7")
        await stage.until(lambda: "loss_surface" in watched(stage).probes)
        stage.engine.post(ReadingTaken(0, 2, READ))
        await stage.until("lowest here")
        assert watched(stage).reach == ()
        stage.engine.post(walk(3, (1.5, 0.25), (3.5, 0.0)))
        await stage.until(lambda: watched(stage).reach == (0.0, 3.5, -1.0, 1.0))
        await stage.press("6")
        await stage.until(lambda: "loss_surface" not in watched(stage).probes)
        assert watched(stage).reach == ()


async def test_a_model_of_more_numbers_turns_back_to_the_other_pictures(on_stage: Open) -> None:
    async with on_stage(80, 24, experiment=load_preset("line-by-formula"), silent=True) as stage:
        stage.engine.post(TWO, status("paused", 0))
        await stage.press("7")
        await stage.until("loss surface")
        stage.engine.post(described())
        await stage.until("loss of one sample")
