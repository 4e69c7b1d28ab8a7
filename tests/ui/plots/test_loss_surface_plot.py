"""The surface as plain text against files in `surface_goldens/`, and what holds at each colour depth.

TUI_DL_WRITE_GOLDENS=1 python -m pytest tests/ui/plots/test_loss_surface_plot.py
"""

import itertools
import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import Color
from rich.style import Style

from tui_dl.ui.plots.canvas import Canvas, paint
from tui_dl.ui.plots.glyph import ASCII, BLOCKS, FULL, NARROW, Glyphs
from tui_dl.ui.plots.loss_surface_plot import LossSurfacePlot, SurfaceData
from tui_dl.ui.plots.surface_area import GUTTER
from tui_dl.ui.plots.surface_path import SurfacePath
from tui_dl.ui.plots.terrain import BANDS, bands_of, path_style, terrain
from tui_dl.ui.theme import SERIES_COLOURS, ColourDepth, Palette

GOLDENS = Path(__file__).parent / "surface_goldens"
GLYPHS = {"braille": FULL, "quadrant": BLOCKS, "narrow": NARROW, "ascii": ASCII}
DEPTHS: tuple[ColourDepth, ...] = ("truecolor", "256", "16", "none")
ROWS, COLUMNS = 48, 64


def valley() -> SurfaceData:
    """x² + 16 y² over a square, a path that swings down it, one that was undone, and two that run beside."""
    x = (np.arange(COLUMNS) + 0.5) / COLUMNS * 4 - 2
    y = 2 - (np.arange(ROWS) + 0.5) / ROWS * 4
    heights = x[None, :] ** 2 + 16 * y[:, None] ** 2
    levels = np.round(8 * np.log2(heights.max() / heights)).clip(0, 254).astype(np.uint8)
    steps = np.arange(9)
    own = SurfacePath(-1.5 * 0.75**steps, (-0.75) ** steps)
    undone = SurfacePath(np.array([-1.5, -1.5]), np.array([1.0, -1.75]), is_undone=True)
    near = SurfacePath(np.array([-1.5, 0.5]), np.array([1.0, 1.5]), "Nesterov", 4)
    far = SurfacePath(np.array([-1.5, 9.0]), np.array([1.0, 0.25]), "Adam", 7)
    return SurfaceData(
        bands_of(levels.tobytes(), ROWS, COLUMNS),
        (-2.0, 2.0),
        (-2.0, 2.0),
        ("weight", "bias"),
        (undone, near, far, own),
        (0.0, 0.0),
        own.end,
    )


class Drawn(LossSurfacePlot):
    """A plot without an app."""

    def component_style(self, name: str) -> Style:
        return Style()


def plot_of(data: SurfaceData, glyphs: Glyphs = FULL, depth: ColourDepth = "none") -> Drawn:
    return Drawn(data, glyphs=glyphs, palette=Palette(depth, True))


def text_of(canvas: Canvas) -> list[str]:
    return [strip.text for strip in paint(canvas, [Style()] * 512, blanks_inherit=False).strips]


