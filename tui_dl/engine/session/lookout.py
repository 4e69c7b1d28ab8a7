"""When a run looks up from its batches: often enough for eyes, seldom enough to cost nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK_EVERY_S: Final = 0.01
MOST_STEPS_UNSEEN: Final = 1000


@final
class Lookout:
    """Knows the step at which to look again: about 10 ms from now, or where something is due."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.look_at: float = 0.0
        """Compared with the step after every batch."""
        self._clock = clock
        self._looked: tuple[float, int] = (clock(), 0)

    def restart(self, step: int) -> None:
        """The run goes on, or has been moved: the time until now says nothing about its speed."""
        self._looked = (self._clock(), step)

    def plan(self, step: int, stop: float, scene: float, *, at_once: bool) -> None:
        """Set the next step to look at.

        Args:
            step: updates made.
            stop: where the run is to pause; the step before it is looked at too.
            scene: where the next scene begins.
            at_once: look after the next batch.
        """
        since, first = self._looked
        now = self._clock()
        self._looked = (now, step)
        steps = 1
        if step > first and not at_once:
            steps_per_s = (step - first) / max(now - since, 1e-9)
            steps = int(min(max(LOOK_EVERY_S * steps_per_s, 1), MOST_STEPS_UNSEEN))
        dues = (step + steps, stop - 1, stop, scene)
        self.look_at = min((due for due in dues if due > step), default=math.inf)
