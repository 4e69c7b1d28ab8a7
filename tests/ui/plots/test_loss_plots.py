"""The pictures of the loss: whole as plain text against files in `loss_goldens/`, and what holds of any data.

TUI_DL_WRITE_GOLDENS=1 python -m pytest tests/ui/plots/test_loss_plots.py
"""

import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.style import Style

from tui_dl.ui.plots.canvas import Canvas, paint
from tui_dl.ui.plots.function_area import FunctionArea, function_dots
from tui_dl.ui.plots.glyph import ASCII, BLOCKS, FULL, NARROW, Glyphs
from tui_dl.ui.plots.loss_shape_plot import LossShapePlot, ShapeCurve, ShapeData
from tui_dl.ui.plots.loss_slice_plot import LossSlicePlot, SliceData, loss_limits
from tui_dl.ui.theme import Palette

GOLDENS = Path(__file__).parent / "loss_goldens"
GLYPHS = {"braille": FULL, "quadrant": BLOCKS, "narrow": NARROW, "ascii": ASCII}
XS = np.linspace(-4.0, 4.0, 129)
SHAPE = ShapeData(
    XS,
    (ShapeCurve("l1", np.abs(XS), np.sign(XS)), ShapeCurve("mse", XS**2, 2 * XS)),
    np.array([-3.0, 0.0, 0.1, 0.1, 0.2, 1.0]),
    "prediction - target",
    "the prediction",
)
STEPS = np.arange(-4, 33) / 16.0
SLICE = SliceData(STEPS, (STEPS - 0.75) ** 2 + 1, 1.5625, 1.0625, -1.5, x_label="steps at rate 0.1")
finite = st.floats(-1e12, 1e12)
anything = st.floats(allow_nan=True, allow_infinity=True, width=32)


class ShapeDrawn(LossShapePlot):
    """A plot without an app."""

    def component_style(self, name: str) -> Style:
        return Style()


class SliceDrawn(LossSlicePlot):
    """A plot without an app."""

    def component_style(self, name: str) -> Style:
        return Style()


def canvas_of(
    data: ShapeData | SliceData, width: int = 76, height: int = 18, glyphs: Glyphs = FULL
) -> Canvas:
    palette = Palette("truecolor", True)
    if isinstance(data, ShapeData):
        return ShapeDrawn(data, glyphs=glyphs, palette=palette).draw(width, height)
    return SliceDrawn(data, glyphs=glyphs, palette=palette).draw(width, height)


def text_of(canvas: Canvas) -> list[str]:
    return [strip.text for strip in paint(canvas, [Style()] * 64).strips]


@pytest.mark.parametrize("kind", GLYPHS)
@pytest.mark.parametrize("name", ["shape", "slice"])
def test_a_picture_looks_as_it_did(name: str, kind: str) -> None:
    canvas = canvas_of({"shape": SHAPE, "slice": SLICE}[name], glyphs=GLYPHS[kind])
    text = "".join(row.rstrip() + "\n" for row in text_of(canvas))
    path = GOLDENS / f"{name}-{kind}.txt"
    if os.environ.get("TUI_DL_WRITE_GOLDENS"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{path.name} differs: see this file's docstring"


def test_both_losses_are_named_and_told_apart_without_colour() -> None:
    rows = text_of(canvas_of(SHAPE))
    assert "── l1" in rows[0]
    assert "─ ─ mse before" in rows[0]
    assert any("derivative by the prediction" in row for row in rows)
    assert any("6 samples lie here" in row for row in rows)
    assert "prediction - target" in rows[-1]


def test_the_step_is_marked_at_both_ends_with_what_was_promised() -> None:
    rows = text_of(canvas_of(SLICE))[1:-1]
    [(before, start)] = [(y, row.index("o")) for y, row in enumerate(rows) if "o" in row]
    [(after, end)] = [(y, row.index("x")) for y, row in enumerate(rows) if "x" in row]
    assert start < end
    assert before < after, "the loss fell"
    # 1.5625 - 1.5 lies below all that the curve comes to: an arrow points there.
    assert rows[-1][end] == "v"


def test_bars_of_samples_stand_where_the_samples_are() -> None:
    canvas = canvas_of(SHAPE, height=17)
    row, left, columns = canvas.codes[-2], 9, 76 - 10
    bars = np.flatnonzero(row[left:-1] != ord(" "))
    places = [round((value + 4) / 8 * (columns - 1)) for value in (-3.0, 0.0, 0.1, 0.2, 1.0)]
    assert bars.tolist() == sorted(set(places))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(anything, min_size=3, max_size=40),
    st.lists(finite, max_size=20),
    st.integers(1, 100),
    st.integers(1, 40),
)
@example([math.inf, 0.0, math.inf], [], 30, 7)
def test_any_loss_is_drawn_at_any_size(
    values: list[float], samples: list[float], width: int, height: int
) -> None:
    ys = np.array(values)
    xs = np.linspace(-1.0, 1.0, ys.size)
    shape = ShapeData(xs, (ShapeCurve("mse", ys, ys[::-1]),), np.array(samples), "error", "it")
    slice_ = SliceData(xs, ys, values[0], values[1], values[2])
    for data in (shape, slice_, ShapeData(), SliceData()):
        for glyphs in (FULL, ASCII):
            canvas = canvas_of(data, width, height, glyphs)
            assert canvas.codes.shape == (height, width)
    low, high = loss_limits(slice_)
    assert low < high


@given(st.lists(anything, min_size=2, max_size=30), st.integers(2, 30), st.integers(1, 12))
def test_a_function_is_one_dot_a_column_or_a_joined_line(
    values: list[float], columns: int, rows: int
) -> None:
    ys = np.array(values)
    area = FunctionArea(0, 0, columns, rows, (0.0, 1.0), (-1.0, 1.0))
    dots = function_dots(area, np.linspace(0.0, 1.0, ys.size), ys, FULL)
    assert dots.shape == (rows * 4, columns * 2)
    for column in dots.T:
        marked = np.flatnonzero(column)
        assert marked.size == 0 or marked.size == marked[-1] - marked[0] + 1, "no holes"


def test_a_value_is_where_its_axis_says() -> None:
    area = FunctionArea(2, 1, 41, 10, (-1.0, 1.0), (0.0, 10.0))
    assert (area.column_of(-1.0), area.column_of(0.0), area.column_of(1.0)) == (2, 22, 42)
    assert (area.row_of(10.0), area.row_of(0.0)) == (1, 10)
    assert not area.holds(math.nan, 1.0)
    level = function_dots(area, np.array([-1.0, 1.0]), np.array([0.0, 0.0]), FULL)
    assert level[-1].sum() >= 80, "on the lowest edge it is inside"
    assert not level[:-1].any()
