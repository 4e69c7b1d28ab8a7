"""How soon a plot that grows is worth drawing again: when its newest point is another column of dots."""

import time
from collections.abc import Callable
from typing import Final, final

LONGEST_WAIT_S: Final = 0.25
"""A tip that moves up and down, and the numbers, are drawn anew at least so often."""
_MEASURED_OVER_S: Final = 0.2


@final
class Pace:
    """How fast the data go on along x.

    Args:
        now: seconds, monotonic.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._anchor: tuple[float, float] | None = None
        self._per_s: float | None = None

    def reached(self, last: float) -> None:
        """The data end here now, in the unit of x."""
        now = self._now()
        if self._anchor is None or last < self._anchor[1]:
            self._anchor, self._per_s = (now, last), None
            return
        elapsed_s = now - self._anchor[0]
        if elapsed_s >= _MEASURED_OVER_S:
            self._per_s = (last - self._anchor[1]) / elapsed_s
            self._anchor = now, last

    def wait_s(self, distance: float) -> float:
        """Seconds until the data have gone on by so much, `LONGEST_WAIT_S` at most; 0 while it is unknown."""
        if self._per_s is None:
            return 0.0
        return min(distance / self._per_s, LONGEST_WAIT_S) if self._per_s > 0 else LONGEST_WAIT_S
