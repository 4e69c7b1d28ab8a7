"""Curves of a line plot out of the history: the live one and the ghosts that an undo left."""

import numpy as np

from tui_dl.history import SeriesStore, Span
from tui_dl.history.arrays import FloatArray
from tui_dl.ui.plots.plot_data import PlotMark, PlotSeries
from tui_dl.ui.plots.raster import Dash, even_edges, lead_columns
from tui_dl.ui.plots.x_units import XMap

_GHOSTS_SHOWN = 4
_GHOST_LABELS = {"abandoned": "undone", "earlier": "before"}
_STEPS = XMap()
# More evaluations than this share of the cells of an axis and their ticks are a line of their own.
_TICKS_UP_TO = 0.25


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
    unit: XMap = _STEPS,
) -> PlotSeries:
    """The live curve of a metric, through all the segments that it is made of; x_range is in the unit.

    With smoothing, a time constant in the unit, it begins so far before the range as the average looks back.
    """
    edges = _edges(x_range, columns, smoothing)
    window = store.window_of(store.live(), metric, unit.to_steps(edges))
    latest = store.latest(metric)
    return PlotSeries.from_window(
        label,
        colour,
        window,
        dash=dash,
        smoothing=smoothing,
        value=None if latest is None else latest[1],
        xs=(edges[:-1] + edges[1:]) / 2,
    )


def ghost_series(
    store: SeriesStore,
    metric: str,
    colour: int,
    x_range: tuple[float, float],
    columns: int,
    *,
    dash: Dash = "solid",
    unit_of: "dict[int, XMap] | None" = None,
) -> list[PlotSeries]:
    """The latest abandoned parts of a metric, each from the point where it left the live curve.

    `unit_of` has the map of a span's segment: a branch took time of its own.
    """
    edges = _edges(x_range, columns)
    curves = []
    for span in store.ghosts(metric)[-_GHOSTS_SHOWN:]:
        unit = (unit_of or {}).get(span.segment, _STEPS)
        window = store.window_of([span], metric, unit.to_steps(edges))
        curves.append(
            PlotSeries.from_window(
                _GHOST_LABELS[span.kind],
                colour,
                window,
                dash=dash,
                is_ghost=True,
                xs=(edges[:-1] + edges[1:]) / 2,
            )
        )
    return curves


def live_marks(
    store: SeriesStore, spans: list[Span] | None = None, unit: XMap = _STEPS
) -> tuple[PlotMark, ...]:
    """The marks that lie on the live curve."""
    marks = store.marks(store.live() if spans is None else spans)
    places = unit.to_unit(np.array([mark.step for mark in marks], dtype=np.float64))
    return tuple(
        PlotMark(float(place), mark.label, mark.kind == "nonfinite")
        for place, mark in zip(places, marks, strict=True)
    )


def evaluation_ticks(
    store: SeriesStore, metric: str, x_range: tuple[float, float], cells: int, unit: XMap = _STEPS
) -> tuple[float, ...]:
    """Where a split was evaluated, in cells of the axis; none where nearly every cell would have a tick."""
    edges = _edges(x_range, cells)
    window = store.window_of(store.live(), metric, unit.to_steps(edges))
    taken = np.flatnonzero((window.count > 0) | (window.gaps > 0))
    if taken.size > _TICKS_UP_TO * cells:
        return ()
    return tuple(((edges[taken] + edges[taken + 1]) / 2).tolist())


def _edges(x_range: tuple[float, float], columns: int, smoothing: float = 0.0) -> FloatArray:
    columns = max(columns, 1)
    lead = lead_columns(smoothing, x_range, columns)
    low, high = x_range
    return even_edges(low - lead * (high - low) / columns, high, columns + lead)
