"""A monkey at the terminal: seeded random keys, clicks, wheel, resizes and pasted text over real engines."""

import asyncio
import random
import string
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from textual import events
from textual.geometry import Size
from textual.pilot import Pilot

from tests.end_to_end.program import PATIENCE_S, folders
from tui_dl.cli.openings import LauncherOpenings
from tui_dl.errors import NotAvailable, UsageError
from tui_dl.runs import is_alive
from tui_dl.spec.experiment import Experiment
from tui_dl.ui.app import TuiDlApp
from tui_dl.ui.engine_port import Farewell, Opening
from tui_dl.ui.hangul import JAMO
from tui_dl.ui.keys.table import KEYS
from tui_dl.ui.screens.help import HelpScreen
from tui_dl.ui.screens.picker import PickerScreen
from tui_dl.ui.screens.run import RunScreen
from tui_dl.ui.settings import SettingsStore

SIZES: Final = ((60, 20), (80, 24), (120, 36), (160, 48), (250, 70), (44, 12))
_MOST_ENGINES: Final = 2
_REMEMBERED: Final = 60
# All that the table binds, whoever adds to it, but for the ways out: those are pressed less often.
_LEAVING: Final = frozenset({"leave", "presets", "restart"})
TABLE_KEYS: Final = tuple(
    dict.fromkeys(key for entry in KEYS if entry.id not in _LEAVING for key in entry.keys.split(","))
)
LEAVING_KEYS: Final = tuple(key for entry in KEYS if entry.id in _LEAVING for key in entry.keys.split(","))
_DIALOG_KEYS: Final = (
    *("enter", "escape", "tab", "shift+tab", "up", "down", "left", "right", "home", "end", "pageup"),
    *("pagedown", "delete", "backspace", "space", "ctrl+right", "ctrl+left", "ctrl+d", "f1", "f5"),
    *string.ascii_letters,
    *string.digits,
)


class FewOpenings:
    """Real runs, but never more than two engines at once: the machine is others' too."""

    def __init__(self) -> None:
        self._openings = LauncherOpenings()

    def start(self, experiment: Experiment, preset: str) -> Opening:
        self._refuse_many()
        return self._openings.start(experiment, preset)

    def attach(self, run_id: str) -> Opening:
        return self._openings.attach(run_id)

    def resume(self, run_id: str) -> Opening:
        self._refuse_many()
        return self._openings.resume(run_id)

    def variant(self, of: Path, experiment: Experiment, name: str) -> Opening:
        self._refuse_many()
        return self._openings.variant(of, experiment, name)

    def sweep(self, of: Path) -> None:
        self._openings.sweep(of)

    def _refuse_many(self) -> None:
        logs = {log for folder in folders() for log in folder.path.rglob(folder.log_path.name)}
        if sum(is_alive(log) for log in logs) >= _MOST_ENGINES:
            raise NotAvailable("enough engines for one monkey")


