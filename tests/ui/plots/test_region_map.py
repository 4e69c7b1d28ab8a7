"""Decision regions as cells: what is where, told with and without colour."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style

from tui_dl.ui.plots.canvas import Canvas
from tui_dl.ui.plots.glyph import ASCII, FULL, Glyphs
from tui_dl.ui.plots.region_map import RegionData, RegionMap, RegionPoints
from tui_dl.ui.theme import ColourDepth, Palette


class Drawn(RegionMap):
    """A map without an app: component styles are plain."""

    def component_style(self, name: str) -> Style:
        return Style()


def drawn(
    data: RegionData,
    width: int = 40,
    height: int = 14,
    depth: ColourDepth = "truecolor",
    glyphs: Glyphs = FULL,
) -> tuple[Canvas, RegionMap]:
    made = Drawn(data, glyphs=glyphs, palette=Palette(depth, True))
    return made.draw(width, height), made


def text_of(canvas: Canvas) -> list[str]:
    return ["".join(map(chr, row)) for row in canvas.codes.tolist()]


def plane(columns: int = 32, rows: int = 24) -> RegionData:
    """Class 0 left, class 1 right; sure above, unsure below."""
    classes = np.repeat((np.arange(columns) >= columns // 2).astype(np.int64)[None], rows, axis=0)
    confidence = np.repeat(np.where(np.arange(rows) < rows // 2, 1.0, 0.3)[:, None], columns, axis=1)
    points = RegionPoints(
        x=np.array([0.1, 0.9, 0.9, 0.1]),
        y=np.array([0.1, 0.1, 0.9, 0.9]),
        classes=np.array([0, 1, 0, 1]),
        predicted=np.array([0, 1, 1, -1]),
        is_train=np.array([True, False, True, False]),
        indices=np.array([-1, 4, -1, 5]),
    )
    return RegionData(classes, confidence, (-1.0, 1.0), (0.0, 10.0), points, ("left", "right"))


def test_each_half_cell_has_its_own_classes_colour() -> None:
    canvas, made = drawn(plane(33, 24), 41, 14)
    left, right = (made._made[canvas.styles[1, x]].bgcolor for x in (9, 38))
    assert left != right
    assert left == made._colours[3]
    assert right == made._colours[7]
    below = made._made[canvas.styles[11, 9]].bgcolor
    assert below == made._colours[1], "paler where it is less sure"


def test_points_of_both_splits_and_wrong_ones_can_be_told_apart() -> None:
    canvas, made = drawn(plane())
    found = {
        chr(code): made._made[canvas.styles[y, x]]
        for y, row in enumerate(canvas.codes[1:-1].tolist(), start=1)
        for x, code in enumerate(row)
        if 7 <= x < 39 and chr(code) in "oxOX"
    }
    assert set(found) == {"o", "X"}
    canvas, made = drawn(plane(), depth="none")
    wrong = [
        (chr(canvas.codes[y, x]), x > 20)
        for y in range(1, 13)
        for x in range(7, 39)
        if made._made[canvas.styles[y, x]].reverse
    ]
    assert sorted(wrong) == [("X", False), ("o", True)], "marked without colour"


def test_regions_differ_without_colour() -> None:
    rows = text_of(drawn(plane(), depth="none")[0])
    assert "....." in rows[2]
    assert ":::::" in rows[2]
    assert ".." not in rows[10][7:39], "where it is less sure than not there is nothing"


def test_axes_legend_and_counts_are_written() -> None:
    rows = text_of(drawn(plane(), 100, 20)[0])
    assert "decision regions" in rows[0]
    for words in ("o left", "x right", "o train, 1 wrong; O validation, 1 wrong (marked)"):
        assert words in rows[0]
    assert " 0 " in rows[-1]
    assert "less sure" in rows[-1]
    labels = [row[1:7].strip() for row in rows[1:-1] if row[1:7].strip()]
    assert labels
    assert [float(label) for label in labels] == sorted((float(label) for label in labels), reverse=True)


def test_the_chosen_sample_stands_in_brackets() -> None:
    rows = text_of(drawn(dataclasses.replace(plane(), chosen=(0.5, 0.5), chosen_class=1))[0])
    assert any("[X]" in row for row in rows)


@settings(max_examples=60)
@given(
    st.integers(1, 130),
    st.integers(1, 60),
    st.integers(1, 90),
    st.integers(1, 70),
    st.sampled_from(["truecolor", "256", "16", "none"]),
    st.sampled_from([FULL, ASCII]),
)
def test_any_grid_is_drawn_at_any_size(
    width: int, height: int, columns: int, rows: int, depth: ColourDepth, glyphs: Glyphs
) -> None:
    canvas, _ = drawn(plane(columns, rows), width, height, depth, glyphs)
    assert canvas.codes.shape == (height, width)
    if glyphs is ASCII:
        assert (canvas.codes < 128).all()


@pytest.mark.parametrize("label", [0, 7, 19, 254])
def test_any_class_has_a_mark_and_a_colour(label: int) -> None:
    data = RegionData(np.full((4, 4), label), np.ones((4, 4)), class_names=tuple(map(str, range(20))))
    assert drawn(data)[0].codes.any()
