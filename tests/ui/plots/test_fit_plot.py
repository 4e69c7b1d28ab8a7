"""A fit with its residuals as cells."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style

from tui_dl.ui.plots.canvas import Canvas
from tui_dl.ui.plots.fit_data import FitData, Points
from tui_dl.ui.plots.fit_plot import BAND, BAND_EDGE, FIT, OUTLIER, FitPlot, line_words
from tui_dl.ui.plots.glyph import ASCII, FULL, Glyphs
from tui_dl.ui.theme import Palette


class Drawn(FitPlot):
    """A plot without an app."""

    def component_style(self, name: str) -> Style:
        return Style()


def drawn(data: FitData, width: int = 60, height: int = 20, glyphs: Glyphs = FULL) -> Canvas:
    return Drawn(data, glyphs=glyphs, palette=Palette("truecolor", True)).draw(width, height)


def text_of(canvas: Canvas) -> list[str]:
    return ["".join(map(chr, row)) for row in canvas.codes.tolist()]


def line(residuals: list[float]) -> FitData:
    """y = 2x + 1 and points at these distances from it."""
    xs = np.linspace(0, 1, len(residuals))
    left = np.array(residuals)
    grid = np.linspace(0, 1, 50)
    outliers = np.abs(left) > 5
    train = Points(xs, 2 * xs + 1 + left, left, float(np.sqrt(np.mean(left**2))) if left.size else None)
    validation = Points(np.array([0.5]), np.array([2.25]), np.array([0.25]), 0.25)
    return FitData(grid, 2 * grid + 1, train, validation, outliers)


def test_points_curve_and_residuals_are_all_there() -> None:
    rows = text_of(drawn(line([0.1, -0.2, 0.3, -9.0])))
    divider = next(y for y, row in enumerate(rows) if "residuals" in row)
    above, below = rows[1:divider], rows[divider + 1 : -1]
    for part in (above, below):
        assert sum(row[8:-1].count("o") for row in part) == 1
        assert sum(row[8:-1].count("⠶") for row in part) == 3
    assert sum(row[8:-1].count("x") for row in above) == 1
    assert below[-1][8:-1].count("v") == 1, "beyond the strip, at its edge"
    assert "outlier 1" in rows[0]
    assert f"rms train {np.sqrt(np.mean(np.square([0.1, -0.2, 0.3, -9.0]))):.3f}" in rows[divider]
    assert "rms validation 0.2500" in rows[divider]


def test_what_is_predicted_by_what_is_true_has_words_of_its_own() -> None:
    ends = np.array([1.0, 3.0])
    points = Points(np.array([1.0, 3.0]), np.array([1.5, 2.0]), np.array([-0.5, 1.0]), 0.79)
    rows = text_of(drawn(FitData(ends, ends, points, Points(), is_against_true=True), width=80))
    assert " predicted " in rows[0]
    assert "true" in rows[0]
    assert "y = " not in rows[0]
    assert " true " in rows[-1]
    assert any("residuals: true - predicted" in row for row in rows)


def test_an_outlier_has_a_style_of_its_own_too() -> None:
    canvas = drawn(line([0.1, -0.2, 0.3, -9.0]))
    marks = np.argwhere(canvas.styles[1:-1] == OUTLIER)
    assert len(marks) == 2


def test_a_residual_lies_on_the_side_of_zero_that_its_sign_says() -> None:
    rows = text_of(drawn(line([1.0, -1.0])))
    divider = next(y for y, row in enumerate(rows) if "residuals" in row)
    below = rows[divider + 1 : -1]
    zero = next(y for y, row in enumerate(below) if "─────" in row)
    places = [y for y, row in enumerate(below) if "⠶" in row]
    assert places[0] < zero < places[-1]
    assert below[places[0]].index("⠶") < below[places[-1]].index("⠶")


def test_a_straight_fit_is_written_as_an_equation() -> None:
    data = line([0.0, 0.0])
    assert line_words(data) == "y = 2.00 x + 1.00"
    assert "y = 2.00 x + 1.00" in text_of(drawn(data, 90))[0]
    bent = FitData(data.grid_x, np.sin(5 * data.grid_x))
    assert line_words(bent) == ""
    assert line_words(FitData(data.grid_x, data.grid_x * np.nan)) == ""


@pytest.mark.parametrize("glyphs", [FULL, ASCII])
def test_the_curve_has_no_holes_however_steep(glyphs: Glyphs) -> None:
    grid = np.linspace(0, 1, 200)
    data = FitData(grid, np.tanh(60 * (grid - 0.5)), Points(np.array([0.0]), np.array([0.0])))
    canvas = drawn(data, 60, 30, glyphs)
    inked = (canvas.codes[1:20, 8:59] != ord(" ")).any(axis=1)
    first, last = np.flatnonzero(inked)[[0, -1]]
    assert inked[first : last + 1].all()


VALUES = st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=80)
@given(
    st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=12),
    st.integers(1, 130),
    st.integers(1, 50),
    st.sampled_from([FULL, ASCII]),
)
def test_anything_is_drawn_at_any_size(
    rows: list[tuple[float, float, float]], width: int, height: int, glyphs: Glyphs
) -> None:
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    points = Points(table[:, 0], table[:, 1], table[:, 2])
    data = FitData(table[:, 0], table[:, 2], points, points, np.ones(len(table), dtype=np.bool_))
    canvas = drawn(data, width, height, glyphs)
    assert canvas.codes.shape == (height, width)
    if glyphs is ASCII:
        assert (canvas.codes < 128).all()


def spread(sigma: float | np.ndarray = 0.5, coverage: float | None = 0.664) -> FitData:
    """A flat fit at 0 with a band, points well inside it."""
    grid = np.linspace(0, 1, 41)
    xs, ys = np.linspace(0, 1, 5), np.array([-2.0, 0.1, -0.1, 0.2, 2.0])
    return FitData(
        grid,
        np.zeros(41),
        Points(xs, ys, ys, 1.27, coverage),
        Points(xs[1:2], ys[1:2], ys[1:2], 0.1, None if coverage is None else 1.0),
        grid_sigma=np.broadcast_to(sigma, 41).astype(np.float64),
    )


def hatched(canvas: Canvas) -> np.ndarray:
    cells: np.ndarray = np.isin(canvas.styles, (BAND, BAND_EDGE)) & (canvas.codes > ord(" "))
    return cells[1:12]  # the values, above the residuals and their line of zero


@pytest.mark.parametrize("glyphs", [FULL, ASCII])
def test_the_band_is_where_the_model_says_that_two_thirds_lie(glyphs: Glyphs) -> None:
    rows = np.flatnonzero(hatched(drawn(spread(0.5), glyphs=glyphs)).any(1))
    wide = np.flatnonzero(hatched(drawn(spread(1.5), glyphs=glyphs)).any(1))
    assert rows.size
    assert wide[0] < rows[0] <= rows[-1] < wide[-1]
    growing = hatched(drawn(spread(np.linspace(0.05, 1.8, 41)), glyphs=glyphs)).sum(0)[8:-1]
    assert growing[: growing.size // 3].sum() < growing[-growing.size // 3 :].sum()


@pytest.mark.parametrize("glyphs", [FULL, ASCII])
def test_the_band_is_named_and_its_coverage_told(glyphs: Glyphs) -> None:
    word = "sigma" if glyphs is ASCII else "σ"
    rows = text_of(drawn(spread(), 120, glyphs=glyphs))
    assert f" {word} " in rows[0]
    divider = next(row for row in rows if "residuals" in row)
    assert f"within {word}: train 66%, val 100% " in divider
    narrow = next(row for row in text_of(drawn(spread(), 80, glyphs=glyphs)) if "residuals" in row)
    assert f"{word}: 66%, 100% " in narrow


def test_without_a_band_nothing_is_said_of_one() -> None:
    canvas = drawn(line([0.1, -0.2, 0.3, -9.0]), 110)
    assert not hatched(canvas).any()
    assert "σ" not in "".join(text_of(canvas))


@pytest.mark.parametrize("sigma", [1e30, np.inf, np.nan, -1.0])
def test_a_band_that_is_no_use_squeezes_nothing(sigma: float) -> None:
    canvas = drawn(spread(sigma))
    labels = [row[1:8].strip() for row in text_of(canvas)[1:12]]
    assert max(abs(float(each)) for each in labels if each) <= 4


@settings(max_examples=30, deadline=None)
@given(
    width=st.integers(1, 130),
    height=st.integers(1, 40),
    low=st.floats(0, 3),
    high=st.floats(0, 1e4),
)
def test_a_band_of_any_size_is_drawn_inside_the_frame(
    width: int, height: int, low: float, high: float
) -> None:
    canvas = drawn(spread(np.linspace(low, high, 41)), width, height)
    assert canvas.codes.shape == (height, width)
    if width >= 24 and height >= 6:
        assert text_of(canvas)[-1][0] == "╰"


def test_many_points_do_not_hide_the_band() -> None:
    """As many as there are cells: the edges and the fit are still there, the hatching between them is not."""
    data = spread(0.5)
    xs, ys = (each.ravel() for each in np.meshgrid(np.linspace(0, 1, 200), np.linspace(-2, 2, 60)))
    canvas = drawn(FitData(data.grid_x, data.grid_y, Points(xs, ys), grid_sigma=data.grid_sigma))
    edges = canvas.styles == BAND_EDGE
    assert edges[1:-1, 10:-2].any(0).all()
    assert (canvas.styles[1:-1, 10:-2] == int(FIT)).any(0).all()
