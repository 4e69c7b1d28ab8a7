"""Colours with a meaning: series, magnitude and sign, exact for each depth of colour a terminal has."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, final

from rich.color import Color
from rich.style import Style
from textual.app import App

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

ColourDepth = Literal["truecolor", "256", "16", "none"]
Rgb = tuple[int, int, int]

# Okabe and Ito (2008), told apart with every common colour blindness; ordered by contrast with the ground.
# Each entry: RGB, index among 256, name among 16.
_SKY_BLUE: tuple[Rgb, int] = ((86, 180, 233), 74)
_ORANGE: tuple[Rgb, int] = ((230, 159, 0), 178)
_GREEN: tuple[Rgb, int] = ((0, 158, 115), 36)
_PURPLE: tuple[Rgb, int] = ((204, 121, 167), 175)
_YELLOW: tuple[Rgb, int] = ((240, 228, 66), 221)
_VERMILLION: tuple[Rgb, int] = ((213, 94, 0), 166)
_BLUE: tuple[Rgb, int] = ((0, 114, 178), 25)
_GREY: tuple[Rgb, int] = ((153, 153, 153), 246)
_BLACK: tuple[Rgb, int] = ((0, 0, 0), 16)

_ON_DARK = (
    (*_SKY_BLUE, "bright_cyan"),
    (*_ORANGE, "yellow"),
    (*_GREEN, "green"),
    (*_PURPLE, "bright_magenta"),
    (*_YELLOW, "bright_yellow"),
    (*_VERMILLION, "red"),
    (*_BLUE, "bright_blue"),
    (*_GREY, "white"),
)
_ON_LIGHT = (
    (*_BLUE, "blue"),
    (*_VERMILLION, "red"),
    (*_GREEN, "green"),
    (*_PURPLE, "magenta"),
    (*_ORANGE, "yellow"),
    (*_SKY_BLUE, "cyan"),
    (*_BLACK, "black"),
    (*_GREY, "bright_black"),
)
# The same hues where contrast comes first: at least 7 to 1 with black, 4.5 to 1 with white.
_STRONG_ON_DARK = (
    ((135, 206, 255), 117, "bright_cyan"),
    ((255, 190, 40), 214, "yellow"),
    ((0, 220, 160), 43, "green"),
    ((255, 160, 215), 218, "bright_magenta"),
    ((255, 245, 90), 227, "bright_yellow"),
    ((255, 140, 75), 209, "red"),
    ((120, 170, 255), 111, "bright_blue"),
    ((220, 220, 220), 253, "white"),
)
_STRONG_ON_LIGHT = (
    ((0, 80, 150), 24, "blue"),
    ((185, 65, 0), 130, "red"),
    ((0, 105, 75), 23, "green"),
    ((150, 45, 110), 89, "magenta"),
    ((130, 90, 0), 94, "yellow"),
    ((0, 115, 150), 31, "cyan"),
    (*_BLACK, "black"),
    ((90, 90, 90), 240, "bright_black"),
)
SERIES_COLOURS = len(_ON_DARK)

# Cividis (Nuñez, Anderton and Renslow 2018), ten points of its course.
_CIVIDIS: tuple[Rgb, ...] = (
    (0, 34, 78),
    (18, 53, 112),
    (59, 73, 108),
    (87, 93, 109),
    (112, 113, 115),
    (138, 134, 120),
    (165, 156, 116),
    (195, 179, 105),
    (225, 204, 85),
    (254, 232, 56),
)
_CIVIDIS_16 = ("blue", "bright_black", "white", "yellow", "bright_yellow")
_SIGNED: tuple[Rgb, ...] = ((0, 82, 140), (86, 160, 214), (245, 245, 245), (240, 170, 70), (200, 90, 0))
_SIGNED_16 = ("blue", "bright_blue", "white", "bright_yellow", "yellow")

_GROUND_DARK: Rgb = (24, 24, 24)
_GROUND_LIGHT: Rgb = (245, 245, 245)
_CUBE = (0, 95, 135, 175, 215, 255)


@final
@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one terminal and theme. Styles are made once for each set of arguments."""

    depth: ColourDepth = "truecolor"
    is_dark: bool = True
    is_strong: bool = False

    @property
    def hues(self) -> tuple[tuple[Rgb, int, str], ...]:
        """RGB, index among 256 and name among 16 of each series' colour."""
        if self.is_strong:
            return _STRONG_ON_DARK if self.is_dark else _STRONG_ON_LIGHT
        return _ON_DARK if self.is_dark else _ON_LIGHT

    def series(self, index: int) -> Style:
        """The style of a series' line; indices beyond the eighth begin again."""
        return _series_style(self, index % SERIES_COLOURS)

    def series_dim(self, index: int) -> Style:
        """The same, faded: raw values behind their smoothed curve."""
        return _faded_style(self, index % SERIES_COLOURS, 0.55)

    def ghost(self, index: int) -> Style:
        """The same, almost gone: a branch that was left."""
        return _faded_style(self, index % SERIES_COLOURS, 0.7)

    def magnitude(self, levels: int) -> tuple[Color | None, ...]:
        """`levels` colours from little to much; None throughout where there is no colour."""
        return _ramp(_CIVIDIS, _CIVIDIS_16, levels, self.depth)

    def signed(self, levels: int) -> tuple[Color | None, ...]:
        """`levels` colours from negative over zero to positive; None throughout where there is no colour."""
        return _ramp(_SIGNED, _SIGNED_16, levels, self.depth)


