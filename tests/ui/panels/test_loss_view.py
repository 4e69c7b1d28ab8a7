"""The view of the loss: its words, its pages at each size, what of it the engine is asked for."""

import pytest
from msgspec import structs

from tests.ui.screens.conftest import Open, Stage, on_stage
from tui_dl.spec.preset import load_preset
from tui_dl.ui.panels.loss import shape_data, slice_data
from tui_dl.ui.panels.loss_words import shape_words, slice_words
from tui_dl.ui.run_model import RunModel
from tui_dl.wire.commands import Watch
from tui_dl.wire.messages import ReadingTaken
from tui_dl.wire.pictures import LossCurve, LossShapeRead, LossSliceRead

__all__ = ["on_stage"]

SHAPE = LossShapeRead(
    "lead",
    -2.0,
    2.0,
    (
        LossCurve("cross_entropy", (2.1, 0.7, 0.1), (-0.9, -0.5, -0.1)),
        LossCurve("hinge", (3.0, 1.0, 0.0), (-1.0, -1.0, 0.0)),
    ),
    samples=(0.5, 1.5),
    strongest_share=0.41,
    outputs=10,
)
SLICE = LossSliceRead(
    (-1.0, 0.0, 1.0, 2.0), (2.0, 1.0, 0.5, 0.75), 1.0, 0.5, -1.25, 3.0, 0.4, 1.0, 0.1, "sgd"
)


def words(line: object) -> str:
    return "".join(part if isinstance(part, str) else part[0] for part in line)  # type: ignore[attr-defined]


def probes(stage: Stage) -> set[str]:
    """Of the loss; what the coming scene shows is measured besides."""
    watch = stage.engine.given(Watch)[-1]
    assert isinstance(watch, Watch)
    return set(watch.probes) & {"loss_shape", "loss_slice", "loss_surface"}


def test_words_tell_the_numbers() -> None:
    assert words(shape_words(SHAPE, 100)).split("   ") == [
        " a tenth of the samples has 41% of the pull",
        "all others equal",
        "10 outputs",
    ]
    assert "no sample pulls" in words(shape_words(structs.replace(SHAPE, strongest_share=None), 100))
    line = words(slice_words(SLICE, 41, 120))
    assert line == " 1.000 → 0.5000, promised -0.2500   kept 0.40   along -g   norm of g 3.00   to step 41"
    assert "to step 42" in words(slice_words(structs.replace(SLICE, is_next=True), 41, 120))
    assert "cosine with -g 0.50" in words(slice_words(structs.replace(SLICE, cosine=0.5), 41, 120))
    assert len(words(slice_words(SLICE, 41, 60))) <= 60


def test_what_is_drawn_is_what_was_read() -> None:
    model = RunModel()
    assert not shape_data(model).curves
    assert not slice_data(model).steps.size
    model.apply(ReadingTaken(0, 7, SHAPE))
    model.apply(ReadingTaken(0, 7, structs.replace(SLICE, is_next=True)))
    shape, along = shape_data(model), slice_data(model)
    assert shape.xs.tolist() == [-2.0, 0.0, 2.0]
    assert [curve.name for curve in shape.curves] == ["cross_entropy", "hinge"]
    assert shape.variable == "lead of the right logit"
    assert (along.before, along.after, along.slope) == (1.0, 0.5, -1.25)
    assert along.title == "loss along the next step"


@pytest.mark.parametrize(("width", "height"), [(44, 12), (80, 24), (120, 36), (160, 48), (250, 70)])
async def test_it_is_drawn_at_every_size_and_on_every_page(on_stage: Open, width: int, height: int) -> None:
    async with on_stage(width, height) as stage:
        await stage.press("7")
        stage.engine.post(ReadingTaken(0, 50, SHAPE))
        stage.engine.post(ReadingTaken(0, 50, SLICE))
        # Where there is no room for a picture its name stands there.
        wanted = "hinge before" if height > 12 else "loss and derivative"
        await stage.until(wanted)
        for _ in range(3):
            await stage.press("enter")
        await stage.press("escape")
        await stage.until(wanted)


async def test_only_what_is_seen_is_measured(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        await stage.press("7")
        await stage.until(lambda: probes(stage) == {"loss_shape"})
        await stage.press("enter")
        await stage.until(lambda: probes(stage) == {"loss_slice"})
        await stage.press("enter")
        await stage.until(lambda: probes(stage) == {"loss_surface"})
        await stage.until("a surface takes a model of two trained numbers, this has 8,970")
        await stage.press("enter")
        await stage.until(lambda: probes(stage) == {"loss_shape"})
        await stage.press("6")
        await stage.until(lambda: not probes(stage))


async def test_both_stand_beside_each_other_where_there_is_room(on_stage: Open) -> None:
    async with on_stage(160, 48) as stage:
        await stage.press("7")
        await stage.until(lambda: {"loss_shape", "loss_slice"} <= probes(stage))
        stage.engine.post(ReadingTaken(0, 50, SHAPE))
        stage.engine.post(ReadingTaken(0, 50, SLICE))
        await stage.until("hinge before")
        await stage.until("loss along the step")
        await stage.until("promised -0.2500")
        assert "cross_entropy" in stage.text


async def test_a_scene_that_shows_it_has_it_measured_before(on_stage: Open) -> None:
    preset = load_preset("optimizer-swap")
    scenes = (structs.replace(preset.scenes[0], view="loss"), *preset.scenes[1:])
    async with on_stage(80, 24, experiment=structs.replace(preset, scenes=scenes)) as stage:
        await stage.press("6")
        await stage.until(lambda: {"loss_shape", "loss_slice", "loss_surface"} <= probes(stage))
