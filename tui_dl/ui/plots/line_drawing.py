"""A line plot as a canvas: frame with title and numbers, axes, curves, marks, labels at the lines' ends."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from tui_dl.history.arrays import BoolArray
from tui_dl.ui.plots.axes import StepAxis, ValueAxis
from tui_dl.ui.plots.canvas import Canvas, StyleArray
from tui_dl.ui.plots.glyph import Glyphs, characters, encode_dots
from tui_dl.ui.plots.line_labels import (
    Area,
    LineEnd,
    draw_centred,
    draw_end_labels,
    draw_frame,
    draw_mark_labels,
    draw_note,
    draw_title,
    draw_x_axis,
    draw_y_labels,
    label_room,
)
from tui_dl.ui.plots.plot_data import PlotData, PlotMark, PlotSeries
from tui_dl.ui.plots.raster import DotColumns, dot_columns, draw_line, extent, smooth, thicken
from tui_dl.ui.plots.roles import BACKDROP, SOFT, Role, line_style
from tui_dl.ui.plots.scales import (
    Scale,
    Tick,
    forward,
    refusal,
    symlog_threshold,
    value_ticks,
)

LEAST_WIDTH = 22
LEAST_HEIGHT = 5
_GUTTER_CELLS = 6


@final
@dataclass(frozen=True, slots=True)
class PlotView:
    """How a plot is looked at: what stays between two frames of it."""

    x_axis: StepAxis = field(default_factory=StepAxis)
    y_axis: ValueAxis = field(default_factory=ValueAxis)
    gutter: int = _GUTTER_CELLS
    scale: Scale = "linear"
    threshold: float = 1.0
    is_thick: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Curve:
    series: PlotSeries
    columns: DotColumns
    smoothed: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    dots: BoolArray
    style: int


def plot_cells(width: int, height: int, gutter: int = _GUTTER_CELLS) -> tuple[int, int]:
    """Columns and rows of cells for the curves in a plot of this size."""
    return max(width - 2 - gutter, 1), max(height - 2, 1)


def reached_axis(axis: StepAxis, last: float, columns: int) -> StepAxis:
    """The stepped axis that shows the data up to `last` and the labels after them."""
    return axis.reaching(last / (1 - label_room(columns) / columns))


def draw_plot(
    data: PlotData, view: PlotView, width: int, height: int, glyphs: Glyphs
) -> tuple[Canvas, PlotView]:
    """Draw a plot that is not too small for axes; returns the view to draw the next frame with."""
    canvas = Canvas(width, height)
    columns, rows = plot_cells(width, height, view.gutter)
    x_axis = reached_axis(view.x_axis, data.last, columns)
    x_range = data.x_range or (0.0, x_axis.x_max)
    curves = _curves(data, columns * glyphs.cell_dots[0], x_range)
    curves, threshold, note = _scaled(curves, view, data)
    limits = extent([curve.columns for curve in curves])
    # With another threshold the limits so far mean other values.
    y_axis = view.y_axis if threshold == view.threshold else ValueAxis()
    y_axis = y_axis if limits is None else y_axis.fitting(*limits, view.scale)
    ticks = value_ticks(y_axis.low, y_axis.high, max(rows // 3, 2), view.scale, threshold)
    gutter = max([_GUTTER_CELLS, view.gutter, *(len(tick.label) + 1 for tick in ticks)])
    if gutter != view.gutter and width - gutter >= LEAST_WIDTH - _GUTTER_CELLS:
        # Wider labels leave less for the curves: draw once more with that, and keep it.
        return draw_plot(data, replace(view, gutter=gutter), width, height, glyphs)
    area = Area(1 + view.gutter, 1, columns, rows, x_range, (y_axis.low, y_axis.high))
    draw_frame(canvas, glyphs)
    draw_title(canvas, data, view.scale)
    if limits is None:
        draw_centred(canvas, note or data.empty_text, Role.AXIS)
    else:
        _draw_curves(canvas, area, curves, ticks, data.marks, view, glyphs)
        draw_y_labels(canvas, area, ticks)
        draw_end_labels(canvas, area, _line_ends(area, curves))
        draw_mark_labels(canvas, area, data.marks)
        if note or data.note:
            draw_note(canvas, area, note or data.note)
    draw_x_axis(canvas, area, data)
    return canvas, replace(view, x_axis=x_axis, y_axis=y_axis, threshold=threshold)


def _curves(data: PlotData, columns: int, x_range: tuple[float, float]) -> list[_Curve]:
    curves = []
    spacing = (x_range[1] - x_range[0]) / columns
    for series in data.series:
        reduced = dot_columns(
            series.xs, series.low, series.high, series.mean, series.broken, x_range, columns
        )
        curves.append(_Curve(series, reduced, smoothed=series.smoothing > spacing))
    return curves


def _scaled(curves: list[_Curve], view: PlotView, data: PlotData) -> tuple[list[_Curve], float, str]:
    """The curves in the scale's coordinates, symlog's threshold, and what the scale can't show, in words."""
    if view.scale == "linear":
        return curves, 1.0, ""
    limits = extent([curve.columns for curve in curves])
    threshold = view.threshold
    if limits and view.scale == "symlog":
        threshold = symlog_threshold(max(abs(limits[0]), abs(limits[1])))
    words = next((words for series in data.series if (words := refusal(series.low, view.scale))), "")
    scaled = []
    for curve in curves:
        columns = curve.columns
        low, high, mean = (
            forward(values, view.scale, threshold) for values in (columns.low, columns.high, columns.mean)
        )
        # On a log axis a mean can lie above 0 where the smallest value does not.
        low = np.where(np.isnan(low), mean, low)
        broken = columns.broken | (columns.known & np.isnan(mean))
        scaled.append(_Curve(curve.series, DotColumns(low, high, mean, broken), curve.smoothed))
    return scaled, threshold, words


