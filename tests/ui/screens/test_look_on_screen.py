"""Arrangement, themes, glyphs and the projector's screen on the real app."""

import random
from pathlib import Path

import pytest
from textual.widget import Widget

from tests.ui.fake_engine import FakeEngine, lively, readings, status, steps
from tests.ui.screens.conftest import Open, Stage
from tui_dl.spec.preset import load_preset
from tui_dl.ui.app import TuiDlApp
from tui_dl.ui.app_themes import THEMES
from tui_dl.ui.look import Look
from tui_dl.ui.panels.notes import scene_lines
from tui_dl.ui.plots.glyph import BLOCKS, FULL, NARROW
from tui_dl.ui.plots.line_plot import LinePlot
from tui_dl.ui.screens.run import RunScreen
from tui_dl.ui.terminal_link import is_painted
from tui_dl.wire.commands import Watch
from tui_dl.wire.messages import ChangeApplied, SceneReached
from tui_dl.wire.plans import Receipt

SIZES = [(60, 20), (80, 24), (80, 48), (120, 36), (160, 48), (250, 70), (250, 24), (44, 12)]


def painted(stage: Stage) -> set[str]:
    """The ids of what is on the screen."""
    return {str(widget.id) for widget in stage.screen.query(Widget) if widget.id and is_painted(widget)}


@pytest.mark.parametrize(
    ("size", "there", "away"),
    [
        ((60, 20), {"plot-0", "status", "view-bar"}, {"side", "plot-1", "plot-2"}),
        ((80, 24), {"plot-0", "status", "view-bar"}, {"side", "plot-1", "plot-2"}),
        ((80, 48), {"plot-0", "plot-2", "small-layers"}, {"side", "small-task", "plot-1"}),
        ((120, 24), {"side", "plot-0"}, {"plot-2"}),
        ((120, 36), {"side", "plot-0", "plot-2"}, {"plot-1", "small-layers"}),
        ((160, 48), {"side", "plot-0", "plot-3", "small-layers", "small-task"}, {"aside"}),
        ((250, 70), {"side", "plot-3", "small-task", "small-histograms", "small-optimizer"}, set()),
        ((250, 24), {"side", "plot-0", "plot-1", "small-histograms"}, {"plot-2", "small-optimizer"}),
    ],
)
async def test_each_size_shows_what_it_has_room_for(
    on_stage: Open, size: tuple[int, int], there: set[str], away: set[str]
) -> None:
    async with on_stage(*size) as stage:
        await stage.until("RUNNING")
        assert there <= painted(stage)
        assert not away & painted(stage)
        main = stage.screen.query_one("#main").region
        for name in there & {"plot-0", "plot-1", "plot-2", "plot-3", "small-histograms", "small-optimizer"}:
            region = stage.screen.query_one(f"#{name}").region
            assert region.width >= 36
            assert main.contains_region(region)
        regions = [stage.screen.query_one(f"#{name}").region for name in there - {"side", "aside"}]
        for place, one in enumerate(regions):
            assert not any(one.overlaps(other) for other in regions[place + 1 :])


async def test_a_screen_that_is_too_small_says_so_and_nothing_else(on_stage: Open) -> None:
    async with on_stage(30, 8) as stage:
        stage.app.change_settings(meters=True, keys={"leave": "f4"})
        await stage.until("f4 leaves")
        assert " ".join(stage.text.split()) == "tui-dl needs 44×12, this is 30×8. f4 leaves."


async def test_what_the_widest_screen_shows_is_measured(on_stage: Open) -> None:
    async with on_stage(250, 70) as stage:
        wanted = {"layers", "task", "optimizer", "histograms"}
        await stage.until(lambda: set(stage.engine.given(Watch)[-1].probes) == wanted)


async def test_what_comes_onto_the_screen_is_measured_whoever_put_it_there(on_stage: Open) -> None:
    """Two keys that follow each other at once: what was asked for before the layout is not the last word."""
    async with on_stage(80, 24) as stage:
        stage.engine.post(status("paused", 51))
        await stage.until("PAUSED")
        stage.screen.query_one("#overview").display = False
        stage.screen.query_one("#histograms").display = True
        await stage.until(lambda: "histograms" in stage.engine.given(Watch)[-1].probes)


