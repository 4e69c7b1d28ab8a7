"""The frame clock in Textual: all that knows of its insides, the driver, its writer's queue and answers."""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping
from queue import Queue
from typing import Any, Final, cast, final

from rich.color import ColorSystem
from rich.console import Console
from textual import events, messages, screen
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual._styles_cache import StylesCache
from textual.app import App, ReturnType
from textual.await_complete import AwaitComplete
from textual.dom import NoScreen
from textual.driver import Driver
from textual.message import Message
from textual.widget import Widget

from tui_dl.ui.frame_clock import Answer, FrameClock
from tui_dl.ui.link_profile import LinkProfile
from tui_dl.ui.shown_cells import ShownCells

# Textual collects what is to be painted for 1/60 s, however long nothing was painted: what a key does was
# seen 20 ms later for it. The frame clock paces the data already; the rest answers somebody who waits.
screen.UPDATE_PERIOD = 1 / 240  # type: ignore[misc]
# Python lets a thread wait 5 ms for another: as long as a key's answer takes, and its writing is a thread's.
sys.setswitchinterval(0.001)

_INPUT: Final = (events.Key, events.MouseDown, events.Paste)
_ANY_MOTION: Final = "\x1b[?1002l\x1b[?1003h"
_MOTION_WHILE_PRESSED: Final = "\x1b[?1003l\x1b[?1002h"


class FrameClockApp(App[ReturnType]):
    """An app with a frame clock, started with the screen and stopped while the terminal is lent away.

    Handlers have names of their own classes, so a subclass may have the same ones without calling these.
    """

    last_input_s: float | None = None
    """When a key or a button was pressed last, on the monotonic clock; None: never yet."""
    input_waits: bool = False
    """Whether a key or a button was pressed that has not been heard of here yet."""

    @property
    def shown_cells(self) -> ShownCells:
        """What the terminal shows, so far as is known."""
        cells = getattr(self, "_shown_cells", None)
        if not isinstance(cells, ShownCells):
            cells = self._shown_cells = ShownCells()
        return cells

    def _display(self, screen: screen.Screen[Any], renderable: Any) -> None:
        """Textual's, but that of an update only what differs from what is shown is sent."""
        if self._batch_count or not self._running or self._closed or self.is_headless:
            super()._display(screen, renderable)
            return
        if not isinstance(renderable, LayoutUpdate | ChopsUpdate):
            if renderable is not None:
                self.shown_cells.forget()
            super()._display(screen, renderable)
            return
        colours = self.console._color_system or ColorSystem.TRUECOLOR
        sequence = self.shown_cells.patch(renderable, screen.outer_size, colours)
        if sequence:
            # Textual asks all updates for their sequences, and types only what Rich can render.
            super()._display(screen, cast("Any", _Sequence(sequence)))
        else:
            self.post_display_hook()

    def redraw(self) -> None:
        """Paint the whole screen, whatever the terminal shows."""
        self.shown_cells.forget()
        self.screen.refresh()

    async def on_event(self, event: events.Event) -> None:
        """Every event of the terminal comes through here, whatever screen or widget it is for."""
        if isinstance(event, events.Resize):
            # Terminals move about what they show, even if the size is the old one again in the end.
            self.shown_cells.forget()
        if isinstance(event, _INPUT):
            self.input_waits = False
            self.last_input_s = time.monotonic()
            self.frame_clock.give_way()
        await super().on_event(event)

    def get_driver_class(self) -> type[Driver]:
        """Textual's for this platform, whose thread says at once that a key came.

        The event loop hears of it only when it has finished what it is at, which may be a frame of plots.
        """
        app, base = self, super().get_driver_class()

        class Listening(base):  # type: ignore[misc, valid-type]
            def process_message(self, message: Message) -> None:
                if isinstance(message, _INPUT):
                    app.input_waits = True
                super().process_message(message)

        return Listening

    def tell_terminal(self, data: str) -> None:
        """Send the terminal something that moves no cursor and paints nothing."""
        if data:
            _DriverLink(self).write(data)

    @property
    def frame_clock(self) -> FrameClock:
        """The app's clock."""
        clock = getattr(self, "_frame_clock", None)
        if not isinstance(clock, FrameClock):
            clock = FrameClock(
                _DriverLink(self),
                _AppTimers(self),
                first_question=first_question(os.environ),
                holds_frames=not self.is_headless,
                is_waited_for=lambda: self.input_waits,
            )
            self._frame_clock = clock
        return clock

    def spare_link(self, profile: LinkProfile) -> None:
        """Send as much, and hear of the mouse as much, as this kind of link is good for."""
        self.frame_clock.stretch = profile.stretch
        if not getattr(self._driver, "_mouse", False):
            # The mouse is the terminal's own.
            return
        # Textual asks for every motion; clicks, drags and the wheel are reported either way.
        _DriverLink(self).write(_ANY_MOTION if profile.reports_motion else _MOTION_WHILE_PRESSED)

    def pop_screen(self) -> AwaitComplete:
        """Leave a screen, and let go of all that was rendered of it."""
        # Textual 8.2 keeps each widget's rendered lines alive as keys of this cache of 1024 colours: half a
        # megabyte for each dialog that was ever open.
        StylesCache.get_inner_outer.cache_clear()
        return super().pop_screen()

    def post_display_hook(self) -> None:
        """Textual has handed a frame to the writer."""
        super().post_display_hook()
        self.frame_clock.displayed()

    def on_mount(self) -> None:
        self.app_suspend_signal.subscribe(self, lambda _: self.frame_clock.stop(), immediate=True)
        self.app_resume_signal.subscribe(self, lambda _: self.frame_clock.start(), immediate=True)
        # A dialog would paint what of it changed, over what the shell has written.
        self.app_resume_signal.subscribe(self, lambda _: self.redraw(), immediate=True)
        self.frame_clock.start()

    def on_unmount(self) -> None:
        self.frame_clock.stop()

    def on_terminal_supports_synchronized_output(
        self, message: messages.TerminalSupportsSynchronizedOutput
    ) -> None:
        self.frame_clock.answered(Answer.SYNCHRONIZED_OUTPUT)

    def on_cursor_position(self, event: events.CursorPosition) -> None:
        self.frame_clock.answered(Answer.CURSOR_POSITION)


