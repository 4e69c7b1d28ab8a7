import pytest
from textual.widgets import OptionList

from tests.ui.fake_engine import FakeEngine, lively
from tui_dl.errors import NotAvailable
from tui_dl.runs.folder import new_run
from tui_dl.runs.writer import RunWriter
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.preset import list_presets, load_preset
from tui_dl.ui.app import TuiDlApp
from tui_dl.ui.engine_port import Opening
from tui_dl.ui.screens.picker import PickerScreen
from tui_dl.ui.screens.run import RunScreen


class Openings:
    def __init__(self) -> None:
        self.engine = FakeEngine()
        self.asked: list[tuple[str, str]] = []
        self.error: Exception | None = None

    def start(self, experiment: Experiment, preset: str) -> Opening:
        return self._opening("start", preset, experiment)

    def attach(self, run_id: str) -> Opening:
        return self._opening("attach", run_id, load_preset("digits-mlp"))

    def resume(self, run_id: str) -> Opening:
        return self._opening("resume", run_id, load_preset("digits-mlp"))

    def _opening(self, way: str, what: str, experiment: Experiment) -> Opening:
        self.asked.append((way, what))
        if self.error is not None:
            raise self.error
        return self.engine.opening(experiment)


def _text(app: TuiDlApp) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 48), (50, 16)])
async def test_presets_are_listed_by_title_with_a_preview(width: int, height: int) -> None:
    app = TuiDlApp(Openings())
    async with app.run_test(size=(width, height)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, PickerScreen)
        presets = app.screen.query_one("#presets", OptionList)
        assert presets.option_count == len(list_presets())
        assert presets.highlighted_option is not None
        assert presets.highlighted_option.id == "digits-mlp"
        if width >= 70:
            assert "cross_entropy" in _text(app)
        for _ in list_presets():
            await pilot.press("down")
            await pilot.pause()


async def test_enter_starts_what_is_chosen_and_p_comes_back() -> None:
    openings = Openings()
    app = TuiDlApp(openings)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("enter")
        while not isinstance(app.screen, RunScreen):
            await pilot.pause(0.01)
        assert openings.asked == [("start", "digits-mlp")]
        lively(openings.engine)
        while not app.screen.model.can_steer:
            await pilot.pause(0.01)
        await pilot.press("P")
        await pilot.pause()
        await pilot.press("d")
        while not isinstance(app.screen, PickerScreen):
            await pilot.pause(0.01)


async def test_runs_stand_beside_and_one_that_ended_is_resumed() -> None:
    folder = new_run(load_preset("digits-mlp"), "digits-mlp")
    with RunWriter(folder.database_path) as writer:
        writer.set_state("finished", reason="stopped")
    openings = Openings()
    app = TuiDlApp(openings)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        assert folder.id in _text(app)
        await pilot.press("tab")
        await pilot.pause()
        assert "goes on from its last checkpoint" in _text(app)
        await pilot.press("enter")
        await pilot.pause()
        assert openings.asked == [("resume", folder.id)]


async def test_what_cannot_start_says_why_and_leaves_the_picker_open() -> None:
    openings = Openings()
    openings.error = NotAvailable("CUDA is not here")
    app = TuiDlApp(openings)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert "CUDA is not here" in _text(app)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, PickerScreen)


@pytest.mark.parametrize("key", ["q", "ㅂ", "escape", "ctrl+q", "ctrl+c"])
async def test_leaving_the_picker_ends_the_program(key: str) -> None:
    app = TuiDlApp(Openings())
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press(key)
        await pilot.pause()
    assert app.return_value is not None
    assert app.return_value.text == ""
