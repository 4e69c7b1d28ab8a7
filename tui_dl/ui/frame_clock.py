"""The one clock that data are painted by: what is visible, at the link's pace, one frame at a time.

A frame counts as taken when the terminal answers a question that was sent right behind it. Until then the
next one is held, so that the answer to a key never waits behind pictures on a slow link.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, final


class Answer(StrEnum):
    """The question to a terminal whose answer acknowledges a frame; the value is what is sent."""

    SYNCHRONIZED_OUTPUT = "\x1b[?2026$p"
    CURSOR_POSITION = "\x1b[6n"


FASTEST_INTERVAL_S: Final = 0.1
BLIND_INTERVAL_S: Final = 0.5
# (answers slower than, then seconds between frames)
_PACES: Final = ((0.25, 0.5), (0.08, 0.25))
_PROBE_S: Final = 1.0
_LOST_AFTER_S: Final = 5.0
_LOSSES_TO_GO_BLIND: Final = 3
# Textual's writer takes 30 pieces, then blocks the event loop; a frame is up to four.
_FULL_BACKLOG: Final = 12
_HAND_MADE_IN_FLIGHT: Final = 2
# What a key asks for is mostly seen within this time, if no frame of data comes between.
_GIVES_WAY_S: Final = 0.05
_GIVES_WAY_EVERY_S: Final = 0.3


class Link(Protocol):
    """The way to the terminal."""

    def write(self, data: str) -> None:
        """Send, behind all that was sent before."""

    @property
    def backlog(self) -> int:
        """Pieces written but not yet taken by the terminal's line."""


class Timers(Protocol):
    """Something that calls back later."""

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Callable[[], None]:
        """Call once after a delay; returns what cancels it."""


@dataclass(slots=True)
class _Painter:
    paint: Callable[[], object]
    is_visible: Callable[[], bool]
    interval_s: Callable[[], float]
    slow_interval_s: float = 0.0
    is_dirty: bool = False
    painted_at: float = float("-inf")


