import time
from collections.abc import Callable
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from tests.ui.fake_engine import FakeEngine, lively
from tui_dl.errors import NotAvailable
from tui_dl.runs.folder import RunFolder, new_run
from tui_dl.runs.liveness import lock_log
from tui_dl.runs.writer import RunWriter
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.preset import list_presets, load_preset
from tui_dl.ui.app import TuiDlApp
from tui_dl.ui.engine_port import Farewell, Opening
from tui_dl.ui.panels.list_panel import ListPanel
from tui_dl.ui.screens.dialog import Dialog
from tui_dl.ui.screens.palette import Palette
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


async def _until(app: TuiDlApp, pilot: Pilot[Farewell], wanted: str | Callable[[], object]) -> None:
    ends_s = time.monotonic() + 20.0
    while not (wanted in _text(app) if isinstance(wanted, str) else wanted()):
        assert time.monotonic() < ends_s, f"waited in vain for {wanted!r} on\n{_text(app)}"
        await pilot.pause(0.01)


def _ended_run() -> RunFolder:
    folder = new_run(load_preset("digits-mlp"), "digits-mlp")
    with RunWriter(folder.database_path) as writer:
        writer.set_state("finished", reason="stopped", step=920)
    return folder


def _listed(app: TuiDlApp) -> int:
    """Presets and own files in the list."""
    return len(app.screen.query_one("#presets", ListPanel).ids)


def _text(app: TuiDlApp) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 48), (50, 16), (60, 20), (250, 70), (20, 5)])
async def test_presets_are_listed_by_title_with_a_preview(width: int, height: int) -> None:
    app = TuiDlApp(Openings())
    async with app.run_test(size=(width, height)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, PickerScreen)
        presets = app.screen.query_one("#presets", ListPanel)
        assert presets.ids == [preset.name for preset in list_presets()]
        assert presets.chosen == "digits-mlp"
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
    folder = _ended_run()
    openings = Openings()
    app = TuiDlApp(openings)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        await _until(app, pilot, folder.id)
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


async def test_typing_searches_and_escape_shows_all_again() -> None:
    app = TuiDlApp(Openings())
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        presets = app.screen.query_one("#presets", ListPanel)
        await pilot.press(*"starves")
        await _until(app, pilot, lambda: presets.ids == ["vanishing-gradient"])
        await pilot.press("escape")
        await _until(app, pilot, lambda: len(presets.ids) == len(list_presets()))
        app.post_message(events.Paste("outliers\nsecond line"))
        await _until(app, pilot, lambda: presets.ids == ["outliers"])
        await pilot.press("enter")
        await _until(app, pilot, lambda: isinstance(app.screen, RunScreen))


async def test_a_search_that_only_runs_fit_goes_to_them() -> None:
    folder = _ended_run()
    openings = Openings()
    app = TuiDlApp(openings)
    async with app.run_test(size=(100, 30)) as pilot:
        await _until(app, pilot, folder.id[:12])
        await pilot.press(*"finished", "enter")
        await _until(app, pilot, lambda: openings.asked == [("resume", folder.id)])


async def test_the_program_s_keys_work_here_and_others_search() -> None:
    app = TuiDlApp(Openings())
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("colon")
        await _until(app, pilot, lambda: isinstance(app.screen, Palette))
        await pilot.press(*"collapse", "enter")
        await _until(app, pilot, lambda: isinstance(app.screen, RunScreen))


async def test_own_files_are_listed_and_a_mistake_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "typo.toml").write_text('title = "Mine"\n[data]\nname = "digit"\n[model]\nname = "mlp"\n')
    openings = Openings()
    app = TuiDlApp(openings)
    async with app.run_test(size=(120, 36)) as pilot:
        await _until(app, pilot, lambda: _listed(app) > len(list_presets()))
        await pilot.press("end")
        await _until(app, pilot, "In this folder")
        assert "has a mistake" in _text(app)
        # However long the path before it, and wherever that has the lines broken.
        await _until(app, pilot, '"digits"?')
        await pilot.press("enter")
        await pilot.pause()
        assert openings.asked == []
        (tmp_path / "typo.toml").write_text(
            'title = "Mine"\n[data]\nname = "digits"\n[model]\nname = "mlp"\n'
        )
        await pilot.press("f5")
        await _until(app, pilot, lambda: "has a mistake" not in _text(app))
        await pilot.press("enter")
        await _until(app, pilot, lambda: openings.asked == [("start", "typo")])


async def test_a_reload_is_not_lost_while_the_runs_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = TuiDlApp(Openings())
    async with app.run_test(size=(120, 36)) as pilot:
        await _until(app, pilot, f"Presets {len(list_presets())}")
        picker = app.screen
        assert isinstance(picker, PickerScreen)
        await _until(app, pilot, lambda: not picker._is_looking)
        picker._is_looking = True
        (tmp_path / "mine.toml").write_text(
            'title = "Mine"\n[data]\nname = "digits"\n[model]\nname = "mlp"\n'
        )
        await pilot.press("f5")
        picker._is_looking = False
        await _until(app, pilot, lambda: _listed(app) > len(list_presets()))


async def test_a_live_run_changes_by_itself_and_is_not_deleted() -> None:
    folder = _ended_run()
    app = TuiDlApp(Openings())
    with RunWriter(folder.database_path) as writer, lock_log(folder.log_path):
        writer.set_state("running", step=10)
        writer.commit()
        async with app.run_test(size=(120, 36)) as pilot:
            await _until(app, pilot, "running 10")
            writer.set_state("running", step=4321)
            writer.commit()
            await _until(app, pilot, "running 4,321")
            await pilot.press("tab", "delete")
            await pilot.pause()
            assert isinstance(app.screen, PickerScreen)
            assert folder.path.is_dir()


@pytest.mark.parametrize(("key", "is_left"), [("d", False), ("enter", True), ("escape", True)])
async def test_an_ended_run_is_deleted_only_when_that_is_chosen(key: str, is_left: bool) -> None:
    folder = _ended_run()
    app = TuiDlApp(Openings())
    async with app.run_test(size=(120, 36)) as pilot:
        await _until(app, pilot, folder.id)
        await pilot.press("tab", "delete")
        await _until(app, pilot, lambda: isinstance(app.screen, Dialog))
        await pilot.press(key)
        await _until(app, pilot, lambda: isinstance(app.screen, PickerScreen))
        if not is_left:
            await _until(app, pilot, "No runs yet")
        assert folder.path.is_dir() == is_left
