"""A plot laid out for paper: lines, discs and words in points, for any kind of picture file."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from tui_dl.history.arrays import FloatArray
from tui_dl.ui.plots.axes import ValueAxis
from tui_dl.ui.plots.curve_shapes import Curve, curves_of, scaled_curves
from tui_dl.ui.plots.mark_labels import placed
from tui_dl.ui.plots.plot_data import PlotData, PlotMark
from tui_dl.ui.plots.raster import extent
from tui_dl.ui.plots.scales import Scale, format_value, linear_ticks, value_ticks
from tui_dl.ui.theme import Palette

Rgb = tuple[int, int, int]
Point = tuple[float, float]

WIDTH: Final = 960
HEIGHT: Final = 540
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 24, 78, 56
AREA_WIDTH: Final = WIDTH - _LEFT - _RIGHT
_AREA_HEIGHT: Final = HEIGHT - _TOP - _BOTTOM
_LETTER: Final = 6.6
"""Width of a letter of 12 points, on average: enough to keep labels apart."""
_LABEL_ROW: Final = 15
_LABEL_ROWS: Final = 8

_INK: Rgb = (34, 34, 34)
_SOFT_INK: Rgb = (102, 102, 102)
_GRID: Rgb = (225, 225, 225)
_MARK: Rgb = (150, 110, 20)
_FAULT: Rgb = (200, 30, 30)


@final
@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points, in order; `dash` is (on, off) in points, empty for a whole line."""

    points: tuple[Point, ...]
    colour: Rgb
    width: float = 1.0
    opacity: float = 1.0
    dash: tuple[float, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class Disc:
    """A filled circle."""

    centre: Point
    radius: float
    colour: Rgb


@final
@dataclass(frozen=True, slots=True)
class Words:
    """A text; `place` is the end of its base line that `anchor` names."""

    place: Point
    text: str
    size: float = 12.0
    colour: Rgb = _INK
    anchor: str = "start"
    is_bold: bool = False


@final
@dataclass(frozen=True, slots=True)
class Picture:
    """Shapes in the order in which they are drawn, on white; y grows downward."""

    width: int
    height: int
    shapes: tuple[Stroke | Disc | Words, ...]


@dataclass(frozen=True, slots=True)
class _Frame:
    x_range: tuple[float, float]
    limits: tuple[float, float]

    def x(self, value: float) -> float:
        low, high = self.x_range
        return _LEFT + (value - low) / (high - low) * AREA_WIDTH

    def y(self, position: float) -> float:
        low, high = self.limits
        share = (high - position) / (high - low)
        return _TOP + min(max(share, 0.0), 1.0) * _AREA_HEIGHT


def lay_out(data: PlotData, scale: Scale) -> Picture:
    """A plot with title, legend, axes, grid, curves and marks; read the data for `AREA_WIDTH` columns."""
    x_range = data.x_range or (0.0, max(data.last, 1.0))
    curves, threshold, refused = scaled_curves(curves_of(data, AREA_WIDTH, x_range), scale, 1.0)
    limits = extent([curve.columns for curve in curves])
    axis = ValueAxis() if limits is None else ValueAxis().fitting(*limits, scale)
    frame = _Frame(x_range, (axis.low, axis.high))
    shapes: list[Stroke | Disc | Words] = [*_title(data, scale), *_axes(data, frame, scale, threshold)]
    shapes += _marks(data.marks, frame)
    for curve in sorted(curves, key=lambda curve: not curve.series.is_ghost):
        shapes += _curve(curve, frame)
    shapes += _legend(curves)
    if limits is None or refused:
        text = refused or data.empty_text
        shapes.append(Words((WIDTH / 2, _TOP + 24), text, colour=_FAULT, anchor="middle"))
    return Picture(WIDTH, HEIGHT, tuple(shapes))


def _title(data: PlotData, scale: Scale) -> Iterator[Words]:
    unit = f" ({data.unit})" if data.unit else ""
    yield Words((_LEFT, 30), f"{data.title}{unit}", 18, is_bold=True)
    how = [words for words in ("" if scale == "linear" else f"{scale} scale", data.remark) if words]
    if how:
        yield Words((WIDTH - _RIGHT, 30), ", ".join(how), colour=_SOFT_INK, anchor="end")


def _axes(data: PlotData, frame: _Frame, scale: Scale, threshold: float) -> Iterator[Stroke | Words]:
    bottom, right = _TOP + _AREA_HEIGHT, _LEFT + AREA_WIDTH
    for tick in value_ticks(*frame.limits, 8, scale, threshold):
        y = frame.y(tick.position)
        yield Stroke(((_LEFT, y), (right, y)), _GRID)
        yield Words((_LEFT - 8, y + 4), tick.label, colour=_SOFT_INK, anchor="end")
    low, high = frame.x_range
    for tick in linear_ticks(low, high, 8, whole=high - low >= 4):
        x = frame.x(tick.position)
        yield Stroke(((x, bottom), (x, bottom + 5)), _INK)
        yield Words((x, bottom + 20), tick.label, colour=_SOFT_INK, anchor="middle")
    yield Words((_LEFT + AREA_WIDTH / 2, HEIGHT - 14), data.x_label.partition(":")[0], anchor="middle")
    yield Stroke(((_LEFT, _TOP), (_LEFT, bottom), (right, bottom)), _INK)


def _marks(marks: Sequence[PlotMark], frame: _Frame) -> Iterator[Stroke | Words]:
    low, high = frame.x_range
    shown = sorted((mark for mark in marks if low <= mark.x <= high), key=lambda mark: mark.x)
    for mark in shown:
        x = frame.x(mark.x)
        colour = _FAULT if mark.is_fault else _MARK
        yield Stroke(((x, _TOP), (x, _TOP + _AREA_HEIGHT)), colour, dash=() if mark.is_fault else (4, 4))
    named = [mark for mark in shown if mark.label]
    cells = [int((frame.x(mark.x) - _LEFT) / _LETTER) for mark in named]
    sizes = [len(mark.label) + 2 for mark in named]
    for label in placed(cells, sizes, int(AREA_WIDTH / _LETTER), _LABEL_ROWS):
        mark = named[label.mark]
        colour = _FAULT if mark.is_fault else _MARK
        # Half a letter keeps the word off its line.
        place = (_LEFT + (label.start + 0.5) * _LETTER, _TOP + 12 + label.row * _LABEL_ROW)
        yield Words(place, mark.label, colour=colour)


def _curve(curve: Curve, frame: _Frame) -> Iterator[Stroke | Disc]:
    series, columns = curve.series, curve.columns
    colour, faint = _colour(series.colour), 0.35 if series.is_ghost else 0.45
    low, high = frame.x_range
    xs = _LEFT + (np.arange(columns.mean.size) + 0.5) / columns.mean.size * AREA_WIDTH
    dash = (7.0, 4.0) if series.dash in ("marked", "dashed") else ((2.0, 3.0) if series.is_ghost else ())
    if curve.average is not None or bool((columns.high > columns.low).any()):
        for piece in _extremes(xs, columns.low, columns.high, columns.broken, frame):
            yield Stroke(piece, colour, 0.8, faint)
    strong = columns.mean if curve.average is None else curve.average
    for piece in _pieces(xs, strong, columns.broken, frame):
        yield Stroke(piece, colour, 1.8, 0.5 if series.is_ghost else 1.0, dash)
    if series.dash in ("marked", "points"):
        for x, position in zip(xs, strong, strict=True):
            if math.isfinite(position):
                yield Disc((float(x), frame.y(float(position))), 3.0, colour)
    if not series.is_ghost:
        for place in series.xs[series.broken]:
            if low <= place <= high:
                x, y = frame.x(float(place)), _TOP + _AREA_HEIGHT
                yield Stroke(((x - 4, y - 9), (x + 4, y - 1)), _FAULT, 1.6)
                yield Stroke(((x - 4, y - 1), (x + 4, y - 9)), _FAULT, 1.6)


def _pieces(
    xs: FloatArray, positions: FloatArray, broken: "np.ndarray[tuple[int], np.dtype[np.bool_]]", frame: _Frame
) -> Iterator[tuple[Point, ...]]:
    """The points of a line, anew after each place where a value was not finite."""
    piece: list[Point] = []
    for x, position, is_broken in zip(xs.tolist(), positions.tolist(), broken.tolist(), strict=True):
        if math.isfinite(position):
            piece.append((x, frame.y(position)))
        elif is_broken and piece:
            yield tuple(piece)
            piece = []
    if piece:
        yield tuple(piece)


def _extremes(
    xs: FloatArray,
    low: FloatArray,
    high: FloatArray,
    broken: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
    frame: _Frame,
) -> Iterator[tuple[Point, ...]]:
    """A line through the lowest and highest of each column: the values as they are, spikes and all."""
    both = np.empty(2 * xs.size)
    both[0::2], both[1::2] = low, high
    return _pieces(np.repeat(xs, 2), both, np.repeat(broken, 2), frame)


def _legend(curves: Sequence[Curve]) -> Iterator[Stroke | Words]:
    x = float(_LEFT)
    for curve in curves:
        series = curve.series
        if not series.label:
            continue
        number = "" if series.is_ghost or series.current is None else f"  {format_value(series.current)}"
        dash = (7.0, 4.0) if series.dash in ("marked", "dashed") else ((2.0, 3.0) if series.is_ghost else ())
        opacity = 0.5 if series.is_ghost else 1.0
        yield Stroke(((x, 53), (x + 26, 53)), _colour(series.colour), 2.4, opacity, dash)
        text = f"{series.label}{number}"
        yield Words((x + 32, 57), text)
        x += 32 + len(text) * _LETTER + 22


def _colour(index: int) -> Rgb:
    colour = Palette("truecolor", is_dark=False).series(index).color
    if colour is None:
        return _INK
    red, green, blue = colour.get_truecolor()
    return red, green, blue