@final
class FrameClock:
    """Paints on request: coalesced, visible painters alone, at the pace of the link.

    A painter's function returns how many rows it changed; 0 or False means that nothing will be sent, None
    that it does not know. Where no question is answered, frames go out at a fixed 2 Hz. `holds_frames=False`
    is for a screen without a terminal. `is_waited_for` says whether somebody waits for something else: a
    frame of data is broken off then, and what is left of it comes with the next one.
    """

    def __init__(
        self,
        link: Link,
        timers: Timers,
        *,
        now: Callable[[], float] = time.monotonic,
        first_question: Answer = Answer.SYNCHRONIZED_OUTPUT,
        holds_frames: bool = True,
        fastest_interval_s: float = FASTEST_INTERVAL_S,
        is_waited_for: Callable[[], bool] = lambda: False,
    ) -> None:
        self._link = link
        self._timers = timers
        self._now = now
        self._first_question = first_question
        self._holds_frames = holds_frames
        self._is_waited_for = is_waited_for
        self.fastest_interval_s = fastest_interval_s
        self.stretch = 1.0
        """What every time between frames is multiplied by: more than 1 for a link that is to be spared."""
        self._painters: dict[str, _Painter] = {}
        self._is_running = False
        self._confirmed: Answer | None = None
        self._latency_s = 0.0
        self._losses = 0
        self._frame_at = float("-inf")
        self._awaits_display = False
        self._sent_at: list[float] = []
        self._is_urgent = False
        self._quiet_from = self._quiet_until = float("-inf")
        self._pending: dict[str, Callable[[], None]] = {}
        self._tick_at = 0.0
        self.frames = 0

    # -- who paints ------------------------------------------------------------------------------------

    def register(
        self,
        name: str,
        paint: Callable[[], object],
        *,
        is_visible: Callable[[], bool] = lambda: True,
        interval_s: float | Callable[[], float] = 0.0,
        slow_interval_s: float = 0.0,
    ) -> None:
        """Add a painter, or replace it.

        `interval_s` is the time between two of its frames, or tells it at any moment; `slow_interval_s` that
        where the link does not take frames as fast as they could be made.
        """
        least_s = interval_s if callable(interval_s) else lambda: interval_s
        self._painters[name] = _Painter(paint, is_visible, least_s, slow_interval_s)

    def unregister(self, name: str) -> None:
        """Forget a painter."""
        self._painters.pop(name, None)

    def request(self, *names: str) -> None:
        """Ask for a frame of these painters, or of all; asking again before it comes costs nothing."""
        is_news = False
        for name in names or tuple(self._painters):
            painter = self._painters.get(name)
            if painter is not None and not painter.is_dirty:
                painter.is_dirty = is_news = True
        if is_news or "tick" not in self._pending:
            self._schedule()

    def wake(self) -> None:
        """Look again at what is visible: a tab was switched, a screen was closed."""
        self._schedule()

    def paint_now(self) -> None:
        """Paint all that was asked for at once: the frame after a step that was made by hand.

        When such frames already pile up on the link, it comes as soon as the terminal has taken one.
        """
        if not self._is_running:
            return
        if len(self._sent_at) >= _HAND_MADE_IN_FLIGHT or self._link.backlog > _FULL_BACKLOG:
            self._is_urgent = True
            self._schedule()
            return
        self._paint([one for one in self._painters.values() if one.is_dirty and one.is_visible()])

    def give_way(self) -> None:
        """Somebody pressed a key: let its answer be painted before the next frame of data.

        Keys that follow each other faster than a few a second get no more of that: frames go on coming.
        """
        now = self._now()
        if now - self._quiet_from >= _GIVES_WAY_EVERY_S:
            self._quiet_from, self._quiet_until = now, now + _GIVES_WAY_S

    # -- state -----------------------------------------------------------------------------------------

    @property
    def interval_s(self) -> float:
        """Seconds between frames at the present pace."""
        return self._unstretched_s() * self.stretch

    def _unstretched_s(self) -> float:
        if not self._holds_frames:
            return self.fastest_interval_s
        if self._confirmed is None:
            return max(BLIND_INTERVAL_S, self.fastest_interval_s)
        for slower_than_s, interval_s in _PACES:
            if self._latency_s > slower_than_s:
                return max(interval_s, self.fastest_interval_s)
        return self.fastest_interval_s

    @property
    def latency_s(self) -> float:
        """How long the terminal takes to have taken a frame, smoothed; 0 before the first answer."""
        return self._latency_s

    @property
    def answer(self) -> Answer | None:
        """The question that this terminal answers; None while or where it answers none."""
        return self._confirmed

    @property
    def is_idle(self) -> bool:
        """Whether all that was asked for and can be seen is painted, and the terminal has it."""
        return not self._awaits_display and not self._sent_at and self._due() is None

    @property
    def is_running(self) -> bool:
        """Whether frames are painted at all."""
        return self._is_running

    def start(self) -> None:
        """Begin to paint; asks the terminal which question it answers."""
        if self._is_running:
            return
        self._is_running = True
        if self._holds_frames and self._confirmed is None:
            self._probe(self._first_question)
        self._schedule()

    def stop(self) -> None:
        """Paint nothing until `start`: before the terminal is lent to another program, and at the end.

        A frame painted meanwhile would fill the writer's queue and hang. What was asked for is kept.
        """
        self._is_running = False
        self._awaits_display = self._is_urgent = False
        self._sent_at.clear()
        for name in tuple(self._pending):
            self._cancel(name)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop inside of the block."""
        was_running = self._is_running
        self.stop()
        try:
            yield
        finally:
            if was_running:
                self.start()

    # -- what happened outside -------------------------------------------------------------------------

    def displayed(self) -> None:
        """The screen was written to the terminal: ask it to say when it has taken that."""
        if not self._awaits_display:
            return
        self._awaits_display = False
        if self._holds_frames and self._confirmed is not None:
            self._sent_at.append(self._now())
            self._link.write(self._confirmed.value)
            self._later("frame", _LOST_AFTER_S, self._lost)
        else:
            self._cancel("frame")
        self._schedule()

    def answered(self, answer: Answer) -> None:
        """The terminal answered a question."""
        if not self._is_running:
            return
        if self._confirmed is None:
            # The first answer, maybe to a question that Textual asked: now it is known what to ask.
            self._confirmed = answer
            self._losses = 0
            self._cancel("probe")
        elif answer is self._confirmed and self._sent_at:
            latency_s = self._now() - self._sent_at.pop(0)
            first = self._latency_s == 0.0
            self._latency_s = latency_s if first else 0.7 * self._latency_s + 0.3 * latency_s
            self._losses = 0
            if not self._sent_at:
                self._cancel("frame")
        self._schedule()

    # -- inside ----------------------------------------------------------------------------------------

    def _schedule(self) -> None:
        """Set the timer for the next frame that is due; none when there is nothing to paint."""
        if not self._is_running or self._sent_at or self._awaits_display:
            return
        due = self._due()
        if due is None:
            self._cancel("tick")
            return
        now = self._now()
        delay_s = max(due - now, 0.0)
        if self._link.backlog > _FULL_BACKLOG:
            delay_s = max(delay_s, self.interval_s)
        # Asked for with every message: a tick that comes in time anyway looks at all that is due.
        if "tick" not in self._pending or not now <= self._tick_at <= now + delay_s:
            self._tick_at = now + delay_s
            self._later("tick", delay_s, self._tick)

    def _due(self) -> float | None:
        waiting = [one for one in self._painters.values() if one.is_dirty and one.is_visible()]
        if not waiting:
            return None
        if self._is_urgent:
            return self._now()
        return max(self._frame_at + self.interval_s, self._quiet_until, min(map(self._due_of, waiting)))

    def _due_of(self, painter: _Painter) -> float:
        """When this one may paint again."""
        least_s = painter.interval_s()
        if self.interval_s > self.fastest_interval_s:
            least_s = max(least_s, painter.slow_interval_s)
        least_s *= self.stretch
        if not least_s or painter.painted_at == float("-inf"):
            return painter.painted_at
        # At whole multiples: painters of one interval then share a frame, instead of taking turns in many.
        return math.ceil(painter.painted_at / least_s + 0.5) * least_s

    def _tick(self) -> None:
        if not self._is_running or self._sent_at or self._awaits_display:
            return
        now = self._now()
        if self._link.backlog > _FULL_BACKLOG or (now < self._quiet_until and not self._is_urgent):
            self._schedule()
            return
        self._paint(
            [
                one
                for one in self._painters.values()
                if one.is_dirty and one.is_visible() and (self._is_urgent or self._due_of(one) <= now + 1e-6)
            ],
            breaks_off=not self._is_urgent,
        )

    def _paint(self, painters: list[_Painter], *, breaks_off: bool = False) -> None:
        now = self._now()
        self._is_urgent = False
        changed = False
        for number, painter in enumerate(painters):
            # One is painted in any case: however it is with who waits, the frames go on.
            if number and breaks_off and self._is_waited_for():
                break
            painter.is_dirty = False
            painter.painted_at = now
            result = painter.paint()
            changed = changed or result is None or bool(result)
        if painters:
            self._frame_at = now
            self.frames += 1
        if changed:
            self._awaits_display = True
            # A change that is covered by another screen is never displayed; that must not stop the clock.
            self._later("frame", _PROBE_S, self._not_displayed)
        else:
            self._schedule()

    def _not_displayed(self) -> None:
        self._awaits_display = False
        self._schedule()

    def _lost(self) -> None:
        self._sent_at.clear()
        self._losses += 1
        if self._losses >= _LOSSES_TO_GO_BLIND:
            # A multiplexer was attached elsewhere: go on slowly, and take up whatever is answered next.
            self._confirmed = None
            self._probe(self._first_question)
        self._schedule()

    def _probe(self, question: Answer) -> None:
        self._link.write(question.value)
        if question is Answer.SYNCHRONIZED_OUTPUT:
            self._later("probe", _PROBE_S, lambda: self._probe(Answer.CURSOR_POSITION))

    def _later(self, name: str, delay_s: float, callback: Callable[[], None]) -> None:
        self._cancel(name)

        def fire() -> None:
            self._pending.pop(name, None)
            callback()

        self._pending[name] = self._timers.call_later(delay_s, fire)

    def _cancel(self, name: str) -> None:
        cancel = self._pending.pop(name, None)
        if cancel is not None:
            cancel()