@dataclass
class Monkey:
    """Plays with one program after another (it leaves some) until it has done `actions` things.

    Attributes:
        seed: of all that it does.
        experiment: what the first run trains.
        preset: its name.
        settings_path: where the settings that it changes are kept.
        remembered: the last things that it did, for whoever looks for the mistake.
        pressed: every key that it pressed.
    """

    seed: int
    experiment: Experiment
    preset: str
    settings_path: Path
    remembered: deque[str] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    pressed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._keys_left: list[str] = []

    async def play(self, actions: int) -> None:
        """Do so many things, then see whether what is left still answers."""
        openings = FewOpenings()
        opening: Opening | None = openings.start(self.experiment, self.preset)
        while actions > 0:
            app = TuiDlApp(openings, opening, SettingsStore(self.settings_path))
            async with app.run_test(size=self._chance.choice(SIZES), notifications=True) as pilot:
                try:
                    await self._until(pilot, lambda app=app: _is_up(app))
                    actions = await self._amid(pilot, actions)
                    if app.return_value is None:
                        await self._see_that_it_answers(pilot)
                except BaseException as error:
                    error.add_note(f"seed {self.seed}, the last things done: {', '.join(self.remembered)}")
                    error.add_note(f"in front: {app.screen_stack}\n{_text(app)}")
                    raise
            # It was left: come back to what trains on, or choose something new.
            opening = _latest(openings)

    async def _amid(self, pilot: Pilot[Farewell], actions: int) -> int:
        app = pilot.app
        while actions > 0 and app.return_value is None and app.is_running:
            for _ in range(self._chance.choice((1, 1, 2, 5))):
                await self._act(pilot)
                actions -= 1
            await pilot.pause()
        return actions

    async def _act(self, pilot: Pilot[Farewell]) -> None:
        chance, size = self._chance, pilot.app.size
        what = chance.random()
        if what < 0.5:
            self._press(pilot, self._table_key())
        elif what < 0.7:
            self._press(pilot, chance.choice(_DIALOG_KEYS))
        elif what < 0.73:
            self._press(pilot, chance.choice((*JAMO.values(), "한", "옵")))
        elif what < 0.745:
            self._press(pilot, chance.choice(LEAVING_KEYS))
        elif what < 0.86:
            self._point(pilot, size, events.MouseDown, events.MouseUp)
        elif what < 0.92:
            self._point(pilot, size, chance.choice((events.MouseScrollUp, events.MouseScrollDown)))
        elif what < 0.97:
            self._point(pilot, size, events.MouseMove)
        elif what < 0.99:
            width, height = (
                chance.choice(SIZES) if what < 0.98 else (chance.randint(1, 260), chance.randint(1, 80))
            )
            self.remembered.append(f"{width}x{height}")
            await pilot.resize_terminal(width, height)
        else:
            self.remembered.append("paste")
            pilot.app.post_message(events.Paste("optimizer lr 0.1\nqqq\n"))

    def _table_key(self) -> str:
        """Every key of the table once, in some order, then again in another."""
        if not self._keys_left:
            self._keys_left = self._chance.sample(TABLE_KEYS, len(TABLE_KEYS))
        return self._keys_left.pop()

    def _press(self, pilot: Pilot[Farewell], key: str) -> None:
        self.remembered.append(key)
        self.pressed.add(key)
        character = key if len(key) == 1 else " " if key == "space" else None
        pilot.app.post_message(events.Key(key, character))

    def _point(self, pilot: Pilot[Farewell], size: Size, *kinds: type[events.MouseEvent]) -> None:
        x, y = self._chance.randrange(max(size.width, 1)), self._chance.randrange(max(size.height, 1))
        for kind in kinds:
            self.remembered.append(f"{kind.__name__}({x}, {y})")
            button = 0 if kind is events.MouseMove else 1
            pilot.app.post_message(kind(None, x, y, 0, 0, button, False, False, False, x, y))

    async def _see_that_it_answers(self, pilot: Pilot[Farewell]) -> None:
        """Close what is open; then a key must still be answered by a painted screen."""
        app = pilot.app
        assert isinstance(app, TuiDlApp)
        await pilot.resize_terminal(80, 24)
        app.settings_store.change(keys={})
        for _ in range(40):
            if isinstance(app.screen, RunScreen | PickerScreen):
                break
            app.post_message(events.Key("escape", None))
            await pilot.pause(0.02)
        if isinstance(app.screen, PickerScreen):
            app.screen.query_one("#presets").focus()
            app.post_message(events.Key("comma", ","))
            await self._until(pilot, lambda: _paints(app, "theme"))
        else:
            await self._until(pilot, lambda: self._help_is_open(app))
            await self._until(pilot, lambda: _paints(app, "Run"))

    def _help_is_open(self, app: TuiDlApp) -> bool:
        # An announcement (the end, a failure) may come in between: it is closed, and help asked for again.
        if not isinstance(app.screen, HelpScreen):
            key = "question_mark" if isinstance(app.screen, RunScreen) else "escape"
            app.post_message(events.Key(key, "?" if key == "question_mark" else None))
        return isinstance(app.screen, HelpScreen)

    async def _until(self, pilot: Pilot[Farewell], wanted: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not wanted() and pilot.app.return_value is None and pilot.app.is_running:
                await pilot.pause(0.02)


def _latest(openings: FewOpenings) -> Opening | None:
    """The newest run that trains; None if there is none, or if its engine is just ending."""
    live = [folder for folder in folders() if is_alive(folder.log_path)]
    with suppress(UsageError):
        return openings.attach(live[-1].id) if live else None
    return None


def _is_up(app: TuiDlApp) -> bool:
    """Whether the run has been described, or a picker is there; a dialog may stand before it already."""
    for screen in app.screen_stack:
        if isinstance(screen, RunScreen):
            return screen.model.described is not None or screen.model.link in ("failed", "closed")
    return isinstance(app.screen, PickerScreen)


def _paints(app: TuiDlApp, text: str) -> bool:
    return text in _text(app)


def _text(app: TuiDlApp) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())
