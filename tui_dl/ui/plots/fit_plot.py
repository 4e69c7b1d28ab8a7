"""A regression over one input: the data with the fit through them, and the residuals in a strip below."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from rich.cells import cell_len

from tui_dl.history.arrays import BoolArray, FloatArray
from tui_dl.ui.plots.axes import ValueAxis
from tui_dl.ui.plots.canvas import Canvas
from tui_dl.ui.plots.data_canvas import DataCanvas
from tui_dl.ui.plots.fit_band import band_dots, band_limits, sigma_word
from tui_dl.ui.plots.fit_data import FitData
from tui_dl.ui.plots.glyph import Glyphs, characters, encode_dots
from tui_dl.ui.plots.line_labels import draw_centred, draw_frame
from tui_dl.ui.plots.roles import Role, line_style
from tui_dl.ui.plots.scales import format_value, linear_ticks

LEAST_WIDTH: Final = 24
LEAST_HEIGHT: Final = 6
STRIP_FROM_ROWS: Final = 11
"""Rows inside the frame from which the residuals have room."""
FIT: Final = Role.TITLE
OUTLIER: Final = Role.ALERT
TRAIN: Final = line_style(0, "line")
VALIDATION: Final = line_style(1, "value")
BAND: Final = line_style(2, "dim")
BAND_EDGE: Final = line_style(2, "line")
_GUTTER: Final = 7
_LONG_TITLE_FROM: Final = 72
_COVERAGE_COLUMNS: Final = 40


@dataclass(frozen=True, slots=True)
class _Area:
    """Cells to draw in, and the values at their edges."""

    x: int
    y: int
    columns: int
    rows: int
    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def columns_of(self, xs: FloatArray) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        # A margin of half a cell keeps the first and last point inside.
        places = _shares(xs, *self.x_range) * (self.columns - 1) + 0.5
        return np.clip(np.nan_to_num(places), 0, self.columns - 1).astype(np.int64)

    def rows_of(self, ys: FloatArray) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        places = (1 - _shares(ys, *self.y_range)) * self.rows
        return np.clip(np.nan_to_num(places), 0, self.rows - 1).astype(np.int64)


class FitPlot(DataCanvas[FitData]):
    """Data, fit and residuals; outliers stand out by their mark, `x`."""

    NOTHING = FitData()
    _values = _residuals = ValueAxis()

    def set_data(self, data: FitData) -> int:
        """Show other data; returns the number of rows that changed on the screen."""
        if data.x_range != self._data.x_range:
            self._values = self._residuals = ValueAxis()
        return super().set_data(data)

    def draw(self, width: int, height: int) -> Canvas:
        canvas, data = Canvas(width, height), self._data
        if width < LEAST_WIDTH or height < LEAST_HEIGHT:
            canvas.write(0, 0, "data and fit", Role.TITLE)
            canvas.write(0, 1, _rms_words(data), Role.AXIS)
            return canvas
        draw_frame(canvas, self.glyphs)
        _draw_legend(canvas, data, self.glyphs)
        if not (data.train.x.size or data.grid_x.size):
            draw_centred(canvas, data.empty_text, Role.AXIS)
            return canvas
        inner = height - 2
        strip = max(inner * 3 // 10, 3) if inner >= STRIP_FROM_ROWS else 0
        columns, x_range = width - 2 - _GUTTER, data.x_range
        area = _Area(1 + _GUTTER, 1, columns, inner - strip - bool(strip), x_range, self._value_limits())
        self._draw_values(canvas, area)
        if strip:
            _draw_divider(canvas, area.y + area.rows, data, self.glyphs)
            below = _Area(area.x, area.y + area.rows + 1, columns, strip, x_range, self._residual_limits())
            self._draw_residuals(canvas, below)
        _draw_x_axis(canvas, area, "true" if data.is_against_true else "x")
        return canvas

    def _value_limits(self) -> tuple[float, float]:
        data = self._data
        ends = _extent(data.train.y, data.validation.y, data.grid_y)
        if ends is not None:
            ends = _extent(np.array(ends), band_limits(data.grid_y, data.grid_sigma, *ends)) or ends
            self._values = self._values.fitting(*ends)
        return self._values.low, self._values.high

    def _residual_limits(self) -> tuple[float, float]:
        """Symmetric about zero, for all but the outliers: these would squeeze everything else flat."""
        data = self._data
        ends = _extent(_without(data.train.residuals, data.outliers), data.validation.residuals)
        if ends is not None:
            reach = max(abs(ends[0]), abs(ends[1]), 1e-300)
            self._residuals = self._residuals.fitting(-reach, reach)
        reach = max(abs(self._residuals.low), abs(self._residuals.high))
        return -reach, reach

    def _draw_values(self, canvas: Canvas, area: _Area) -> None:
        data, glyphs = self._data, self.glyphs
        _draw_y_axis(canvas, area)
        hatching, edges = _band(area, data, glyphs)
        _draw_dots(canvas, area, hatching, BAND, glyphs)
        _draw_fit(canvas, area, data, glyphs)
        train, validation = data.train, data.validation
        normal = np.ones(train.x.size, dtype=np.bool_)
        normal[: data.outliers.size] = ~data.outliers[: train.x.size]
        _draw_points(canvas, area, train.x[normal], train.y[normal], _train_mark(glyphs), TRAIN)
        if edges.any():
            # Many points would hide what they are to be judged by.
            _draw_dots(canvas, area, edges, BAND_EDGE, glyphs)
            _draw_fit(canvas, area, data, glyphs)
        _draw_points(canvas, area, validation.x, validation.y, "o", VALIDATION)
        _draw_points(canvas, area, train.x[~normal], train.y[~normal], "x", OUTLIER)

    def _draw_residuals(self, canvas: Canvas, area: _Area) -> None:
        data, glyphs = self._data, self.glyphs
        zero = area.y + int(area.rows_of(np.zeros(1))[0])
        canvas.fill_row(area.x, area.x + area.columns, zero, glyphs.frame[0], Role.GRID)
        reach = area.y_range[1]
        for value, row in ((reach, area.y), (0.0, zero), (-reach, area.y + area.rows - 1)):
            canvas.write_right(area.x - 1, row, format_value(value, 3)[: _GUTTER - 1], Role.AXIS)
        far = np.zeros(data.train.x.size, dtype=np.bool_)
        far[: data.outliers.size] = data.outliers[: far.size]
        for points, shown, mark, style in (
            (data.train, ~far, _train_mark(glyphs), TRAIN),
            (data.validation, slice(None), "o", VALIDATION),
            (data.train, far, "x", OUTLIER),
        ):
            if points.residuals.size != points.x.size:
                continue
            xs, residuals = points.x[shown], points.residuals[shown]
            inside = np.abs(residuals) <= reach
            _draw_points(canvas, area, xs[inside], residuals[inside], mark, style)
            # What lies beyond the strip is at its edge, pointing outward.
            for beyond, arrow in ((residuals > reach, "^"), (residuals < -reach, "v")):
                _draw_points(canvas, area, xs[beyond], residuals[beyond], arrow, style)


def _draw_fit(canvas: Canvas, area: _Area, data: FitData, glyphs: Glyphs) -> None:
    """The curve as dots, joined down each column so that it has no holes where it is steep."""
    known = np.isfinite(data.grid_x) & np.isfinite(data.grid_y)
    if np.count_nonzero(known) < 2:
        return
    rows, columns = area.rows * glyphs.cell_dots[1], area.columns * glyphs.cell_dots[0]
    xs, inside = _dot_columns(area, glyphs)
    ys = np.interp(xs, data.grid_x[known], data.grid_y[known])
    places = _dot_rows(ys, area, rows).astype(np.int64)
    dots = np.zeros((rows, columns), dtype=np.bool_)
    for column in np.flatnonzero(inside).tolist():
        before = places[max(column - 1, 0)] if column and inside[column - 1] else places[column]
        first, last = sorted((int(before), int(places[column])))
        dots[max(first + (first != last), 0) : max(min(last, rows - 1) + 1, 0), column] = True
        if 0 <= places[column] < rows:
            dots[places[column], column] = True
    _draw_dots(canvas, area, dots, int(FIT), glyphs)


def _band(area: _Area, data: FitData, glyphs: Glyphs) -> tuple[BoolArray, BoolArray]:
    """Hatching and edges, as dots, of one predicted standard deviation to either side of the fit."""
    rows, columns = area.rows * glyphs.cell_dots[1], area.columns * glyphs.cell_dots[0]
    nothing = np.zeros((rows, columns), dtype=np.bool_)
    if data.grid_sigma.size != data.grid_y.size:
        return nothing, nothing
    known = np.isfinite(data.grid_x) & np.isfinite(data.grid_y) & np.isfinite(data.grid_sigma)
    if np.count_nonzero(known) < 2:
        return nothing, nothing
    xs, inside = _dot_columns(area, glyphs)
    ys, sigmas = (np.interp(xs, data.grid_x[known], each[known]) for each in (data.grid_y, data.grid_sigma))
    lower, upper = (
        np.where(inside, np.floor(_dot_rows(ys + sign * sigmas, area, rows)), np.nan) for sign in (-1, 1)
    )
    return band_dots(lower, upper, rows)


def _dot_columns(area: _Area, glyphs: Glyphs) -> tuple[FloatArray, BoolArray]:
    """The x at each column of dots, and whether the data reach there."""
    across = glyphs.cell_dots[0]
    low, high = area.x_range
    columns = np.arange(area.columns * across)
    xs: FloatArray = low + (columns / across - 0.5 + 0.25) / max(area.columns - 1, 1) * (high - low)
    return xs, (xs >= low) & (xs <= high)


def _dot_rows(ys: FloatArray, area: _Area, rows: int) -> FloatArray:
    """The row of dots, from the top, of each y; no farther than the height of the area outside of it."""
    places: FloatArray = np.clip(1 - _shares(ys, *area.y_range), -1, 2) * rows
    return places


def _draw_dots(canvas: Canvas, area: _Area, dots: BoolArray, style: int, glyphs: Glyphs) -> None:
    patterns = encode_dots(dots, glyphs.dots)
    here = patterns > 0
    block = slice(area.y, area.y + area.rows), slice(area.x, area.x + area.columns)
    canvas.codes[block] = np.where(here, characters(patterns, glyphs.dots), canvas.codes[block])
    canvas.styles[block] = np.where(here, style, canvas.styles[block])


def _shares(values: FloatArray, low: float, high: float) -> FloatArray:
    """Where values lie between two others, 0 to 1; halved first, as a difference of huge ones overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        found: FloatArray = np.nan_to_num((values / 2 - low / 2) / (high / 2 - low / 2))
    return found


