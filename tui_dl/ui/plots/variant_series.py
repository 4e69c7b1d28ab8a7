"""Curves of the runs beside, over the plots of the run on the screen."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

import numpy as np

from tui_dl.ui.plots.history_series import live_series
from tui_dl.ui.plots.plot_data import PlotSeries
from tui_dl.ui.plots.raster import Dash, smooth
from tui_dl.ui.plots.x_units import XMap
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.variants import Variant

COLOURS: Final = (4, 7, 6, 5)
DASHES: Final[tuple[Dash, ...]] = ("dashed", "dotted")
SMOOTHING_STEPS: Final = 10.0
FEW: Final = 2
"""So many are drawn with all that a plot shows."""
_STEPS: Final = XMap()


class PlottedCurve(Protocol):
    """What has to be known of a curve of the main run."""

    @property
    def metric(self) -> str:
        """Its full name."""
        ...

    @property
    def is_evaluated(self) -> bool:
        """Whether it comes from evaluations of a whole split."""
        ...


def variant_series(
    model: RunModel,
    curves: Sequence[PlottedCurve],
    x_range: tuple[float, float],
    columns: int,
    unit: XMap = _STEPS,
) -> list[PlotSeries]:
    """One curve for each variant: of validation if the plot has it, else of what the plot shows first.

    They stand where the run on the screen was at their steps: `unit` is that run's. Each has a colour, a dash
    and its name; noise is averaged away without a shadow. Of a few also what else the plot shows lies behind
    in their colour, so that the gap between training and validation can be compared; of more it would be a
    tangle.
    """
    drawn: list[PlotSeries] = []
    evaluated = {curve.metric for curve in curves if curve.is_evaluated}
    most = len(curves) if len(model.beside) <= FEW else 1
    for place, variant in enumerate(model.beside):
        colour, dash = look_of(place)
        history = variant.model.history
        for number, metric in enumerate(_metrics_of(variant, curves)[:most]):
            label = "" if number else variant.name
            series = live_series(history, metric, label, colour, x_range, columns, dash=dash, unit=unit)
            if metric not in evaluated and metric != "lr":
                spacing = (x_range[1] - x_range[0]) / max(columns, 1)
                mean = smooth(np.where(series.broken, np.nan, series.mean), spacing, SMOOTHING_STEPS)
                series = replace(series, low=mean, high=mean, mean=mean)
            drawn.append(replace(series, is_ghost=True, dash="solid") if number else series)
    return drawn


def look_of(place: int) -> tuple[int, Dash]:
    """Colour and dash of the variant at this place."""
    return COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)]


def _metrics_of(variant: Variant, curves: Sequence[PlottedCurve]) -> list[str]:
    """What there is to draw of a variant by now, the most telling first."""
    ordered = sorted(curves, key=lambda curve: not curve.is_evaluated)
    history = variant.model.history
    return [curve.metric for curve in ordered if history.latest(curve.metric) is not None]
