"""V on the run screen: asks which variants should run, shows how they stand, ends them with the screen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from tests.ui.fake_engine import FakeEngine, lively, status
from tests.ui.screens.conftest import Stage
from tests.ui.stepping_engine import SteppingEngine
from tui_dl.errors import NotAvailable
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.lecture import Variant
from tui_dl.spec.preset import load_preset
from tui_dl.ui.app import TuiDlApp
from tui_dl.ui.engine_port import Opening
from tui_dl.ui.panels.curves import MetricPlot
from tui_dl.ui.panels.variants import variant_line
from tui_dl.ui.screens.run import RunScreen
from tui_dl.ui.screens.variant_dialog import AS_STARTED, difference, experiment_of, offered, variants_dialog


class Openings:
    """Starts variants that the test plays; `problem` makes that fail."""

    def __init__(self) -> None:
        self.engines: dict[str, SteppingEngine] = {}
        self.experiments: dict[str, Experiment] = {}
        self.swept: list[Path] = []
        self.problem = ""

    def start(self, experiment: Experiment, preset: str) -> Opening:
        raise AssertionError

    def attach(self, run_id: str) -> Opening:
        raise AssertionError

    def resume(self, run_id: str) -> Opening:
        raise AssertionError

    def variant(self, of: Path, experiment: Experiment, name: str) -> Opening:
        if self.problem:
            raise NotAvailable(self.problem)
        self.experiments[name] = experiment
        engine = self.engines[name] = SteppingEngine(experiment)
        engine.come_up()
        return Opening(engine.connect, experiment, name)

    def sweep(self, of: Path) -> None:
        self.swept.append(of)


@asynccontextmanager
async def stage(
    folder: Path, experiment: Experiment, width: int = 120, height: int = 36
) -> AsyncIterator[tuple[Stage, Openings]]:
    engine, openings = FakeEngine(), Openings()
    app = TuiDlApp(openings, Opening(engine.connect, experiment, "digits-mlp", folder))
    async with app.run_test(size=(width, height)) as pilot:
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, RunScreen)
        made = Stage(app, pilot, engine, screen)
        await made.until(lambda: bool(screen.query("#log")))
        lively(engine, experiment=experiment)
        await made.until(lambda: screen.model.described is not None and screen.model.readings)
        await pilot.pause()
        yield made, openings


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 36), (160, 48), (60, 20)])
async def test_a_variant_is_asked_for_runs_in_step_and_is_drawn(
    tmp_path: Path, width: int, height: int
) -> None:
    experiment = load_preset("digits-mlp")
    name = experiment.variants[0].name
    async with stage(tmp_path, experiment, width, height) as (here, openings):
        await here.press("V")
        await here.until(name)
        await here.press("1")
        await here.until("in step, 50")
        here.engine.post(status("running", 57))
        await here.until(lambda: openings.engines[name].step == 57)
        plot = here.screen.query_one("#plot-0", MetricPlot)
        await here.until(lambda: name in [series.label for series in plot.data.series])
        assert openings.experiments[name].scenes == ()
        assert not here.engine.commands or all(
            type(command).__name__ == "Watch" for command in here.engine.commands
        ), "the run itself is told nothing of it"
        await here.press("V")
        await here.until("End: ")
        await here.press("1")
        await here.until(lambda: openings.engines[name].is_closed)
        await here.until(lambda: name not in [series.label for series in plot.data.series])


async def test_they_end_with_the_screen_and_what_they_left_is_swept(tmp_path: Path) -> None:
    experiment = load_preset("digits-mlp")
    async with stage(tmp_path, experiment) as (here, openings):
        await here.press("V")
        await here.until(experiment.variants[0].name)
        await here.press("1")
        await here.until("in step")
    assert all(engine.is_closed for engine in openings.engines.values())
    assert openings.swept == [tmp_path, tmp_path]


async def test_one_that_cannot_be_started_is_said_and_the_others_go_on(tmp_path: Path) -> None:
    experiment = load_preset("digits-mlp")
    async with stage(tmp_path, experiment) as (here, openings):
        openings.problem = "no room on the disk"
        await here.press("V")
        await here.until(experiment.variants[0].name)
        await here.press("1")
        await here.until(
            lambda: any("no room on the disk" in entry.text for entry in here.screen.model.events)
        )
        assert here.screen.model.beside == []


async def test_without_variants_it_says_how_to_add_one(tmp_path: Path) -> None:
    bare = msgspec.structs.replace(load_preset("digits-mlp"), variants=(), expectations=(), scripts=())
    async with stage(tmp_path, bare) as (here, openings):
        await here.press("V")
        await here.until("[[variant]]")
        await here.press("c")
        await here.pilot.pause()
        assert not openings.engines


async def test_where_no_run_can_be_started_it_says_so(tmp_path: Path) -> None:
    experiment = load_preset("digits-mlp")
    async with stage(tmp_path, experiment) as (here, _):
        here.app.openings = None
        await here.press("V")
        await here.until(experiment.variants[0].name)
        await here.press("1")
        await here.until(lambda: any("can't be started" in entry.text for entry in here.screen.model.events))


def test_after_a_change_by_hand_the_run_as_it_was_started_is_offered() -> None:
    experiment = load_preset("vanishing-gradient")
    assert [one.name for one in offered(experiment, was_changed=False)] == ["never swapped"]
    *_, last = offered(experiment, was_changed=True)
    assert last.name == AS_STARTED
    made = experiment_of(experiment, last)
    assert made.model == experiment.model
    assert made.scripts == experiment.scripts
    assert made.scenes == ()


def test_what_differs_is_said_in_words() -> None:
    assert difference(Variant("x", {"optimizer.lr": 0.5}, script=False)) == (
        "optimizer.lr = 0.5; without the changes that the preset makes by itself"
    )
    assert difference(Variant("x", {"optimizer": {"name": "sgd", "lr": 1}})) == "optimizer = name sgd, lr 1"


def test_a_full_house_offers_to_end_some() -> None:
    many = [Variant(f"v{place}") for place in range(6)]
    dialog = variants_dialog(many, ["v0", "v1", "v2", "v3"])
    results = [choice.result for choice in dialog._choices]
    assert results[:4] == ["stop:0", "stop:1", "stop:2", "stop:3"]
    assert "stop:0,1,2,3" in results
    assert results[-1] == "cancel"
    assert not any(result.startswith("run:") and "," in result for result in results)


@pytest.mark.parametrize("width", [20, 44, 80, 115])
async def test_the_line_of_a_variant_fits(tmp_path: Path, width: int) -> None:
    experiment = load_preset("digits-mlp")
    async with stage(tmp_path, experiment) as (here, _):
        await here.press("V")
        await here.until(experiment.variants[0].name)
        await here.press("1")
        await here.until("in step")
        variant = here.screen.model.beside[0]
        parts = variant_line(here.screen.model, variant, width)
        text = "".join(part if isinstance(part, str) else part[0] for part in parts)
        assert "in step" in text
        assert ("val loss" in text) == (width >= 44)
        assert width < 44 or len(text) <= width
