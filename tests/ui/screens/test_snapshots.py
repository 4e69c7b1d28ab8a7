"""Whole screens as plain text, after a recorded run was replayed, against files in `goldens/`.

To write them anew, look at the difference, and commit what is meant:

    TUI_DL_WRITE_GOLDENS=1 python -m pytest tests/ui/screens/test_snapshots.py
    git diff tests/ui/screens/goldens
"""

import os
from pathlib import Path

import pytest

from tests.recordings import recorded
from tests.ui.fake_engine import FakeEngine
from tui_dl.ui.app import TuiDlApp
from tui_dl.ui.screens.run import RunScreen
from tui_dl.wire.messages import RunDescribed, RunFinished, Welcomed

GOLDENS = Path(__file__).parent / "goldens"
SCREENS = [
    ("digits", "1", 80, 24),
    ("digits", "1", 120, 36),
    ("digits", "2", 120, 36),
    ("digits", "5", 120, 36),
    ("spiral", "5", 80, 24),
    ("line", "5", 80, 24),
]


@pytest.mark.parametrize(("name", "view", "width", "height"), SCREENS)
async def test_a_screen_is_as_it_was(name: str, view: str, width: int, height: int) -> None:
    messages = [each for each in recorded(name) if not isinstance(each, Welcomed | RunFinished)]
    described = next(each for each in messages if isinstance(each, RunDescribed))
    engine = FakeEngine()
    app = TuiDlApp(None, engine.opening(described.experiment, name))
    async with app.run_test(size=(width, height), notifications=False) as pilot:
        screen = app.screen
        assert isinstance(screen, RunScreen)
        while not screen.query("#log"):
            await pilot.pause(0.01)
        engine.post(*messages)
        while "undo" not in {entry.kind for entry in screen.model.events}:
            await pilot.pause(0.01)
        await pilot.press(view)
        before = ""
        # Painters have paces of their own: all are done when nothing has changed for longer than the slowest.
        while before != (before := _text(screen)) or not app.frame_clock.is_idle:
            screen.renew_all()
            await pilot.pause(0.3)
        shown = "\n".join(line.rstrip() for line in before.splitlines()) + "\n"
    path = GOLDENS / f"{name}-{view}-{width}x{height}.txt"
    if os.environ.get("TUI_DL_WRITE_GOLDENS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


def _text(screen: RunScreen) -> str:
    return "\n".join(strip.text for strip in screen._compositor.render_strips())
