"""Stepped axes: an axis that moved with every point would repaint the whole plot every time."""

import math
from dataclasses import dataclass
from typing import final

from tui_dl.ui.plots.scales import LARGEST, SMALLEST, Scale, nice_step

_LEAST_X_MAX = 100.0
_PARTS = 5
_SHRINKS_BELOW = 0.45


@final
@dataclass(frozen=True, slots=True)
class StepAxis:
    """The x axis from 0: its end jumps through 100, 150, 200, 300, 400, 600, … when the data reach it."""

    x_max: float = _LEAST_X_MAX
    least: float = _LEAST_X_MAX

    def reaching(self, last: float) -> "StepAxis":
        """The axis that shows `last`; itself while it does."""
        if not math.isfinite(last) or last > LARGEST:
            return self
        # A restart begins again at step 1; the margin keeps the axis from flickering at a boundary.
        if self.x_max / 4 <= last <= self.x_max or (last <= self.x_max == self.least):
            return self
        doublings = max(math.ceil(math.log2(max(last, self.least) / self.least) - 1e-12), 0)
        x_max = self.least * 2.0**doublings
        if doublings and last <= 0.75 * x_max:
            x_max *= 0.75
        return self if x_max == self.x_max else StepAxis(x_max, self.least)


@final
@dataclass(frozen=True, slots=True)
class ValueAxis:
    """Limits of the y axis in the coordinates of its scale: grows at once, shrinks late (hysteresis)."""

    low: float = 0.0
    high: float = 1.0
    is_set: bool = False

    def fitting(self, low: float, high: float, scale: Scale = "linear") -> "ValueAxis":
        """The axis that shows the values from low to high; itself if it does so well enough."""
        if not (math.isfinite(low) and math.isfinite(high)):
            return self
        low, high = (max(min(value, LARGEST), -LARGEST) for value in (low, high))
        span = self.high - self.low
        holds = self.is_set and self.low <= low and high <= self.high
        if holds and self._uses(low, high, scale) >= _SHRINKS_BELOW * span:
            return self
        fitted = _nice_limits(low, high, scale)
        # Refitting to almost the same limits is no gain and costs a repaint.
        return self if holds and fitted.high - fitted.low > 0.8 * span else fitted

    def _uses(self, low: float, high: float, scale: Scale) -> float:
        # An axis that begins at zero on purpose is in use from zero on.
        if scale == "linear" and self.low == 0 <= low:
            return high
        return high - low


def _nice_limits(low: float, high: float, scale: Scale) -> ValueAxis:
    middle = max(abs(low), abs(high))
    if high - low <= max(middle * 1e-9, SMALLEST):
        widening = 0.5 if scale == "log" else (0.1 * middle if middle > 10 * SMALLEST else 1.0)
        low, high = low - widening, high + widening
    if scale == "linear" and 0 <= low < 0.35 * high:
        low = 0.0
    if scale == "linear" and high <= 0 and high > 0.35 * low:
        high = 0.0
    step = nice_step(high - low, _PARTS)
    if scale != "linear" and high - low > 1.5:
        step = 0.5
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    bottom, top = first * step, last * step
    return ValueAxis(bottom, top, is_set=True)
