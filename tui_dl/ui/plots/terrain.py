"""Heights as bands, each twice as high as the one inside it, and their colours for each depth."""

from functools import cache
from typing import Final

import numpy as np
from rich.color import Color
from rich.style import Style

from tui_dl.history.arrays import IntArray
from tui_dl.ui.theme import Palette, Rgb, nearest_256
from tui_dl.wire.pictures import LEVELS_PER_DOUBLING, NO_LEVEL

BANDS: Final = 10
"""So that the floor of a valley and its walls, a hundred times as high, both have some."""
# From the lowest band to the highest. Curves of every series colour have to be read on them.
_DARK: Final[tuple[Rgb, Rgb]] = ((4, 8, 44), (92, 84, 68))
_LIGHT: Final[tuple[Rgb, Rgb]] = ((255, 255, 255), (168, 172, 190))
# Of the fixed colours: navy and greys, white, pale cyan and greys.
_DARK_256: Final = (16, 17, 234, 235, 236, 237, 238, 239, 240, 241)
_LIGHT_256: Final = (231, 195, 255, 254, 253, 252, 251, 250, 249, 248)
_DARK_16: Final = ("black", "bright_black")
_LIGHT_16: Final = ("bright_white", "white")


def bands_of(levels: bytes, rows: int, columns: int) -> IntArray:
    """Bands (rows, columns), 0 the lowest; -1 what is not finite. Empty if they don't fit the shape."""
    if len(levels) != rows * columns:
        return np.zeros((0, 0), dtype=np.int64)
    found = np.frombuffer(levels, np.uint8).reshape(rows, columns).astype(np.int64)
    # A height of exactly half the highest begins the next band; half a level is rounding.
    bands = BANDS - 1 - np.minimum(found // LEVELS_PER_DOUBLING, BANDS - 1)
    return np.where(found == NO_LEVEL, -1, bands)


@cache
def terrain(palette: Palette) -> tuple[Color | None, ...]:
    """The colour of each band; where there are few they take turns, as on a map; None without colour."""
    if palette.depth == "none":
        return (None,) * BANDS
    if palette.depth == "16":
        names = _DARK_16 if palette.is_dark else _LIGHT_16
        return tuple(Color.parse(names[band % 2]) for band in range(BANDS))
    if palette.depth == "256":
        return tuple(Color.from_ansi(number) for number in (_DARK_256 if palette.is_dark else _LIGHT_256))
    low, high = _DARK if palette.is_dark else _LIGHT
    shades = [_between(low, high, band / (BANDS - 1)) for band in range(BANDS)]
    return tuple(Color.from_rgb(*shade) for shade in shades)


@cache
def path_style(palette: Palette, colour: int, *, is_faint: bool = False) -> Style:
    """A series' colour as it is read on every band: brighter on dark ones, darker on light ones.

    What is faint lies behind: it keeps its hue and comes nearer to the ground.
    """
    rgb, _, _ = palette.hues[colour % len(palette.hues)]
    if palette.depth in ("16", "none"):
        return palette.series_dim(colour) if is_faint else palette.series(colour) + Style(bold=True)
    clear, ground = ((255, 255, 255), _DARK[1]) if palette.is_dark else ((0, 0, 0), _LIGHT[1])
    towards_clear = 0.35 if palette.is_dark else 0.45
    mixed = _between(rgb, ground, 0.5) if is_faint else _between(rgb, clear, towards_clear)
    if palette.depth == "256":
        return Style(color=Color.from_ansi(nearest_256(mixed)))
    return Style(color=Color.from_rgb(*mixed))


def _between(one: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
