"""How far a run goes before it pauses by itself, and who waits for that."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, final

from tui_dl.wire.messages import Answered

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_dl.engine.serving.inbox import Ticket
    from tui_dl.engine.serving.outbox import Sink


@final
@dataclass(slots=True)
class Goal:
    """A step, the end of an epoch, or nothing."""

    stop_at: float = math.inf
    epoch: int | None = None
    waiting: list[tuple[Ticket, float]] = field(default_factory=list)
    """Those who asked for steps, each with the step that ends theirs."""

    @property
    def next_stop(self) -> float:
        """The next step at which somebody's steps are made, or all of them."""
        return min((at_step for _, at_step in self.waiting), default=self.stop_at)

    def is_reached(self, step: int, epoch: int) -> bool:
        """Whether the run should pause here."""
        return step >= self.stop_at or (self.epoch is not None and epoch >= self.epoch)

    def add(self, more: Goal) -> None:
        """Further steps, to be made after those that are asked for already."""
        assert not math.isinf(self.stop_at)
        for ticket, steps in more.waiting:
            self.stop_at += steps
            self.waiting.append((ticket, self.stop_at))

    def shift(self, steps: int) -> None:
        """The position moved by so many steps: those who asked for steps get as many as before."""
        if self.waiting:
            self.stop_at += steps
            self.waiting = [(ticket, at_step + steps) for ticket, at_step in self.waiting]

    def answer_made(self, step: int, sink: Sink, flush: Callable[[], None]) -> None:
        """Answer those whose steps are made; what these steps reported goes out first."""
        made = [ticket for ticket, at_step in self.waiting if at_step <= step]
        if made:
            flush()
            self.waiting = [(ticket, at_step) for ticket, at_step in self.waiting if at_step > step]
        for ticket in made:
            sink.reply(ticket.client, Answered(ticket.request, step))

    def answer_all(self, step: int, sink: Sink, why: str, error: str = "") -> None:
        """Answer everybody: the run goes no further for them."""
        for ticket, at_step in self.waiting:
            left = int(at_step) - step
            note = f"{left} of the steps were not made: {why}" if left > 0 and not error else ""
            sink.reply(ticket.client, Answered(ticket.request, step, error if left > 0 else "", note))
        self.waiting = []
