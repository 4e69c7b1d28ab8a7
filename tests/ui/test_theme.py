"""Palettes: the right kind of colour for each depth, order and contrast that mean something."""

from itertools import pairwise

import pytest
from rich.color import Color, ColorType

from tui_dl.ui.theme import (
    SERIES_COLOURS,
    ColourDepth,
    Palette,
    depth_of,
    nearest_256,
    shaded_series,
    text_on,
)

KINDS: dict[ColourDepth, set[ColorType]] = {
    "truecolor": {ColorType.TRUECOLOR},
    "256": {ColorType.EIGHT_BIT},
    "16": {ColorType.STANDARD},
}


def luminance(colour: Color) -> float:
    red, green, blue = colour.get_truecolor()
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("depth", list(KINDS))
@pytest.mark.parametrize("is_dark", [True, False])
def test_every_colour_is_of_the_terminals_own_kind(depth: ColourDepth, is_dark: bool) -> None:
    palette = Palette(depth, is_dark)
    colours = [
        style.color
        for index in range(SERIES_COLOURS)
        for style in (palette.series(index), palette.series_dim(index), palette.ghost(index))
    ]
    colours += [*palette.magnitude(8), *palette.signed(8), *shaded_series(palette, 4)]
    assert {colour.type for colour in colours if colour is not None} <= KINDS[depth]
    assert None not in colours


def test_without_colour_nothing_is_coloured() -> None:
    palette = Palette("none")
    assert all(palette.series(index).color is None for index in range(SERIES_COLOURS))
    assert palette.ghost(0).dim
    assert set(palette.magnitude(5) + palette.signed(5) + shaded_series(palette, 3)) == {None}


@pytest.mark.parametrize("depth", list(KINDS))
def test_series_differ_from_each_other_and_begin_again(depth: ColourDepth) -> None:
    palette = Palette(depth)
    assert len({palette.series(index) for index in range(SERIES_COLOURS)}) == SERIES_COLOURS
    assert palette.series(SERIES_COLOURS) == palette.series(0)


@pytest.mark.parametrize("depth", ["truecolor", "256"])
def test_more_is_brighter(depth: ColourDepth) -> None:
    light = [luminance(colour) for colour in Palette(depth).magnitude(10) if colour is not None]
    # The fixed colours are far apart: a step may round a little down, never back to the one before.
    assert all(after > before - 4 for before, after in pairwise(light))
    assert all(after > before for before, after in zip(light, light[2:], strict=False))


def test_what_recedes_is_nearer_to_the_ground() -> None:
    palette = Palette("truecolor", is_dark=True)
    for index in range(SERIES_COLOURS):
        line, dim, ghost = (
            style.color for style in (palette.series(index), palette.series_dim(index), palette.ghost(index))
        )
        assert line is not None
        assert dim is not None
        assert ghost is not None
        assert luminance(line) > luminance(dim) > luminance(ghost)


def test_signed_is_bright_in_the_middle() -> None:
    low, middle, high = (luminance(colour) for colour in Palette().signed(3) if colour is not None)
    assert middle > low
    assert middle > high


@pytest.mark.parametrize(("rgb", "index"), [((0, 0, 0), 16), ((255, 255, 255), 231), ((215, 95, 0), 166)])
def test_the_nearest_of_256(rgb: tuple[int, int, int], index: int) -> None:
    assert nearest_256(rgb) == index


def test_text_is_readable_on_its_ground() -> None:
    for colour in Palette().magnitude(12):
        style = text_on(colour)
        assert colour is not None
        assert style.color is not None
        assert abs(luminance(style.color) - luminance(colour)) > 80


@pytest.mark.parametrize(
    ("system", "no_colour", "depth"),
    [
        ("truecolor", False, "truecolor"),
        ("256", False, "256"),
        ("standard", False, "16"),
        (None, False, "none"),
        ("truecolor", True, "none"),
    ],
)
def test_the_depth_of_a_terminal(system: str | None, no_colour: bool, depth: ColourDepth) -> None:
    assert depth_of(system, no_colour=no_colour) == depth
