"""Drives the real screen without a terminal to where its picture is to be taken."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from textual.pilot import Pilot

from tui_dl.errors import EngineFailed, NotAvailable
from tui_dl.ui.app import TuiDlApp
from tui_dl.ui.screens.dialog import Dialog
from tui_dl.ui.screens.run import RunScreen
from tui_dl.ui.screenshot import svg_of
from tui_dl.wire.commands import Run, Stop

Size = tuple[int, int]

_LOOK_EVERY_S: Final = 0.05
_PATIENCE_S: Final = 600.0
# Heat maps are drawn once a second at most.
_LONGEST_PAINTER_S: Final = 1.2
_UNTIL_SHOWN_S: Final = 5.0


async def take_pictures(
    app: TuiDlApp,
    targets: Iterable[tuple[Size, Path]],
    *,
    until_step: int | None,
    view: str = "",
    keys: Iterable[str] = (),
    is_own_run: bool = True,
) -> None:
    """Go to a step (by default the last scene's, at most the planned end) and take a picture at each size.

    A run of one's own is deleted afterwards; another's is looked at as it stands. Raises EngineFailed if the
    engine fails, and OSError if a picture can't be written.
    """
    targets = list(targets)
    async with app.run_test(size=targets[0][0], notifications=False) as pilot:
        screen = app.screen
        assert isinstance(screen, RunScreen)
        try:
            await _until(pilot, screen, lambda: screen.model.described is not None)
            if is_own_run:
                await _advance(pilot, screen, until_step)
                await _dismiss(pilot, app, screen)
            if view:
                screen.show_view(view)
            await pilot.press(*keys)
            for size, path in targets:
                await pilot.resize_terminal(*size)
                await _settle(pilot, app, screen)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(svg_of(app), encoding="utf-8")
        finally:
            if is_own_run and screen.model.link == "live":
                await screen.link.request(Stop(keep=False))
        app.exit()


async def _advance(pilot: Pilot[Any], screen: RunScreen, until_step: int | None) -> None:
    """Train as far as wanted, past the scenes on the way."""
    model = screen.model
    assert model.described is not None
    planned = model.described.total_steps
    scenes = () if model.experiment is None else model.experiment.scenes
    goal = min(scenes[-1].at_step if until_step is None and scenes else until_step or 200, planned or 10**9)
    await _until(pilot, screen, lambda: model.status.state in ("paused", "finished"))
    while model.status.step < goal and model.status.state != "finished":
        await screen.link.request(Run(until_step=goal))
        await _until(pilot, screen, lambda: model.status.state in ("paused", "finished"))


async def _dismiss(pilot: Pilot[Any], app: TuiDlApp, screen: RunScreen) -> None:
    """At the planned end a dialog offers to go on: it would hide what there is to see."""
    if screen.model.status.state == "finished" or screen.model.finished is not None:
        await _until(pilot, screen, lambda: isinstance(app.screen, Dialog))
        await pilot.press("escape")


async def _settle(pilot: Pilot[Any], app: TuiDlApp, screen: RunScreen) -> None:
    """Until what is shown has been measured where the run stands, and painted."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + _UNTIL_SHOWN_S
    await pilot.pause(_LONGEST_PAINTER_S)
    while loop.time() < give_up_at and not (app.frame_clock.is_idle and _is_up_to_date(screen)):
        await pilot.pause(_LOOK_EVERY_S)
    screen.renew_all()
    await pilot.pause(_LONGEST_PAINTER_S)


def _is_up_to_date(screen: RunScreen) -> bool:
    model = screen.model
    return all(taken.step == model.status.step for taken in model.readings.values())


async def _until(pilot: Pilot[Any], screen: RunScreen, is_so: Callable[[], bool]) -> None:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while not is_so():
                if screen.model.link == "failed" or screen.model.failed is not None:
                    raise EngineFailed(screen.model.link_detail or "the engine failed")
                await pilot.pause(_LOOK_EVERY_S)
    except TimeoutError:
        raise NotAvailable(f"the run did not get there within {_PATIENCE_S:.0f} s") from None
