"""Pace: how many batches a second, kept by a clock of due times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_BEHIND_S: Final = 0.25
"""A pace that was missed for longer (a slow batch, a paused run) is not made up for with a burst."""


@final
class Pacer:
    """Says when the next batch is due; at pace 0 it always is.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.is_on = False
        """Whether there is a pace at all. Read before every batch."""
        self._clock = clock
        self._interval_s = 0.0
        self._due = 0.0

    @property
    def pace(self) -> float:
        """Batches per second; 0 is flat out."""
        return 1.0 / self._interval_s if self._interval_s else 0.0

    @pace.setter
    def pace(self, batches_per_s: float) -> None:
        self._interval_s = 1.0 / batches_per_s if batches_per_s > 0 else 0.0
        self.is_on = self._interval_s > 0
        self._due = self._clock()

    def wait_s(self) -> float:
        """Seconds until the next batch is due; 0 if it is due now."""
        return max(self._due - self._clock(), 0.0) if self._interval_s else 0.0

    def spend(self) -> None:
        """A batch is made now. Due times keep their grid, so that the average is the pace and not slower."""
        self._due = max(self._due, self._clock() - MOST_BEHIND_S) + self._interval_s

    def restart(self) -> None:
        """The run goes on after a pause: the next batch is due at once, none is owed."""
        self._due = self._clock()