async def test_what_gets_room_by_a_resize_shows_the_run_at_once(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        await stage.until("validation 0.7000")
        stage.engine.post(status("paused", 51))
        await stage.until("PAUSED")
        await stage.pilot.resize_terminal(160, 48)
        await stage.until("accuracy ─ train")
        await stage.until("gradient norm ─ ")
        assert "no data yet" not in stage.text


@pytest.mark.parametrize("presenting", [False, True])
async def test_many_sizes_in_a_row_break_nothing(presenting: bool) -> None:
    chance = random.Random(3)
    engine = FakeEngine()
    app = TuiDlApp(None, engine.opening(None), look=Look(is_presenting=presenting))
    async with app.run_test(size=(80, 24)) as pilot:
        stage = Stage(app, pilot, engine, app.screen)  # type: ignore[arg-type]
        await stage.until(lambda: bool(app.screen.query("#log")))
        lively(engine)
        for step in range(24):
            size = chance.choice([*SIZES, (chance.randint(1, 260), chance.randint(1, 75))])
            engine.post(*readings(step), steps(51 + step, [0.5]), status("running", 51 + step))
            await pilot.resize_terminal(*size)
            await stage.until(lambda size=size: len(stage.text.splitlines()) == size[1])
            if step % 4 == 0:
                await stage.press(chance.choice("123456Mt"))
        await pilot.resize_terminal(80, 24)
        await stage.until("▶")


@pytest.mark.parametrize("size", SIZES)
async def test_one_panel_is_maximised_and_comes_back(on_stage: Open, size: tuple[int, int]) -> None:
    async with on_stage(*size) as stage:
        await stage.until("RUNNING")
        before = painted(stage)
        region = stage.screen.query_one("#plot-0").region
        await stage.press("M")
        await stage.until(lambda: stage.screen.query_one("#plot-0").region.area > region.area)
        assert not painted(stage) & {"plot-1", "plot-2", "plot-3", "side", "small-layers", "small-histograms"}
        assert stage.screen.query_one("#plot-0").region.width == size[0]
        await stage.press("m")
        await stage.until("accuracy ─ train")
        await stage.press("escape")
        await stage.until(lambda: painted(stage) == before)
        await stage.press("2", "M")
        await stage.until(lambda: stage.screen.query_one("#layers").region.width == size[0])
        await stage.press("M")
        await stage.until(lambda: not stage.screen.has_class("maximised"))


async def test_the_panel_with_the_focus_is_the_one_to_maximise(on_stage: Open) -> None:
    async with on_stage(160, 48) as stage:
        plot = stage.screen.query_one("#plot-3")
        plot.can_focus = True
        plot.focus()
        await stage.pilot.pause()
        await stage.press("M")
        await stage.until(lambda: plot.region.width == 160)
        assert "plot-0" not in painted(stage)


async def test_a_key_goes_through_all_themes_and_the_choice_is_kept(
    on_stage: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    async with on_stage(80, 24) as stage:
        seen = [stage.app.theme]
        for _ in THEMES:
            await stage.press("t")
            seen.append(stage.app.theme)
        assert seen[0] == seen[-1]
        assert len(set(seen)) == len(THEMES)
        await stage.press("t")
        assert stage.app.theme == THEMES[stage.app.settings.theme].name  # type: ignore[index]
        stage.app.change_settings(theme="ansi-light")
        assert stage.app.theme == THEMES["ansi-light"].name


async def test_glyphs_change_while_the_screen_is_up(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        await stage.until("╭─ loss")
        assert stage.app.glyphs is FULL
        stage.app.change_settings(glyphs="ascii")
        await stage.until("+- loss")
        await stage.pilot.pause()
        assert stage.text.isascii()
        stage.app.change_settings(glyphs="quadrant")
        await stage.until("╭─ loss")
        assert stage.app.glyphs is BLOCKS


async def test_wide_ambiguous_characters_leave_braille_in_an_ascii_frame() -> None:
    engine = FakeEngine()
    app = TuiDlApp(None, engine.opening(None), look=Look(ambiguous_is_wide=True))
    async with app.run_test(size=(120, 36)) as pilot:
        stage = Stage(app, pilot, engine, app.screen)  # type: ignore[arg-type]
        await stage.until(lambda: bool(app.screen.query("#log")))
        lively(engine)
        await stage.until("+- loss")
        assert app.glyphs is NARROW
        await stage.press("question_mark")
        await stage.until("Swap the activation")
        await stage.press("escape")
        await pilot.pause()
        beyond = {one for one in stage.text if not one.isascii() and not 0x2800 <= ord(one) < 0x2900}
        assert beyond <= set("∂Σ²ηW₁₂₃")


async def presented(width: int, height: int, *keys: str) -> str:
    """What a projector shows of a run at its first scene, after some keys."""
    experiment = load_preset("digits-mlp")
    engine = FakeEngine()
    app = TuiDlApp(None, engine.opening(experiment), look=Look(is_presenting=True))
    async with app.run_test(size=(width, height)) as pilot:
        stage = Stage(app, pilot, engine, app.screen)  # type: ignore[arg-type]
        assert isinstance(app.screen, RunScreen)
        await stage.until(lambda: bool(app.screen.query("#log")))
        await stage.until(experiment.title.split(",")[0])
        lively(engine, experiment=experiment)
        await stage.until("R U N N I N G")
        engine.post(status("paused", 60, scene=0, scene_waiting=True), SceneReached(0, True))
        await stage.until("P A U S E D")
        await stage.press("1", *keys)
        await stage.until("Scene 1/")
        assert app.theme == THEMES["contrast-light"].name
        assert app.glyphs is BLOCKS
        return stage.text


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 48)])
async def test_a_projector_shows_one_number_one_state_and_one_panel(size: tuple[int, int]) -> None:
    text = await presented(*size)
    assert "██████" in text
    assert "val accuracy" in text
    assert "╭─ loss" in text
    assert text.count("╭─") == 1
    assert "Predict the size of its steps" in " ".join(text.split())
    footer = text.splitlines()[-1]
    assert "space run" in footer
    assert "phase" not in footer


