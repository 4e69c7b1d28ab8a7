"""A line plot as a canvas: frame with title and numbers, axes, curves, marks, labels at the lines' ends."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import final

import numpy as np

from tui_dl.history.arrays import BoolArray
from tui_dl.ui.plots.axes import StepAxis, ValueAxis
from tui_dl.ui.plots.canvas import Canvas, StyleArray
from tui_dl.ui.plots.cross_box import draw_cross_box
from tui_dl.ui.plots.curve_shapes import Curve, curves_of, scaled_curves
from tui_dl.ui.plots.glyph import Glyphs, characters, encode_dots
from tui_dl.ui.plots.line_labels import (
    Area,
    LineEnd,
    draw_centred,
    draw_end_labels,
    draw_frame,
    draw_note,
    draw_title,
    draw_x_axis,
    draw_y_labels,
    label_room,
)
from tui_dl.ui.plots.mark_labels import draw_mark_labels
from tui_dl.ui.plots.plot_data import PlotCross, PlotData
from tui_dl.ui.plots.raster import LineShape, draw_lines, extent, thicken
from tui_dl.ui.plots.roles import BACKDROP, SOFT, Role, line_style
from tui_dl.ui.plots.scales import (
    Scale,
    Tick,
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
class _Layer:
    dots: BoolArray
    style: int


@dataclass(frozen=True, slots=True, eq=False)
class _Stroke:
    """A line to be drawn; the strongest of its series is the last of them."""

    shape: LineShape
    style: int
    is_thick: bool = False


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
    columns, rows = plot_cells(width, height, view.gutter)
    x_axis = reached_axis(view.x_axis, data.last, columns)
    x_range = data.x_range or (0.0, x_axis.x_max)
    curves = curves_of(data, columns * glyphs.cell_dots[0], x_range)
    curves, threshold, note = scaled_curves(curves, view.scale, view.threshold)
    limits = extent([curve.columns for curve in curves])
    # With another threshold the limits so far mean other values.
    y_axis = view.y_axis if threshold == view.threshold else ValueAxis()
    y_axis = y_axis if limits is None else y_axis.fitting(*limits, view.scale)
    ticks = tuple(value_ticks(y_axis.low, y_axis.high, max(rows // 3, 2), view.scale, threshold))
    gutter = max([_GUTTER_CELLS, view.gutter, *(len(tick.label) + 1 for tick in ticks)])
    if gutter != view.gutter and width - gutter >= LEAST_WIDTH - _GUTTER_CELLS:
        # Wider labels leave less for the curves: draw once more with that, and keep it.
        return draw_plot(data, replace(view, gutter=gutter), width, height, glyphs)
    area = Area(1 + view.gutter, 1, columns, rows, x_range, (y_axis.low, y_axis.high))
    canvas = _furnished(width, height, glyphs, area, () if limits is None else ticks).copy()
    draw_title(canvas, data, view.scale, glyphs)
    if limits is None:
        draw_centred(canvas, note or data.empty_text, Role.AXIS)
    else:
        _draw_curves(canvas, area, curves, _backdrop(area, ticks, data, glyphs), data.cross, view, glyphs)
        if data.labels == "all":
            draw_mark_labels(canvas, area, data.marks, data.labels)
        if data.cross is not None:
            draw_cross_box(canvas, area, data.cross)
        draw_end_labels(canvas, area, _line_ends(area, curves))
        if data.labels == "auto":
            draw_mark_labels(canvas, area, data.marks, data.labels)
        if note or data.note:
            draw_note(canvas, area, note or data.note)
    draw_x_axis(canvas, area, data, glyphs)
    if glyphs.is_plain:
        _make_plain(canvas)
    return canvas, replace(view, x_axis=x_axis, y_axis=y_axis, threshold=threshold)


@lru_cache(maxsize=32)
def _furnished(width: int, height: int, glyphs: Glyphs, area: Area, ticks: tuple[Tick, ...]) -> Canvas:
    """Frame and labels of y, which most frames have in common with the one before."""
    canvas = Canvas(width, height)
    draw_frame(canvas, glyphs)
    draw_y_labels(canvas, area, ticks)
    return canvas


def _draw_curves(
    canvas: Canvas,
    area: Area,
    curves: list[Curve],
    backdrop: list[_Layer],
    cross: PlotCross | None,
    view: PlotView,
    glyphs: Glyphs,
) -> None:
    styles: StyleArray = np.zeros((area.rows, area.columns), dtype=np.int16)
    patterns = np.zeros((area.rows, area.columns), dtype=np.uint8)
    # Ghosts behind all, raw values behind every line, whosever they are; the first series on top.
    ghosts = [stroke for curve in curves if curve.series.is_ghost for stroke in _strokes_of(curve, view)]
    live = [_strokes_of(curve, view) for curve in reversed(curves) if not curve.series.is_ghost]
    behind = [*ghosts, *(stroke for strokes in live for stroke in strokes[:-1])]
    in_front = [strokes[-1] for strokes in live]
    drawn = _drawn([*behind, *in_front], area, glyphs)
    layers = [*backdrop, *drawn[: len(behind)]]
    if cross is not None:
        layers.append(_Layer(_vertical(area, [cross.x], glyphs, every=1), Role.CROSS))
    layers += drawn[len(behind) :]
    every = encode_dots(np.stack([layer.dots for layer in layers]), glyphs.dots)
    for layer, inked in zip(layers, every, strict=True):
        here = inked > 0
        # A line's cell shows no dots of the soft things behind it: together they would be a blot.
        hides = BACKDROP if SOFT[layer.style] else SOFT
        patterns = np.where(here, inked | np.where(hides[styles], 0, patterns), patterns)
        styles[here] = layer.style
    canvas.blit(area.x, area.y, characters(patterns, glyphs.dots), styles)


def _strokes_of(curve: Curve, view: PlotView) -> list[_Stroke]:
    """The values, dim behind their average where there is one."""
    series, columns = curve.series, curve.columns
    is_thick = view.is_thick and not series.is_ghost
    style = line_style(series.colour, "ghost" if series.is_ghost else "line")
    low, high, mean, broken = columns.low, columns.high, columns.mean, columns.broken
    if curve.average is None:
        return [_Stroke(LineShape(low, high, mean, broken, series.dash), style, is_thick)]
    dim = line_style(series.colour, "ghost" if series.is_ghost else "dim")
    average = curve.average
    return [
        _Stroke(LineShape(low, high, mean, broken), dim),
        _Stroke(LineShape(average, average, average, broken, series.dash), style, is_thick),
    ]


def _drawn(strokes: Sequence[_Stroke], area: Area, glyphs: Glyphs) -> list[_Layer]:
    if not strokes:
        return []
    every = draw_lines([stroke.shape for stroke in strokes], area.limits, area.rows * glyphs.cell_dots[1])
    return [
        _Layer(thicken(dots) if stroke.is_thick else dots, stroke.style)
        for dots, stroke in zip(every, strokes, strict=True)
    ]


def _backdrop(area: Area, ticks: Sequence[Tick], data: PlotData, glyphs: Glyphs) -> list[_Layer]:
    """What lies behind every curve: the grid, and a line for each change and each fault."""
    changes = [mark.x for mark in data.marks if not mark.is_fault]
    faults = [mark.x for mark in data.marks if mark.is_fault]
    layers = [_Layer(_grid(area, ticks, *glyphs.cell_dots), Role.GRID)]
    if changes:
        layers.append(_Layer(_vertical(area, changes, glyphs, every=2), Role.MARK))
    if faults:
        layers.append(_Layer(_vertical(area, faults, glyphs, every=1), Role.FAULT))
    return layers


def _grid(area: Area, ticks: Sequence[Tick], across: int, down: int) -> BoolArray:
    dots = np.zeros((area.rows * down, area.columns * across), dtype=np.bool_)
    if area.rows >= 6:
        for tick in ticks:
            low, high = area.limits
            row = round((high - tick.position) / (high - low) * (area.rows * down - 1))
            dots[row, across :: across * 4] = True
    return dots


def _vertical(area: Area, places: Sequence[float], glyphs: Glyphs, *, every: int) -> BoolArray:
    across, down = glyphs.cell_dots
    dots = np.zeros((area.rows * down, area.columns * across), dtype=np.bool_)
    for x in places:
        cell = area.cell_of(x) - area.x
        if 0 <= cell < area.columns:
            dots[::every, cell * across] = True
    return dots


def _make_plain(canvas: Canvas) -> None:
    """Arrows of a change's words, where a terminal may draw them wide."""
    for fancy, plain in (("→", ">"), ("×", "x"), ("…", ".")):
        canvas.codes[canvas.codes == ord(fancy)] = ord(plain)


def _line_ends(area: Area, curves: list[Curve]) -> list[LineEnd]:
    ends = []
    for curve in curves:
        known = np.flatnonzero(curve.columns.known)
        if known.size and curve.series.label:
            last = int(known[-1])
            style = line_style(curve.series.colour, "ghost" if curve.series.is_ghost else "line")
            cell = last * area.columns // curve.columns.mean.size
            # The mark at a point is a cell wider than its line.
            cell += curve.series.dash in ("marked", "points")
            ends.append(LineEnd(curve.series.label, cell, curve.height_at(last), style))
    return ends
