"""The app: which screen is shown, and nothing else."""

import asyncio
import os
import signal
from typing import Any, ClassVar, Final

from textual.binding import Binding

from tui_dl.errors import TuiDlError
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.translate import language_of
from tui_dl.ui.engine_port import Farewell, Opening, Openings
from tui_dl.ui.keyed_app import KeyedApp
from tui_dl.ui.link_profile import LinkProfile, LinkSetting, profile_for
from tui_dl.ui.look import Look
from tui_dl.ui.look_app import LookApp
from tui_dl.ui.overlay import Overlay, OverlayApp
from tui_dl.ui.run_catalogue import RunCatalogue
from tui_dl.ui.screens.dialog import Choice, Dialog
from tui_dl.ui.screens.run import RunScreen
from tui_dl.ui.settings import Settings, SettingsStore
from tui_dl.ui.suspension import SuspendableApp

TITLE: Final = "tui-dl"


class TuiDlApp(OverlayApp[Farewell], KeyedApp[Farewell], LookApp[Farewell], SuspendableApp[Farewell]):
    """The screen of tui-dl: the picker where no run is given, else that run. Its result is what to say last.

    Args:
        openings: how runs are started and found; None allows no other run than the first.
        opening: the run to begin with.
        settings: what the user likes, and where that is kept; by default nowhere.
        look: what options and the terminal say of theme and glyphs; by default the environment alone.
        link: the kind of link that the command line names; None leaves it to the settings.
        language: a code that is stronger than the settings' and the locale's; empty leaves it to them.
    """

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[Any]] = [
        Binding("ctrl+q", "leave", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False),
    ]

    def __init__(
        self,
        openings: Openings | None = None,
        opening: Opening | None = None,
        settings: SettingsStore | None = None,
        look: Look | None = None,
        link: LinkSetting | None = None,
        language: str = "",
    ) -> None:
        super().__init__()
        self._link_option = link
        self._language = language
        self.settings_store = settings or SettingsStore()
        self.run_catalogue = RunCatalogue()
        self.title = TITLE
        self.openings = openings
        self._first = opening
        self.begin_look(look)

    @property
    def settings(self) -> Settings:
        """What the user likes."""
        return self.settings_store.settings

    @property
    def link_profile(self) -> LinkProfile:
        """How much is sent to this terminal; `--ssh` is stronger than the settings."""
        return profile_for(self._link_option or self.settings.link, os.environ)

    @property
    def language(self) -> str:
        """Of titles and notes, where a preset has it."""
        return language_of(self._language or self.settings.language)

    def change_settings(self, **fields: Any) -> None:
        """Change and keep settings; whoever subscribed to the store hears of it."""
        problem = self.settings_store.change(**fields)
        if problem:
            self.notify(problem, severity="warning", markup=False)

    def on_mount(self) -> None:
        self.settings_store.subscribe(lambda _: self.spare_link(self.link_profile))
        self.spare_link(self.link_profile)
        if self.settings_store.notice:
            self.notify(self.settings_store.notice, severity="warning", markup=False, timeout=12)
        self.settings_store.subscribe(self.heed_settings)
        self.heed_settings(self.settings)
        if not self.is_headless:
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, self._end, number)
        if self._first is not None:
            self.push_screen(RunScreen(self._first))
        else:
            self._push_picker()

    def action_leave(self) -> None:
        """Leave through the present screen, which may ask; from a dialog, take its way out."""
        if isinstance(self.screen, Overlay):
            self.screen.action_cancel()
        elif isinstance(self.screen, RunScreen):
            self.screen.action_leave()
        else:
            self.exit(Farewell())

    def _end(self, number: signal.Signals) -> None:
        """Told to end from outside: leave the terminal as it was, and the engine training."""
        shown = [screen for screen in self.screen_stack if isinstance(screen, RunScreen)]
        self.exit(Farewell(shown[-1].flows.detached_words() if shown else "", 128 + number))

    def show_picker(self) -> None:
        """Let go of the present run and choose another."""
        self._replace()
        self._push_picker()

    def start(self, experiment: Experiment, preset: str) -> None:
        """Begin a run."""
        assert self.openings is not None
        self._open(lambda openings: openings.start(experiment, preset))

    def attach(self, run_id: str) -> None:
        """Return to a live run."""
        self._open(lambda openings: openings.attach(run_id))

    def resume(self, run_id: str) -> None:
        """Go on from a checkpoint."""
        self._open(lambda openings: openings.resume(run_id))

    def _open(self, way: Any) -> None:
        assert self.openings is not None
        try:
            opening = way(self.openings)
        except TuiDlError as error:
            self.push_screen(Dialog("That did not work", [str(error)], [Choice("c", "Close", "")]))
            return
        self._replace()
        self.push_screen(RunScreen(opening))

    def _replace(self) -> None:
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def _push_picker(self) -> None:
        from tui_dl.ui.screens.picker import PickerScreen

        self.push_screen(PickerScreen())