def _draw_points(canvas: Canvas, area: _Area, xs: FloatArray, ys: FloatArray, mark: str, style: int) -> None:
    shown = np.isfinite(xs) & np.isfinite(ys)
    rows, columns = area.rows_of(ys[shown]) + area.y, area.columns_of(xs[shown]) + area.x
    canvas.codes[rows, columns] = ord(mark)
    canvas.styles[rows, columns] = style


def _train_mark(glyphs: Glyphs) -> str:
    """Four dots in the middle of a cell; a full stop where there is no braille."""
    return "\N{BRAILLE PATTERN DOTS-2356}" if glyphs.dots == "braille" else "."


def _draw_legend(canvas: Canvas, data: FitData, glyphs: Glyphs) -> None:
    end = canvas.width - 2
    title, line = (" predicted ", "true") if data.is_against_true else (" data and fit ", "fit")
    x = canvas.write(2, 0, title, Role.TITLE, room=end - 2) + 1
    far = int(np.count_nonzero(data.outliers))
    entries = [
        (glyphs.frame[0] * 2, line, FIT),
        (_train_mark(glyphs), "train", TRAIN),
        ("o", "validation", VALIDATION),
        ("x", f"outlier {far}" if far else "", OUTLIER),
        ("+-" if glyphs.is_plain else "±", sigma_word(glyphs) if data.grid_sigma.size else "", BAND_EDGE),
    ]
    texts = [(f" {mark} {name} ", style) for mark, name, style in entries if name]
    if x + sum(cell_len(text) for text, _ in texts) > end:
        # What stands out matters more than a long name.
        texts = [(text.replace("validation", "val"), style) for text, style in texts]
    for text, style in texts:
        if x + cell_len(text) <= end:
            x = canvas.write(x, 0, text, style)
    words = "" if data.is_against_true else line_words(data)
    if words and x + len(words) + 3 <= end:
        canvas.write_right(end, 0, f" {words} ", FIT)