async def test_a_number_a_view_is_a_key_for_a_projector_too() -> None:
    text = await presented(80, 24, "2")
    assert "layers.0" in text
    assert "╭─ loss" not in text


async def test_braille_on_a_projector_is_thick(on_stage: Open) -> None:
    async with on_stage(80, 24) as stage:
        assert not any(plot.is_thick for plot in stage.screen.query(LinePlot))
    engine = FakeEngine()
    app = TuiDlApp(None, engine.opening(None), look=Look(is_presenting=True, glyphs="braille"))
    async with app.run_test(size=(80, 24)) as pilot:
        while not app.screen.query("#strip-0"):
            await pilot.pause(0.01)
        while not all(plot.is_thick for plot in app.screen.query(LinePlot)):
            await pilot.pause(0.01)


async def test_where_height_is_to_spare_the_curves_stay_below_every_view(on_stage: Open) -> None:
    async with on_stage(250, 70) as stage:
        await stage.until("RUNNING")
        assert "strip-0" not in painted(stage)
        await stage.press("2")
        await stage.until(lambda: {"strip-0", "strip-1"} <= painted(stage))
        await stage.until("accuracy ─ train")
        await stage.press("M")
        await stage.until(lambda: "strip-0" not in painted(stage))
        await stage.press("M")
        await stage.pilot.resize_terminal(160, 48)
        await stage.until(lambda: "strip-0" not in painted(stage))


async def test_a_change_is_marked_in_ascii_where_there_is_no_more(on_stage: Open) -> None:
    async with on_stage(120, 36) as stage:
        stage.app.change_settings(glyphs="ascii")
        stage.engine.post(
            ChangeApplied(Receipt(20, 0, {"model.activation": "tanh"}, (("activation", "relu", "tanh"),)))
        )
        await stage.until("tanh")
        await stage.pilot.pause()
        assert stage.text.isascii()
        # Large digits are drawn with lines that are not there: no rows are kept for them.
        assert stage.screen.query_one("#status").region.height == 2


async def test_a_shorter_note_gives_its_rows_back(on_stage: Open) -> None:
    experiment = load_preset("vanishing-gradient")
    async with on_stage(80, 24, experiment=experiment) as stage:
        panel = stage.screen.query_one("#scene")
        for scene in (1, 2, 0, 2):
            stage.engine.post(
                status("paused", 60, scene=scene, scene_waiting=True), SceneReached(scene, True)
            )
            await stage.until(f"Scene {scene + 1}/")
            await stage.until(lambda: panel.region.height == len(scene_lines(stage.screen.model, 80)))


async def test_the_picker_has_themes_and_ascii_too(tui_dl_home: Path) -> None:
    app = TuiDlApp(look=Look(glyphs="ascii"))
    async with app.run_test(size=(60, 12)) as pilot:
        await pilot.pause()
        text = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        assert "Presets" in text
        assert text.isascii()
        before = app.theme
        # Letters search here: the theme is found by its name.
        await pilot.press("colon", *"themelight")
        await pilot.pause()
        text = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        assert "Esc closes" in text
        assert text.isascii()
        await pilot.press("enter")
        while app.theme == before:
            await pilot.pause(0.01)
        await pilot.press("slash")
        await pilot.pause()
        assert "\n".join(strip.text for strip in app.screen._compositor.render_strips()).isascii()