def _draw_curves(
    canvas: Canvas,
    area: Area,
    curves: list[_Curve],
    ticks: Sequence[Tick],
    marks: Sequence[PlotMark],
    view: PlotView,
    glyphs: Glyphs,
) -> None:
    across, down = glyphs.cell_dots
    rows = area.rows * down
    styles: StyleArray = np.zeros((area.rows, area.columns), dtype=np.int16)
    patterns = np.zeros((area.rows, area.columns), dtype=np.uint8)
    backdrop = _grid(area, ticks, across, down), _mark_lines(area, marks, across, down)
    layers = [_Layer(backdrop[0], Role.GRID), _Layer(backdrop[1], Role.MARK)]
    # Ghosts behind all, raw values behind every line, whosever they are; the first series on top.
    drawn = [
        layer for curve in curves if curve.series.is_ghost for layer in _layers_of(curve, area, rows, view)
    ]
    live = [_layers_of(curve, area, rows, view) for curve in reversed(curves) if not curve.series.is_ghost]
    drawn += [layer for layers_of_one in live for layer in layers_of_one[:-1]]
    drawn += [layers_of_one[-1] for layers_of_one in live]
    layers += drawn
    for layer in layers:
        inked = encode_dots(layer.dots, glyphs.dots)
        here = inked > 0
        # A line's cell shows no dots of the soft things behind it: together they would be a blot.
        hides = BACKDROP if SOFT[layer.style] else SOFT
        patterns = np.where(here, inked | np.where(hides[styles], 0, patterns), patterns)
        styles[here] = layer.style
    canvas.blit(area.x, area.y, characters(patterns, glyphs.dots), styles)


def _layers_of(curve: _Curve, area: Area, rows: int, view: PlotView) -> list[_Layer]:
    series, columns = curve.series, curve.columns
    style = line_style(series.colour, "ghost" if series.is_ghost else "line")
    layers = []
    low, high, mean = columns.low, columns.high, columns.mean
    if curve.smoothed:
        dim = line_style(series.colour, "ghost" if series.is_ghost else "dim")
        band = draw_line(low, high, mean, columns.broken, area.limits, rows)
        layers.append(_Layer(band, dim))
        spacing = (area.x_range[1] - area.x_range[0]) / mean.size
        mean = smooth(mean, spacing, series.smoothing)
        low = high = mean
    dots = draw_line(low, high, mean, columns.broken, area.limits, rows, dash=series.dash)
    if view.is_thick and not series.is_ghost:
        dots = thicken(dots)
    layers.append(_Layer(dots, style))
    return layers


def _grid(area: Area, ticks: Sequence[Tick], across: int, down: int) -> BoolArray:
    dots = np.zeros((area.rows * down, area.columns * across), dtype=np.bool_)
    if area.rows >= 6:
        for tick in ticks:
            low, high = area.limits
            row = round((high - tick.position) / (high - low) * (area.rows * down - 1))
            dots[row, across :: across * 4] = True
    return dots


def _mark_lines(area: Area, marks: Sequence[PlotMark], across: int, down: int) -> BoolArray:
    dots = np.zeros((area.rows * down, area.columns * across), dtype=np.bool_)
    for mark in marks:
        cell = area.cell_of(mark.x) - area.x
        if 0 <= cell < area.columns:
            dots[::2, cell * across] = True
    return dots


def _line_ends(area: Area, curves: list[_Curve]) -> list[LineEnd]:
    ends = []
    for curve in curves:
        known = np.flatnonzero(curve.columns.known)
        if known.size and curve.series.label:
            last = int(known[-1])
            style = line_style(curve.series.colour, "ghost" if curve.series.is_ghost else "line")
            cell = last * area.columns // curve.columns.mean.size
            # The mark at a point is a cell wider than its line.
            cell += curve.series.dash in ("marked", "points")
            ends.append(LineEnd(curve.series.label, cell, float(curve.columns.mean[last]), style))
    return ends