def line_words(data: FitData) -> str:
    """The equation of a fit that is a straight line; empty for any other curve."""
    xs, ys = data.grid_x, data.grid_y
    if xs.size < 3 or not (np.isfinite(xs).all() and np.isfinite(ys).all()) or xs[-1] <= xs[0]:
        return ""
    slope = (ys[-1] - ys[0]) / (xs[-1] - xs[0])
    intercept = ys[0] - slope * xs[0]
    straight = slope * xs + intercept
    reach = max(float(np.abs(ys).max()), 1e-30)
    if not np.allclose(ys, straight, rtol=0.0, atol=1e-4 * reach):
        return ""
    sign = "+" if intercept >= 0 else "-"
    return f"y = {format_value(float(slope), 3)} x {sign} {format_value(abs(float(intercept)), 3)}"


def _draw_divider(canvas: Canvas, row: int, data: FitData, glyphs: Glyphs) -> None:
    canvas.fill_row(1, canvas.width - 1, row, glyphs.frame[0], Role.FRAME)
    end = canvas.width - 2
    has_coverage = data.train.coverage is not None or data.validation.coverage is not None
    is_long = canvas.width >= _LONG_TITLE_FROM + _COVERAGE_COLUMNS * has_coverage
    difference = "true - predicted" if data.is_against_true else "target - fit"
    title = f" residuals: {difference} " if is_long else " residuals "
    x = canvas.write(2, row, title, Role.TITLE, room=end - 2) + 1
    for name, points, style in (("train", data.train, TRAIN), ("validation", data.validation, VALIDATION)):
        if points.rms is not None:
            text = f" rms {name} {format_value(points.rms)} "
            if x + len(text) > end:
                text = text.replace("validation", "val")
            if x + len(text) <= end:
                x = canvas.write(x, row, text, style) + 1
    _draw_coverage(canvas, row, x, data, glyphs)


