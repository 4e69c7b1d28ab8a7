"""Curves of a line plot out of the history: the live one and the ghosts that an undo left."""

import numpy as np

from tui_dl.history import SeriesStore, Span
from tui_dl.ui.plots.plot_data import PlotMark, PlotSeries
from tui_dl.ui.plots.raster import Dash

_GHOSTS_SHOWN = 4
_GHOST_LABELS = {"abandoned": "undone", "earlier": "before"}


def live_series(
    store: SeriesStore,
    metric: str,
    label: str,
    colour: int,
    x_range: tuple[float, float],
    columns: int,
    *,
    dash: Dash = "solid",
    smoothing: float = 0.0,
) -> PlotSeries:
    """The live curve of a metric, through all the segments that it is made of."""
    window = store.window_of(store.live(), metric, _edges(x_range, columns))
    latest = store.latest(metric)
    return PlotSeries.from_window(
        label, colour, window, dash=dash, smoothing=smoothing, value=None if latest is None else latest[1]
    )


def ghost_series(
    store: SeriesStore,
    metric: str,
    colour: int,
    x_range: tuple[float, float],
    columns: int,
    *,
    dash: Dash = "solid",
    smoothing: float = 0.0,
) -> list[PlotSeries]:
    """The latest abandoned parts of a metric, each from the point where it left the live curve."""
    edges = _edges(x_range, columns)
    curves = []
    for span in store.ghosts(metric)[-_GHOSTS_SHOWN:]:
        spans = [span]
        window = store.window_of(spans, metric, edges)
        curves.append(
            PlotSeries.from_window(
                _GHOST_LABELS[span.kind], colour, window, dash=dash, is_ghost=True, smoothing=smoothing
            )
        )
    return curves


def live_marks(store: SeriesStore, spans: list[Span] | None = None) -> tuple[PlotMark, ...]:
    """The marks that lie on the live curve."""
    marks = store.marks(store.live() if spans is None else spans)
    return tuple(PlotMark(float(mark.step), mark.label) for mark in marks)


def _edges(x_range: tuple[float, float], columns: int) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    edges = np.linspace(*x_range, max(columns, 1) + 1)
    edges[-1] = np.nextafter(edges[-1], np.inf)
    return edges
