"""The lenses on the real screen: into a page and back, orders, now and over time, what is measured."""

import math

import pytest

from tests.ui.fake_engine import described, readings, status
from tests.ui.screens.conftest import Open, Stage
from tui_dl.history import SeriesStore
from tui_dl.spec.preset import load_preset
from tui_dl.ui.panels.layers_view import LayersView
from tui_dl.ui.panels.optimizer_view import OptimizerView
from tui_dl.wire.commands import Watch
from tui_dl.wire.messages import HistorySent, PastReadings, ReadingTaken, SceneReached
from tui_dl.wire.snapshots import Histogram, HistogramsRead, LayerReading, LayersRead

SIZES = [(60, 20), (80, 24), (120, 36), (160, 48), (250, 70)]


def layers_view(stage: Stage) -> LayersView:
    return stage.screen.query_one(LayersView)


def watched(stage: Stage) -> Watch:
    watch: Watch = stage.engine.given(Watch)[-1]
    return watch


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_enter_opens_a_layers_page_and_escape_leads_back(
    on_stage: Open, width: int, height: int
) -> None:
    async with on_stage(width, height) as stage:
        await stage.press("2", "down", "enter")
        await stage.until("2/3")
        await stage.until("norms of layers.1")
        await stage.press("down")
        await stage.until("norms of layers.2")
        await stage.press("down", "up")
        await stage.until("norms of layers.1")
        await stage.press("escape")
        await stage.until("enter its page")
        assert not layers_view(stage).is_page
        assert stage.screen.model.lenses.chosen == "layers.1"


async def test_the_views_own_key_and_a_scene_lead_back_to_the_table(on_stage: Open) -> None:
    experiment = load_preset("vanishing-gradient")
    assert experiment.scenes[0].view == "layers"
    async with on_stage(80, 24, experiment=experiment) as stage:
        await stage.press("2", "enter")
        await stage.until("norms of layers.0")
        await stage.press("2")
        await stage.until("enter its page")
        await stage.press("enter")
        await stage.until("norms of layers.0")
        stage.engine.post(status("paused", 20, scene=0, scene_waiting=True), SceneReached(0, True))
        await stage.until("enter its page")


async def test_a_page_is_measured_closely_and_the_table_as_a_whole(on_stage: Open) -> None:
    async with on_stage(120, 36) as stage:
        await stage.press("2")
        await stage.until(
            lambda: watched(stage).probes[0] == "layers" and "histograms" in watched(stage).probes
        )
        assert watched(stage).layer == ""
        await stage.press("enter")
        await stage.until(lambda: watched(stage).layer == "layers.0" and "optimizer" in watched(stage).probes)
        await stage.press("down")
        await stage.until(lambda: watched(stage).layer == "layers.1")
        await stage.press("escape")
        await stage.until(lambda: watched(stage).layer == "")


@pytest.mark.parametrize(("width", "words"), [(60, "chosen one only"), (80, "only the chosen is measured:")])
async def test_of_a_very_deep_net_histograms_are_measured_of_the_chosen_layer_alone_and_it_says_so(
    on_stage: Open, width: int, words: str
) -> None:
    async with on_stage(width, 36) as stage:
        stage.engine.post(described(layers=300), *readings(60, 300))
        await stage.press("2")
        await stage.until("300 layers, weights of one"[: width - 48])
        await stage.press("3")
        await stage.until(words)
        await stage.until(lambda: watched(stage).layer == "layers.0")
        await stage.press("down")
        await stage.until(lambda: watched(stage).layer == "layers.1")


async def test_the_table_is_ordered_by_key_and_by_click(on_stage: Open) -> None:
    async with on_stage(120, 36) as stage:
        await stage.press("2", "O", "O")
        await stage.until("‖grad‖↑")
        table = layers_view(stage).table
        assert [one.name for one in table.rows] == ["layers.2", "layers.1", "layers.0"]
        assert table.chosen == "layers.2"
        x = stage.text.splitlines()[table.region.y].index("‖weight‖")
        await stage.pilot.click(offset=(x + 2, table.region.y))
        await stage.until("‖weight↓")


async def test_a_click_on_a_row_chooses_and_a_second_one_opens(on_stage: Open) -> None:
    async with on_stage(120, 36) as stage:
        await stage.press("2")
        await stage.until("enter its page")
        table = layers_view(stage).table
        row = table.region.y + 3
        await stage.pilot.click(offset=(table.region.x + 4, row))
        await stage.until(lambda: stage.screen.model.lenses.chosen == "layers.2")
        assert not layers_view(stage).is_page
        await stage.pilot.click(offset=(table.region.x + 4, row))
        await stage.until(lambda: layers_view(stage).is_page)