def _draw_coverage(canvas: Canvas, row: int, x: int, data: FitData, glyphs: Glyphs) -> None:
    """How many of the points lie within one predicted σ; a normal distribution holds 68 %."""
    splits = (("train", data.train), ("val", data.validation))
    known = [(name, f"{points.coverage:.0%}") for name, points in splits if points.coverage is not None]
    if not known:
        return
    sigma = sigma_word(glyphs)
    named, bare = ", ".join(map(" ".join, known)), ", ".join(share for _, share in known)
    for text in (f" within {sigma}: {named} ", f" within {sigma}: {bare} ", f" {sigma}: {bare} "):
        if x + len(text) <= canvas.width - 2:
            canvas.write(x, row, text, Role.TITLE)
            return


def _draw_y_axis(canvas: Canvas, area: _Area) -> None:
    low, high = area.y_range
    for tick in linear_ticks(low, high, max(area.rows // 3, 2)):
        row = area.y + int(area.rows_of(np.array([tick.position]))[0])
        canvas.write_right(area.x - 1, row, tick.label[: _GUTTER - 1], Role.AXIS)


def _draw_x_axis(canvas: Canvas, area: _Area, name: str) -> None:
    row, free_from = canvas.height - 1, area.x - 1
    end = canvas.write_right(canvas.width - 2, row, f" {name} ", Role.AXIS)
    for tick in linear_ticks(*area.x_range, max(area.columns // 10, 2)):
        text = f" {tick.label} "
        start = area.x + int(area.columns_of(np.array([tick.position]))[0]) - len(text) // 2
        start = max(start, area.x - 1)
        if start >= free_from and start + len(text) < end:
            free_from = canvas.write(start, row, text, Role.AXIS) + 1


def _extent(*parts: FloatArray) -> tuple[float, float] | None:
    values = np.concatenate(parts)
    values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if values.size else None


def _without(values: FloatArray, left_out: BoolArray) -> FloatArray:
    if values.size != left_out.size:
        return values
    kept = values[~left_out]
    return kept if kept.size else values


def _rms_words(data: FitData) -> str:
    rms = data.train.rms
    return "" if rms is None or not math.isfinite(rms) else f"rms {format_value(rms)}"