def capture_mouse(app: App[Any], *, is_on: bool) -> None:
    """Have the terminal report the mouse, or leave it to itself, while the screen is up."""
    driver = app._driver
    if driver is None or driver.is_headless or not hasattr(driver, "_enable_mouse_support"):
        return
    # Its flag also keeps either from being sent where the other holds already.
    if is_on:
        driver._mouse = True
        getattr(driver, "_enable_mouse_support")()  # noqa: B009
    else:
        getattr(driver, "_disable_mouse_support")()  # noqa: B009 - only drivers of real terminals have it
        driver._mouse = False


def is_painted(widget: Widget) -> bool:
    """Whether a widget is on the screen that the user sees: not on another tab, scrolled away or covered."""
    try:
        return is_painted_on(widget.screen, widget)
    except NoScreen:
        return False


def is_painted_on(screen: screen.Screen[Any], widget: Widget) -> bool:
    """The same where the widget's screen is known.

    Asked of every panel for every message: Textual's `is_on_screen` lets itself be told no by an exception,
    and looks for the screen up the whole tree.
    """
    return screen.is_current and widget in screen._compositor.visible_widgets


def first_question(environment: Mapping[str, str]) -> Answer:
    """The question to begin with: tmux never answers the first, and Apple's Terminal writes a `p` for it."""
    if environment.get("TMUX") or environment.get("TERM_PROGRAM") == "Apple_Terminal":
        return Answer.CURSOR_POSITION
    return Answer.SYNCHRONIZED_OUTPUT


@final
class _Sequence(CompositorUpdate):
    def __init__(self, sequence: str) -> None:
        self._sequence = sequence

    def render_segments(self, console: Console) -> str:
        return self._sequence


@final
class _DriverLink:
    def __init__(self, app: App[Any]) -> None:
        self._app = app

    def write(self, data: str) -> None:
        driver = self._app._driver
        # A driver that is not in application mode (suspended, closing) has no writer.
        if (
            driver is not None
            and not driver.is_headless
            and getattr(driver, "_writer_thread", None) is not None
        ):
            driver.write(data)
            driver.flush()

    @property
    def backlog(self) -> int:
        queue = getattr(getattr(self._app._driver, "_writer_thread", None), "_queue", None)
        return queue.qsize() if isinstance(queue, Queue) else 0


@final
class _AppTimers:
    def __init__(self, app: App[Any]) -> None:
        self._app = app

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Callable[[], None]:
        # A timer of Textual's is a task: made and ended with every frame, it cost as much as a plot's data.
        return asyncio.get_running_loop().call_later(delay_s, self._app.call_next, callback).cancel
