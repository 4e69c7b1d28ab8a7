"""Series as they are to be drawn: reduced to columns, averaged, and in the coordinates of a scale."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from tui_dl.history.arrays import FloatArray
from tui_dl.ui.plots.plot_data import PlotData, PlotSeries
from tui_dl.ui.plots.raster import DotColumns, dot_columns, extent, lead_columns, smooth
from tui_dl.ui.plots.scales import Scale, forward, refusal, symlog_threshold


@final
@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One series over the columns of a drawing."""

    series: PlotSeries
    columns: DotColumns
    average: FloatArray | None
    """The smoothed means (columns,), drawn over the values; None where they are drawn as they are."""

    def height_at(self, column: int) -> float:
        """Where the line is that is drawn strongest."""
        averaged = math.nan if self.average is None else float(self.average[column])
        return averaged if math.isfinite(averaged) else float(self.columns.mean[column])


def curves_of(data: PlotData, columns: int, x_range: tuple[float, float]) -> list[Curve]:
    """The series of a plot over so many columns of a range of x."""
    curves = []
    x_min, x_max = x_range
    spacing = (x_max - x_min) / columns
    for series in data.series:
        lead = lead_columns(series.smoothing, x_range, columns)
        reduced = dot_columns(
            series.xs,
            series.low,
            series.high,
            series.mean,
            series.broken,
            (x_min - lead * spacing, x_max),
            columns + lead,
        )
        average = None
        if series.smoothing > 0:
            average = smooth(reduced.mean, spacing, series.smoothing)[lead:]
        curves.append(Curve(series, reduced.without_first(lead), average))
    return curves


def scaled_curves(curves: Sequence[Curve], scale: Scale, threshold: float) -> tuple[list[Curve], float, str]:
    """The curves in the scale's coordinates, symlog's threshold, and what the scale can't show, in words."""
    if scale == "linear":
        return list(curves), 1.0, ""
    limits = extent([curve.columns for curve in curves])
    if limits and scale == "symlog":
        threshold = symlog_threshold(max(abs(limits[0]), abs(limits[1])))
    words = next((words for curve in curves if (words := refusal(curve.series.low, scale))), "")
    scaled = []
    for curve in curves:
        columns = curve.columns
        low, high, mean = (
            forward(values, scale, threshold) for values in (columns.low, columns.high, columns.mean)
        )
        # On a log axis a mean can lie above 0 where the smallest value does not.
        low = np.where(np.isnan(low), mean, low)
        broken = columns.broken | (columns.known & np.isnan(mean))
        average = None if curve.average is None else forward(curve.average, scale, threshold)
        scaled.append(Curve(curve.series, DotColumns(low, high, mean, broken), average))
    return scaled, threshold, words