def palette_of(app: App[object]) -> Palette:
    """The palette that fits an app's terminal and theme."""
    depth = depth_of(app.console.color_system, no_colour=app.no_color)
    name, is_dark = app.current_theme.name, app.current_theme.dark
    if "ansi" in name and depth != "none":
        # Such a theme follows the terminal's own palette, however many colours there would be.
        depth = "16"
    return Palette(depth, is_dark, is_strong="contrast" in name)


def depth_of(color_system: str | None, *, no_colour: bool) -> ColourDepth:
    """The depth behind rich's name of a colour system."""
    if no_colour or color_system is None:
        return "none"
    if color_system == "truecolor":
        return "truecolor"
    return "256" if color_system == "256" else "16"


def text_on(color: Color | None) -> Style:
    """Black or white text on a colour, whichever is easier to read; reversed where there is no colour."""
    if color is None:
        return Style()
    red, green, blue = color.get_truecolor()
    # Relative luminance by the weights of ITU-R BT.709, without the gamma: enough to choose between two.
    is_bright = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 120
    return Style(color="black" if is_bright else "bright_white", bgcolor=color)


def shaded_series(palette: Palette, shades: int) -> tuple[Color | None, ...]:
    """For each series colour its `shades` shades, from almost the ground to full; None without colour."""
    if palette.depth == "none":
        return (None,) * (SERIES_COLOURS * shades)
    ground = _GROUND_DARK if palette.is_dark else _GROUND_LIGHT
    colours: list[Color | None] = []
    for rgb, _, name in palette.hues:
        for shade in range(shades):
            mixed = _between(ground, rgb, 0.25 + 0.75 * (shade + 1) / shades)
            if palette.depth == "16":
                colours.append(Color.parse(name))
            else:
                exact = palette.depth == "truecolor"
                colours.append(Color.from_rgb(*mixed) if exact else Color.from_ansi(nearest_256(mixed)))
    return tuple(colours)


def nearest_256(rgb: Rgb) -> int:
    """The index among the fixed colours 16 to 255 that is nearest to an RGB value (Euclidean)."""
    import numpy as np

    return int(np.argmin(np.sum((_fixed_colours() - np.array(rgb)) ** 2, axis=1))) + 16


@cache
def _fixed_colours() -> "npt.NDArray[np.int64]":
    # Not before it is needed: the first paint comes sooner without numpy.
    import numpy as np

    cube = [(red, green, blue) for red in _CUBE for green in _CUBE for blue in _CUBE]
    greys = [(8 + 10 * level,) * 3 for level in range(24)]
    return np.array([*cube, *greys], dtype=np.int64)


@cache
def _series_style(palette: Palette, index: int) -> Style:
    rgb, number, name = palette.hues[index]
    match palette.depth:
        case "truecolor":
            return Style(color=Color.from_rgb(*rgb))
        case "256":
            return Style(color=Color.from_ansi(number))
        case "16":
            return Style(color=name)
        case "none":
            return Style(bold=index == 0)


@cache
def _faded_style(palette: Palette, index: int, share_of_ground: float) -> Style:
    rgb, _, name = palette.hues[index]
    ground = _GROUND_DARK if palette.is_dark else _GROUND_LIGHT
    faded = _between(rgb, ground, share_of_ground)
    match palette.depth:
        case "truecolor":
            return Style(color=Color.from_rgb(*faded))
        case "256":
            return Style(color=Color.from_ansi(nearest_256(faded)))
        case "16":
            return Style(color="bright_black") if share_of_ground > 0.6 else Style(color=name, dim=True)
        case "none":
            return Style(dim=True)


@cache
def _ramp(
    anchors: tuple[Rgb, ...], names: tuple[str, ...], levels: int, depth: ColourDepth
) -> tuple[Color | None, ...]:
    if depth == "none":
        return (None,) * levels
    colours: list[Color | None] = []
    for level in range(levels):
        position = level / max(levels - 1, 1)
        if depth == "16":
            colours.append(Color.parse(names[round(position * (len(names) - 1))]))
            continue
        rgb = _along(anchors, position)
        exact = depth == "truecolor"
        colours.append(Color.from_rgb(*rgb) if exact else Color.from_ansi(nearest_256(rgb)))
    return tuple(colours)


def _along(anchors: tuple[Rgb, ...], position: float) -> Rgb:
    place = position * (len(anchors) - 1)
    index = min(int(place), len(anchors) - 2)
    return _between(anchors[index], anchors[index + 1], place - index)


def _between(one: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
