"""Which part of the x axis all plots of a screen show, and where their crosshair stands; plain data."""

import math
from dataclasses import dataclass, replace
from typing import Final, Literal, final

Mode = Literal["all", "follow", "frozen"]
LabelMode = Literal["auto", "all", "none"]
LABEL_MODES: Final[tuple[LabelMode, ...]] = ("auto", "all", "none")

# Kept free behind the data for the names at the lines' ends, as a share of the window.
ROOM_SHARE: Final = 0.15
# A following window moves by this share of its width: one that slid would repaint everything every time.
_LEAP_SHARE: Final = 0.125
_WHEEL: Final = 1.5


@final
@dataclass(frozen=True, slots=True)
class Reach:
    """What there is to see, in the unit of the axis.

    `last` is where the data end, `whole` the end of the axis that shows all, from 0, and `least` the smallest
    range that can be shown.
    """

    last: float
    whole: float
    least: float


@final
@dataclass(frozen=True, slots=True)
class XView:
    """The range of x shown: all from 0 on, a window that follows the newest data, or a frozen range.

    Every operation returns another view; none ever leaves 0 ≤ low < high.
    """

    mode: Mode = "all"
    low: float = 0.0
    high: float = 0.0
    """The frozen range."""
    width: float = 0.0
    """Of the window that follows."""

    def shown(self, reach: Reach) -> tuple[float, float]:
        """The range that this view shows."""
        if self.mode == "all":
            return 0.0, reach.whole
        if self.mode == "frozen":
            return self.low, self.high
        width = max(self.width, reach.least)
        leap = width * _LEAP_SHARE
        end = max(math.ceil((reach.last + ROOM_SHARE * width) / leap) * leap, width)
        return end - width, end

    def zoomed(self, factor: float, reach: Reach, about: float | None = None) -> "XView":
        """Show `factor` times less (more below 1): about a place, or the newest, or the middle if frozen."""
        low, high = self.shown(reach)
        width = (high - low) / factor
        if width >= reach.whole:
            return XView()
        width = max(width, min(reach.least, reach.whole))
        if about is None and self.mode != "frozen":
            return XView("follow", width=width)
        centre = (low + high) / 2 if about is None else min(max(about, low), high)
        share = 0.5 if about is None else (centre - low) / (high - low)
        return self._frozen(centre - share * width, width, reach)

    def panned(self, share: float, reach: Reach) -> "XView":
        """Move by a share of the width: earlier if negative. Where all is shown there is nothing to move."""
        if self.mode == "all":
            return self
        low, high = self.shown(reach)
        return self._frozen(low + share * (high - low), high - low, reach)

    def toggled(self, reach: Reach) -> "XView":
        """Follow to frozen as it stands, frozen to following with the same width."""
        low, high = self.shown(reach)
        if self.mode == "frozen":
            return XView("follow", width=high - low)
        return XView("frozen", low=low, high=high)

    def scaled(self, low: float, high: float) -> "XView":
        """The same view in another unit, in which the range shown now goes from low to high."""
        if self.mode == "all" or not high > low:
            return XView()
        return XView("frozen", low, high) if self.mode == "frozen" else XView("follow", width=high - low)

    def wheeled(self, notches: int, reach: Reach, about: float) -> "XView":
        """Zoom by the mouse wheel, about the pointer."""
        return self.zoomed(_WHEEL**notches, reach, about)

    def _frozen(self, low: float, width: float, reach: Reach) -> "XView":
        end = max(reach.whole, self.high if self.mode == "frozen" else 0.0)
        low = max(min(low, end - width), 0.0)
        return XView("frozen", low=low, high=low + width)


@final
@dataclass(frozen=True, slots=True)
class PlotState:
    """All that the plots of a screen share."""

    view: XView = XView()
    cross: int | None = None
    """The step at which the crosshair stands; None while there is none."""
    labels: LabelMode = "auto"

    def crossed(self, step: float | None, last_step: int) -> "PlotState":
        """The crosshair at a step, or at the nearest there is."""
        if step is None or last_step < 1 or not math.isfinite(step):
            return replace(self, cross=None)
        return replace(self, cross=min(max(round(step), 1), last_step))

    def next_labels(self) -> "PlotState":
        """Other marks get their labels: where there is room, all, none."""
        return replace(self, labels=LABEL_MODES[(LABEL_MODES.index(self.labels) + 1) % len(LABEL_MODES)])
