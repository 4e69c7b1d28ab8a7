"""Recordings of real engines, replayed into the model and the real app."""

import random

import pytest

from tests.recordings import NAMES, recorded
from tests.ui.fake_engine import FakeEngine
from tui_dl.ui.app import TuiDlApp
from tui_dl.ui.panels.bars import VIEWS
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.screens.run import RunScreen
from tui_dl.wire.messages import RunDescribed, RunFinished, Welcomed
from tui_dl.wire.snapshots import HistogramsRead, LayersRead, OptimizerRead


@pytest.mark.parametrize("name", NAMES)
def test_the_model_follows_a_real_run(name: str) -> None:
    model = RunModel()
    saw_phases = 0
    for message in recorded(name):
        model.apply(message)
        saw_phases = max(saw_phases, len(model.phases))
    assert saw_phases >= 5
    assert model.finished is not None
    assert model.history.last_step("train.loss") == model.finished.step
    assert model.history.ghosts("train.loss"), "the undone branch is kept"
    assert any(mark.kind == "change" for mark in model.history.marks())
    assert model.receipt is not None
    assert "weights" in " ".join(model.receipt.kept)
    assert model.receipt.probe_loss_before is not None
    for kind in (LayersRead, HistogramsRead, OptimizerRead):
        assert model.reading(kind) is not None, kind
    assert model.task_view is not None
    assert {entry.kind for entry in model.events} >= {"change", "undo", "finished"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 48)])
async def test_the_app_shows_a_real_run(name: str, width: int, height: int) -> None:
    messages = recorded(name)
    described = next(message for message in messages if isinstance(message, RunDescribed))
    engine = FakeEngine()
    app = TuiDlApp(None, engine.opening(described.experiment, name))
    chance = random.Random(1)
    async with app.run_test(size=(width, height)) as pilot:
        screen = app.screen
        assert isinstance(screen, RunScreen)
        while not screen.query("#log"):
            await pilot.pause(0.01)
        for message in messages:
            if isinstance(message, Welcomed | RunFinished):
                continue
            engine.post(message)
            if chance.random() < 0.1:
                await pilot.press(chance.choice("123456"))
        while screen.model.receipt is None or "undo" not in {entry.kind for entry in screen.model.events}:
            await pilot.pause(0.01)
        for number in range(1, len(VIEWS) + 1):
            await pilot.press(str(number))
            await pilot.pause(0.15)
            text = "\n".join(strip.text for strip in screen._compositor.render_strips())
            assert "loss" in text
        wanted = {"digits": "confusion", "spiral": "decision regions", "line": "data and fit"}[name]
        await pilot.press("5")
        while wanted not in "\n".join(strip.text for strip in screen._compositor.render_strips()):
            await pilot.pause(0.01)
