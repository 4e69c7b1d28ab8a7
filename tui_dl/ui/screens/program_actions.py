"""The actions that are the same on every screen: finding by name, and the settings."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

from textual.screen import Screen

if TYPE_CHECKING:
    from tui_dl.ui.app import TuiDlApp
    from tui_dl.ui.screens.palette import Command
    from tui_dl.ui.screens.run import RunScreen


class ProgramActions(Screen[Any]):
    """Mixed into the run screen and the picker."""

    def action_palette(self) -> None:
        """Find an action, component, preset, run or setting."""
        from tui_dl.ui.screens.palette import open_palette

        app = cast("TuiDlApp", self.app)
        open_palette(app, list(self._commands(app)), lambda: list(self._runs(app)))

    def action_settings(self) -> None:
        """Open the settings."""
        from tui_dl.ui.screens.settings import SettingsScreen

        self.app.push_screen(SettingsScreen())

    def action_redraw(self) -> None:
        """Paint everything anew."""
        cast("TuiDlApp", self.app).redraw()

    def action_suspend(self) -> None:
        """Back to the shell for a while."""
        self.app.action_suspend_process()

    def leave_for(self, then: Callable[[], None]) -> None:
        """Leave this screen for another run."""
        then()

    def _commands(self, app: "TuiDlApp") -> Iterator["Command"]:
        from tui_dl.ui.screens import palette_commands as offered
        from tui_dl.ui.screens.palette import Command
        from tui_dl.ui.screens.run import RunScreen

        if isinstance(self, RunScreen):
            yield from offered.action_commands(self)
            yield from offered.component_commands(self)
        else:
            yield Command("program", "settings", self.action_settings, "Themes, keys and the rest of it", ",")
        yield from offered.preset_commands(app, self.leave_for)
        yield from offered.setting_commands(app)

    def _runs(self, app: "TuiDlApp") -> Iterator["Command"]:
        from tui_dl.ui.screens import palette_commands as offered

        *_, runs = app.run_catalogue.refreshed()
        present = cast("RunScreen", self).model.run if hasattr(self, "model") else ""
        yield from offered.run_commands(app, self.leave_for, runs, present)
