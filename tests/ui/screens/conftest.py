"""The real app on a screen without a terminal, and an engine that the test plays."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import pytest
from textual.pilot import Pilot

from tests.ui.fake_engine import FakeEngine, lively
from tui_dl.spec.experiment import Experiment
from tui_dl.ui.app import TuiDlApp
from tui_dl.ui.engine_port import Farewell
from tui_dl.ui.screens.run import RunScreen

_PATIENCE_S = 20.0


@dataclass
class Stage:
    """A running app."""

    app: TuiDlApp
    pilot: Pilot[Farewell]
    engine: FakeEngine
    screen: RunScreen

    @property
    def text(self) -> str:
        """All that is painted of the screen in front."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    async def until(self, wanted: Callable[[], object] | str) -> None:
        """Wait for something to be painted or true; what never comes fails, and shows what came instead."""
        ends_s = time.monotonic() + _PATIENCE_S
        while not (wanted in self.text if isinstance(wanted, str) else wanted()):
            assert time.monotonic() < ends_s, f"waited in vain for {wanted!r} on\n{self.text}"
            await self.pilot.pause(0.01)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()


Open = Callable[..., AbstractAsyncContextManager[Stage]]


@pytest.fixture
def on_stage() -> Open:
    @asynccontextmanager
    async def run(
        width: int = 120,
        height: int = 36,
        *,
        experiment: Experiment | None = None,
        silent: bool = False,
        controls: bool = True,
    ) -> AsyncIterator[Stage]:
        engine = FakeEngine(controls=controls)
        app = TuiDlApp(None, engine.opening(experiment))
        async with app.run_test(size=(width, height)) as pilot:
            await pilot.pause()
            screen = app.screen
            assert isinstance(screen, RunScreen)
            stage = Stage(app, pilot, engine, screen)
            await stage.until(lambda: bool(screen.query("#log")))
            if not silent:
                lively(engine, experiment=experiment)
                await stage.until(lambda: screen.model.described is not None and screen.model.readings)
                await pilot.pause()
            yield stage

    return run
