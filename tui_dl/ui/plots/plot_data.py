"""What a line plot is fed with: series, marks and a title, frozen."""

from dataclasses import dataclass
from typing import final

import numpy as np

from tui_dl.history.arrays import BoolArray, FloatArray
from tui_dl.history.window import Window
from tui_dl.ui.plots.raster import Dash
from tui_dl.ui.plots.x_view import LabelMode


@final
@dataclass(frozen=True, slots=True, eq=False)
class PlotSeries:
    """One curve. Arrays have one shape (n,), xs ascending; NaN where there is no finite value.

    `broken` is true where a value that is not finite lies: the curve has a gap there and the axis a mark.
    `smoothing` is the time constant of the average in units of x, 0 for none; the values show dim behind it.
    `value` is the present number, shown in the title; by default the last of the means.
    """

    label: str
    colour: int
    xs: FloatArray
    low: FloatArray
    high: FloatArray
    mean: FloatArray
    broken: BoolArray
    dash: Dash = "solid"
    is_ghost: bool = False
    smoothing: float = 0.0
    value: float | None = None
    has_number: bool = True
    """False for a curve over something else than time, whose last value is not a present one."""

    @classmethod
    def from_points(
        cls,
        label: str,
        colour: int,
        xs: FloatArray,
        ys: FloatArray,
        *,
        dash: Dash = "solid",
        is_ghost: bool = False,
        smoothing: float = 0.0,
        value: float | None = None,
    ) -> "PlotSeries":
        """A curve through points; a y that is not finite is a gap."""
        xs, ys = np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)
        finite = np.isfinite(ys)
        clean = np.where(finite, ys, np.nan)
        if value is None and ys.size:
            value = float(ys[-1])
        return cls(label, colour, xs, clean, clean, clean, ~finite, dash, is_ghost, smoothing, value)

    @classmethod
    def from_window(
        cls,
        label: str,
        colour: int,
        window: Window,
        *,
        dash: Dash = "solid",
        is_ghost: bool = False,
        smoothing: float = 0.0,
        value: float | None = None,
        xs: FloatArray | None = None,
    ) -> "PlotSeries":
        """A curve through a window of the history; columns in which nothing lies are left out.

        `xs` are the columns' places where these are not in steps.
        """
        held = (window.count > 0) | (window.gaps > 0)
        return cls(
            label,
            colour,
            (window.centres if xs is None else xs)[held],
            window.low[held],
            window.high[held],
            window.mean[held],
            window.gaps[held] > 0,
            dash,
            is_ghost,
            smoothing,
            value,
        )

    @property
    def current(self) -> float | None:
        """The number that matters now."""
        if not self.has_number:
            return None
        if self.value is not None:
            return self.value
        return float(self.mean[-1]) if self.mean.size else None


@final
@dataclass(frozen=True, slots=True)
class PlotMark:
    """A vertical line at x with a label: a change, an undo, a diagnosis."""

    x: float
    label: str = ""
    is_fault: bool = False
    """A diagnosis: something went wrong here."""


@final
@dataclass(frozen=True, slots=True)
class CrossLine:
    """A line beside the crosshair, in the colour of a series or without."""

    text: str
    colour: int | None = None
    is_mark: bool = False


@final
@dataclass(frozen=True, slots=True)
class PlotCross:
    """A crosshair at x, and what is known there."""

    x: float
    lines: tuple[CrossLine, ...] = ()


@final
@dataclass(frozen=True, slots=True, eq=False)
class PlotData:
    """All that a line plot shows. The first series is drawn on top, ghosts behind all.

    `x_range` shows that part exactly (a zoom); without it the axis begins at 0 and doubles when `x_last`, by
    default the last x of any series, reaches its end.
    """

    title: str
    series: tuple[PlotSeries, ...] = ()
    marks: tuple[PlotMark, ...] = ()
    unit: str = ""
    x_label: str = "step"
    x_is_log: bool = False
    """Whether xs and marks are given as exponents of ten, and are to be labelled as what these stand for."""
    x_details: tuple[str, ...] = ()
    """Instead of the label where there is room: the longest that fits."""
    x_range: tuple[float, float] | None = None
    x_last: float | None = None
    note: str = ""
    remark: str = ""
    """How it is drawn, where that is not as usual; in the border, beside the scale."""
    is_present: bool = False
    """Whether the keys act on this plot among several."""
    ticks: tuple[float, ...] = ()
    """Places on the x axis that are marked without a word: evaluations."""
    cross: PlotCross | None = None
    labels: LabelMode = "auto"
    empty_text: str = "no data yet"

    @property
    def last(self) -> float:
        """Where the data end."""
        if self.x_last is not None:
            return self.x_last
        return max((float(series.xs[-1]) for series in self.series if series.xs.size), default=0.0)
