"""A plot of numbers that instruments took, over steps: norms of a layer, moments, effective steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from tui_dl.ui.plots.history_series import live_marks, live_series
from tui_dl.ui.plots.line_plot import LinePlot
from tui_dl.ui.plots.plot_data import PlotData, PlotSeries
from tui_dl.ui.plots.raster import Dash
from tui_dl.ui.plots.scales import Scale
from tui_dl.ui.run_model import RunModel

_DASHES: tuple[Dash, ...] = ("solid", "dashed", "dotted")


@final
@dataclass(frozen=True, slots=True)
class Line:
    """One curve, by the name of its series among the readings."""

    metric: str
    label: str
    colour: int


class ReadingPlot(LinePlot):
    """Curves out of the readings so far. On a log axis: these numbers are about orders of magnitude."""

    def __init__(
        self,
        model: RunModel,
        title: str,
        *,
        scale: Scale = "log",
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(PlotData(title), scale=scale, id=id, classes=classes)
        self.model = model

    def show(
        self,
        title: str,
        lines: Sequence[Line],
        *,
        levels: Sequence[tuple[float, str]] = (),
        empty_text: str = "",
    ) -> int:
        """Draw these curves, and level lines where a value has a meaning; returns how many rows changed."""
        readings = self.model.lenses.series
        known = [line for line in lines if readings.has(line.metric)]
        last = max(
            (float(readings.store_of(line.metric).last_step(line.metric)) for line in known), default=0.0
        )
        x_range = self.view_range(last)
        series = [
            live_series(
                readings.store_of(line.metric),
                line.metric,
                line.label,
                line.colour,
                x_range,
                max(self.data_columns, 1),
                dash=_DASHES[place % len(_DASHES)],
            )
            for place, line in enumerate(known)
        ]
        if series:
            ends = np.array([0.0, max(x_range[1], 1.0)])
            for value, label in levels:
                level = PlotSeries.from_points(
                    label, 7, ends, np.full(2, value), dash="dotted", is_ghost=True
                )
                series.append(level)
        marks = live_marks(self.model.history) if series else ()
        return self.set_data(
            PlotData(title, tuple(series), marks, x_last=last, empty_text=empty_text or self._no_reading())
        )

    def _no_reading(self) -> str:
        return f"no reading yet: {self.model.keymap.shown('step')} makes a batch"