async def test_a_layer_chosen_in_one_lens_is_chosen_in_all(on_stage: Open) -> None:
    async with on_stage(120, 36) as stage:
        await stage.press("2", "down", "down", "3")
        await stage.until("weights of layers.2")
        await stage.press("up", "4")
        await stage.until("Δw of layers.1")
        await stage.press("enter")
        await stage.until("norms of layers.1")


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_what_was_measured_before_the_screen_came_is_there_at_once(
    on_stage: Open, width: int, height: int
) -> None:
    async with on_stage(width, height, silent=True) as stage:
        history = SeriesStore()
        history.append(0, range(1, 51), {"train.loss": [1.0] * 50})
        before = [reading for step in range(5, 51, 5) for reading in readings(step)]
        stage.engine.post(
            described(),
            HistorySent(history.to_state()),
            PastReadings(tuple(before[:12]), is_first=True),
            PastReadings(tuple(before[12:])),
            status("paused", 50),
        )
        await stage.until(lambda: stage.screen.model.lenses.series.has("layers.0.grad_norm"))
        await stage.press("3", "h")
        await stage.until("over time"[: 9 if width < 70 else None])
        await stage.until("10 readings" if width > 150 else lambda: "▀" in stage.text)
        await stage.press("2", "enter")
        shown = stage.screen.model.lenses.series.store_of("layers.0.grad_norm")
        assert shown.last_step("layers.0.grad_norm") == 50
        await stage.until(lambda: "no reading yet" not in stage.text)


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_histograms_turn_to_those_over_time_and_back(on_stage: Open, width: int, height: int) -> None:
    async with on_stage(width, height) as stage:
        for step in (60, 70, 80):
            stage.engine.post(*readings(step))
        await stage.press("3", "h")
        await stage.until("over time")
        await stage.until("gradients of layers.0 ov"[: 9 if width < 70 else 24])
        await stage.press("h")
        await stage.until("n 496" if width > 70 else "weights")


async def test_the_optimizer_turns_its_pages(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        await stage.press("4")
        await stage.until("Δw")
        view = stage.screen.query_one(OptimizerView)
        seen = [view.page]
        for _ in range(3):
            await stage.press("h")
            seen.append(view.page)
        assert seen == ["now", "time", "schedule", "now"]
        await stage.pilot.resize_terminal(160, 48)
        await stage.until("learning rate, constant")
        await stage.press("h")
        await stage.until("state of layers.0 over time")
        await stage.press("h")
        assert view.page == "now"


async def test_what_is_not_finite_leaves_every_lens_readable_before_and_after(on_stage: Open) -> None:
    async with on_stage(120, 36) as stage:
        for step in (60, 70):
            stage.engine.post(*readings(step))
        bad = tuple(
            LayerReading(f"layers.{place}", math.nan, math.inf, math.nan, 0.1, None) for place in range(3)
        )
        nothing = tuple(
            Histogram(f"layers.{place}", kind, 0.0, 1.0, (0,) * 32, 496, 0, 496)
            for place in range(3)
            for kind in ("weights", "gradients")
        )
        stage.engine.post(ReadingTaken(0, 80, LayersRead(bad, math.nan)))
        stage.engine.post(ReadingTaken(0, 80, HistogramsRead(nothing)))
        stage.engine.post(status("paused", 80))
        await stage.press("2")
        await stage.until("nan")
        await stage.until("all NaN")
        await stage.press("enter")
        await stage.until("496 not finite")
        await stage.press("escape", "3")
        await stage.until("496 not finite")
        await stage.press("h")
        await stage.until(lambda: "! not finite" in stage.text or "! NaN" in stage.text)
        stage.engine.post(*readings(90))
        await stage.press("h")
        await stage.until("n 496")


async def test_another_model_begins_with_empty_lenses(on_stage: Open) -> None:
    async with on_stage(120, 36) as stage:
        await stage.press("2", "down", "down", "enter")
        await stage.until("norms of layers.2")
        stage.engine.post(described(layers=2))
        await stage.until("1/2")
        assert stage.screen.model.lenses.histograms.latest("layers.0", "weights") is None
