"""The README's picture, from the real program: `python -m tests.pictures` draws it anew.

A preset runs in an engine process of its own, on the real screen, over its scripted change to its last scene.
"""

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from textual.pilot import Pilot

from tui_dl.cli.openings import LauncherOpenings
from tui_dl.spec.preset import load_preset
from tui_dl.ui.app import TuiDlApp
from tui_dl.ui.engine_port import Farewell
from tui_dl.ui.screens.run import RunScreen
from tui_dl.wire.snapshots import LayersRead, SamplesView

PRESET: Final = "vanishing-gradient"
SIZE: Final = (160, 48)
PICTURE: Final = Path(__file__).parents[1] / "docs/pictures/run-screen.svg"
_PATIENCE_S: Final = 120.0
_FRAMES_S: Final = 2.5
_FONTS: Final = '"Fira Code", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace'


async def draw(path: Path = PICTURE) -> None:
    """Present the preset up to its last scene, by a presenter's keys, and keep what is shown as SVG."""
    experiment = load_preset(PRESET, {"training.pace": 0})
    openings = LauncherOpenings(paused=True)
    app = TuiDlApp(openings, openings.start(experiment, PRESET))
    async with app.run_test(size=SIZE) as pilot:
        screen = app.screen
        assert isinstance(screen, RunScreen)
        model = screen.model
        await _until(pilot, lambda: model.can_steer and model.status.state == "paused")
        await pilot.press("space")
        for index in range(len(experiment.scenes)):
            if index:
                await pilot.press("pagedown")
            await _until(
                pilot, lambda index=index: model.status.scene == index and model.status.scene_waiting
            )
        read = (LayersRead, SamplesView)
        await _until(pilot, lambda: all(model.reading_step(kind) == model.status.step for kind in read))
        # Heat maps are drawn once a second at most.
        await pilot.pause(_FRAMES_S)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_plain(app.export_screenshot(title="tui-dl")), encoding="utf-8")
        await screen.steering.stop()
        app.exit(Farewell())


async def _until(pilot: Pilot[Farewell], is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while not is_so():
            await pilot.pause(0.05)


def _plain(svg: str) -> str:
    """Without comments and fonts from elsewhere, and without numbers that differ between two pictures."""
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: Fira Code, monospace;", f"font-family: {_FONTS};", svg)
    return re.sub(r"terminal-\d+", "terminal", svg)


def main() -> int:
    """Draw it, with runs in a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUI_DL_HOME"] = home
        os.environ.pop("NO_COLOR", None)
        os.environ |= {"COLORTERM": "truecolor", "TERM": "xterm-256color"}
        asyncio.run(draw())
    sys.stderr.write(f"drew {PICTURE}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