@pytest.mark.parametrize("kind", GLYPHS)
def test_a_picture_looks_as_it_did(kind: str) -> None:
    canvas = plot_of(valley(), GLYPHS[kind]).draw(76, 20)
    text = "".join(row.rstrip() + "\n" for row in text_of(canvas))
    path = GOLDENS / f"valley-{kind}.txt"
    if os.environ.get("TUI_DL_WRITE_GOLDENS"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{path.name} differs: see this file's docstring"


@pytest.mark.parametrize("depth", DEPTHS)
def test_marks_tell_start_place_lowest_and_variants_without_colour(depth: ColourDepth) -> None:
    rows = text_of(plot_of(valley(), depth=depth).draw(96, 20))
    assert "x now  1 Nesterov  2 Adam  faint: undone  + lowest  o start" in rows[0]
    inside = [row[1 + GUTTER : -1] for row in rows[1:-1]]
    place = {
        mark: next((y, row.index(mark)) for y, row in enumerate(inside) if mark in row) for mark in "o1+x"
    }
    height, width = len(inside), len(inside[0])
    shares = {mark: (4 * (x + 0.5) / width - 2, 2 - 4 * (y + 0.5) / height) for mark, (y, x) in place.items()}
    assert shares["o"] == pytest.approx((-1.5, 1.0), abs=0.2)
    assert shares["1"] == pytest.approx((0.5, 1.5), abs=0.2)
    assert shares["+"] == pytest.approx((0.0, 0.0), abs=0.2)
    # Adam's has left the picture at the right: there an arrow points to it.
    assert any(row.endswith(">") for row in inside)
    assert "weight" in rows[-1]
    assert "bias" in rows[1]


@pytest.mark.parametrize("depth", DEPTHS)
def test_each_band_is_told_from_its_neighbours(depth: ColourDepth) -> None:
    for is_dark in (True, False):
        colours = terrain(Palette(depth, is_dark))
        assert len(colours) == BANDS
        if depth == "none":
            assert set(colours) == {None}
        else:
            assert all(one != other for one, other in itertools.pairwise(colours))


def test_without_colour_every_other_band_is_dotted() -> None:
    data = replace(valley(), paths=(), lowest=None, place=None)
    rows = text_of(plot_of(data).draw(76, 20))
    middle = rows[10][1 + GUTTER : -1].strip()
    groups = [part for part in middle.split(" ") if part]
    assert len(groups) >= 4, "bands to both sides"
    assert set("".join(groups)) == {"."}


@pytest.mark.parametrize("depth", ["truecolor", "256"])
@pytest.mark.parametrize("is_dark", [True, False])
def test_every_path_is_read_on_every_band(depth: ColourDepth, *, is_dark: bool) -> None:
    palette = Palette(depth, is_dark)
    for ground in terrain(palette):
        for colour in range(SERIES_COLOURS):
            assert contrast(path_style(palette, colour).color, ground) > 1.9


def contrast(one: Color | None, other: Color | None) -> float:
    """By the formula of WCAG 2.1."""
    assert one is not None
    assert other is not None
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: Color) -> float:
    parts = [value / 255 for value in color.get_truecolor()]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_all_that_have_come_to_one_place_are_seen() -> None:
    ends = [SurfacePath(np.array([-1.0, 0.0]), np.array([1.0, 0.0]), name, 4) for name in "abc"]
    own = SurfacePath(np.array([-1.0, 0.0]), np.array([1.0, 0.0]))
    data = replace(valley(), paths=(*ends, own), lowest=(0.0, 0.0), place=(0.0, 0.0))
    assert any("x123" in row for row in text_of(plot_of(data).draw(76, 20)))


def test_bands_double() -> None:
    levels = bytes([0, 7, 8, 16, 8 * 9, 254, 255])
    assert bands_of(levels, 1, 7).tolist() == [[9, 9, 8, 7, 0, 0, -1]]
    assert not bands_of(levels, 2, 7).size


anything = st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(anything, anything), max_size=12),
    st.tuples(anything, anything),
    st.integers(1, 90),
    st.integers(1, 30),
    st.sampled_from(DEPTHS),
)
def test_any_path_is_drawn_at_any_size(
    places: list[tuple[float, float]],
    place: tuple[float, float],
    width: int,
    height: int,
    depth: ColourDepth,
) -> None:
    xs, ys = np.array(places, dtype=np.float64).reshape(-1, 2).T
    bands = np.where(np.arange(12).reshape(3, 4) % 5 == 0, -1, 3)
    data = replace(valley(), bands=bands, paths=(SurfacePath(xs, ys),), place=place, lowest=(math.nan, 0.0))
    for glyphs in (FULL, ASCII):
        for shown in (data, SurfaceData()):
            assert plot_of(shown, glyphs, depth).draw(width, height).codes.shape == (height, width)
