"""What the run screen says unasked and on request: silence of the engine, alerts, the log, copies, meters."""

import asyncio
import math
import os
import time
from abc import abstractmethod
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from textual.screen import Screen
from textual.widget import Widget

from tui_dl.ui.heap import Sweeper
from tui_dl.ui.panels.meters import MetersPanel
from tui_dl.ui.run_link import RunLink
from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.ui.screens.dialog import Choice, Dialog
from tui_dl.ui.screens.run_layout import painter_name
from tui_dl.ui.screens.working import run_work
from tui_dl.ui.terminal_link import is_painted
from tui_dl.ui.vital_signs import VitalSigns
from tui_dl.wire.messages import AnyMessage, NonFiniteFound, RunFinished

if TYPE_CHECKING:
    from tui_dl.ui.alerts import Alert
    from tui_dl.ui.app import TuiDlApp
    from tui_dl.ui.copies import Copy
    from tui_dl.ui.meters import Meters

_PULSE_S: Final = 0.5
_METER_EVERY_S: Final = 1.0


class SpeechActions(Screen[None]):
    """Beats twice a second while the screen is there; sends the terminal nothing unless something changed."""

    model: RunModel
    link: RunLink
    view: str
    views: dict[str, Widget]
    _vital_signs: VitalSigns
    _sweeper: Sweeper
    _meters: "Meters | None" = None
    _metered_s: float = 0.0

    @abstractmethod
    def show_view(self, view: str) -> None:
        """Show a view, by its name."""

    @abstractmethod
    def mark(self, topics: frozenset[Topic]) -> None:
        """Have painted what shows these topics."""

    @property
    def _program(self) -> "TuiDlApp":
        return cast("TuiDlApp", self.app)

    def on_mount(self) -> None:
        self._vital_signs = VitalSigns(self.model, time.monotonic())
        self._sweeper = Sweeper()
        self._show_meters(self._program.settings.meters)
        self.set_interval(_PULSE_S, self._beat, name="pulse")

    def hear(self, message: AnyMessage) -> None:
        """A message of the engine has been taken in."""
        self._vital_signs.heard(message, time.monotonic())
        if isinstance(message, NonFiniteFound):
            self.alert("nonfinite")
        elif isinstance(message, RunFinished) and message.reason not in ("stopped", "interrupted"):
            self.alert("finished")

    def alert(self, what: "Alert") -> None:
        """Call somebody who has looked away, the way they like."""
        from tui_dl.ui.alerts import alert_text, is_away
        from tui_dl.ui.terminal_words import BELL, notification

        program = self._program
        if not is_away(program.last_input_s, time.monotonic()):
            return
        if program.settings.notify:
            program.tell_terminal(notification(alert_text(what, self.model), os.environ))
        if program.settings.bell:
            program.tell_terminal(BELL)

    def _beat(self) -> None:
        last_input_s = self._program.last_input_s
        self._sweeper.sweep(math.inf if last_input_s is None else time.monotonic() - last_input_s)
        touched = self._vital_signs.tick(
            time.monotonic(), retry_at_s=self.link.retry_at_s, asked_at_s=self.link.asked_at_s
        )
        language = self._program.language
        if language != self.model.language:
            self.model.language = language
            touched |= frozenset({"experiment", "status"})
        if self.view == "log" and self._log_has_news():
            touched |= frozenset({"events"})
        if touched:
            self.mark(touched)
        if self._program.settings.meters != self.query_one(MetersPanel).is_shown:
            self._show_meters(self._program.settings.meters)
        self._read_meters()

    # -- the log ---------------------------------------------------------------------------------------

    def _log_has_news(self) -> bool:
        from tui_dl.ui.panels.log import LogPanel

        log = self.views.get("log")
        return isinstance(log, LogPanel) and is_painted(log) and log.has_news()

    def action_filter_log(self, name: str = "") -> None:
        """Another kind of entries; from another view, first the log itself."""
        from tui_dl.ui.panels.log import LogPanel

        log = self.views.get("log")
        if self.view != "log":
            self.show_view("log")
        elif isinstance(log, LogPanel):
            log.show_filter(name=name)

    def action_jump_view(self, by: int) -> None:
        shown = self.views.get(self.view)
        jump, move = getattr(shown, "jump", None), getattr(shown, "move_lines", None)
        if callable(jump):
            jump(by)
        elif callable(move):
            move(by * 10**6)

    # -- copies ----------------------------------------------------------------------------------------

    def action_copy(self) -> None:
        """Ask what to copy, then copy it."""
        from tui_dl.ui.copies import COPIES

        choices = [
            Choice(key, label, key, what)
            for key, (label, what, made) in COPIES.items()
            if made(self.model) is not None
        ]
        dialog = Dialog("Copy", ["To the clipboard of your terminal:"], [*choices, Choice("c", "Cancel", "")])
        self.app.push_screen(dialog, self._copy)

    def _copy(self, key: str | None) -> None:
        from tui_dl.ui.copies import COPIES
        from tui_dl.ui.terminal_words import clipboard

        made = COPIES[key][2](self.model) if key else None
        if made is not None:
            command = clipboard(made.text, os.environ)
            self._program.tell_terminal(command)
            words = _copied(made, was_sent=bool(command))
            self.mark(self.model.note(words))
            self.notify(words, title="Copy", markup=False, timeout=8)

    # -- meters ----------------------------------------------------------------------------------------

    def action_meters(self) -> None:
        """Show or hide the meters, from now on."""
        is_shown = not self._program.settings.meters
        self._program.change_settings(meters=is_shown)
        self._show_meters(is_shown)

    def _show_meters(self, is_shown: bool) -> None:
        panel = self.query_one(MetersPanel)
        panel.is_shown = is_shown
        panel.reading = None
        panel.renew()
        if not is_shown:
            self._meters = None

    def _read_meters(self) -> None:
        now_s = time.monotonic()
        panel = self.query_one(MetersPanel)
        if panel.is_shown and is_painted(panel) and now_s - self._metered_s >= _METER_EVERY_S:
            self._metered_s = now_s
            run_work(self, partial(self._measured, panel), group="meters", exclusive=True)

    async def _measured(self, panel: MetersPanel) -> None:
        """Look at the machine in a thread: a driver may take its time."""
        from tui_dl.ui.meters import Meters

        meters = self._meters if self._meters is not None else await asyncio.to_thread(Meters)
        self._meters = meters
        model = self.model
        # The number of a process on another machine means nothing here.
        is_local = bool(model.path) and Path(model.path).exists()
        pid = model.pid if is_local and model.link == "live" else 0
        device = model.described.device if is_local and model.described is not None else ""
        reading = await asyncio.to_thread(meters.read, pid, device)
        if panel.is_shown and panel.is_attached:
            panel.reading = reading
            self._program.frame_clock.request(painter_name(panel))


def _copied(copy: "Copy", *, was_sent: bool) -> str:
    if not was_sent:
        return f"This terminal takes no clipboard; {copy.what}: {copy.elsewhere}"
    return (
        f"Copied {copy.what} ({len(copy.text):,} characters). "
        f"If pasting gives something else, the terminal does not allow it; then: {copy.elsewhere}"
    )
