"""The app: which screen is shown, and nothing else."""

import asyncio
import signal
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding

from tui_dl.errors import TuiDlError
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.translate import language_of
from tui_dl.ui.app_themes import DARK, LIGHT, theme_for, wants_plain_text
from tui_dl.ui.engine_port import Farewell, Opening, Openings
from tui_dl.ui.screens.dialog import Choice, Dialog
from tui_dl.ui.screens.run import RunScreen
from tui_dl.ui.settings import Settings, SettingsStore
from tui_dl.ui.terminal_link import FrameClockApp

if TYPE_CHECKING:
    from tui_dl.ui.plots.glyph import Glyphs

TITLE: Final = "tui-dl"


class TuiDlApp(FrameClockApp[Farewell]):
    """The screen of tui-dl: the picker where no run is given, else that run. Its result is what to say last.

    Args:
        openings: how runs are started and found; None allows no other run than the first.
        opening: the run to begin with.
        settings: what the user likes, and where that is kept; by default nowhere.
        language: a code that is stronger than the settings' and the locale's; empty leaves it to them.
    """

    CSS = """
    .-plain .box { border: ascii $primary; }
    .-plain #side { border-right: ascii $border-blurred; }
    .-plain #notes { border-top: ascii $border-blurred; }
    .-plain OptionList, .-plain #preview { border: ascii $border-blurred; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[Any]] = [Binding("ctrl+q", "leave", show=False, priority=True)]

    def __init__(
        self,
        openings: Openings | None = None,
        opening: Opening | None = None,
        settings: SettingsStore | None = None,
        language: str = "",
    ) -> None:
        super().__init__()
        self._language = language
        self.settings_store = settings or SettingsStore()
        self.title = TITLE
        self.openings = openings
        self._first = opening
        for theme in (DARK, LIGHT):
            self.register_theme(theme)
        self.theme = theme_for()
        self.is_plain = wants_plain_text()
        if self.is_plain:
            self.add_class("-plain")

    @cached_property
    def glyphs(self) -> "Glyphs":
        """The characters that plots draw with."""
        from tui_dl.ui.plots.glyph import glyphs_for

        return glyphs_for(unicode=not self.is_plain)

    @property
    def settings(self) -> Settings:
        """What the user likes."""
        return self.settings_store.settings

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
        if self.settings_store.notice:
            self.notify(self.settings_store.notice, severity="warning", markup=False, timeout=12)
        if not self.is_headless:
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, self._end, number)
        if self._first is not None:
            self.push_screen(RunScreen(self._first))
        else:
            self._push_picker()

    def action_leave(self) -> None:
        """Leave through the present screen, which may ask; from a dialog, take its way out."""
        if isinstance(self.screen, Dialog):
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
