"""Grey pictures in text: two pixels a cell by half blocks, or marks of growing weight without colour."""

from functools import lru_cache
from typing import Final

import numpy as np
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from tui_dl.ui.theme import Palette, nearest_256

GREYS: Final = 8
_TEXTURE: Final = " .:-=+*#"


def picture(
    pixels: bytes, height: int, width: int, palette: Palette, *, scale: int = 1, is_plain: bool = False
) -> list[list[Segment]]:
    """Rows of cells: ceil(height · scale / 2) of width · scale each; all blank if the pixels don't fit."""
    if len(pixels) != height * width:
        pixels = bytes(height * width)
    levels = np.frombuffer(pixels, np.uint8).reshape(height, width).astype(np.int64) * GREYS // 256
    levels = levels.repeat(scale, axis=0).repeat(scale, axis=1)
    if levels.shape[0] % 2:
        levels = np.vstack([levels, np.zeros((1, levels.shape[1]), dtype=np.int64)])
    return [
        [
            _cell(palette, int(top), int(bottom), is_plain)
            for top, bottom in zip(levels[row], levels[row + 1], strict=True)
        ]
        for row in range(0, levels.shape[0], 2)
    ]


def shrunk(pixels: bytes, height: int, width: int, factor: int) -> bytes:
    """Grey levels of ceil(height / factor) x ceil(width / factor), each the mean of a square of pixels."""
    if factor == 1 or len(pixels) != height * width:
        return pixels
    rows, columns = -(-height // factor), -(-width // factor)
    levels = np.frombuffer(pixels, np.uint8).reshape(height, width).astype(np.float64)
    padding = ((0, rows * factor - height), (0, columns * factor - width))
    squares = np.pad(levels, padding, mode="edge").reshape(rows, factor, columns, factor)
    return bytes(squares.mean(axis=(1, 3)).round().astype(np.uint8))


@lru_cache(maxsize=1024)
def _cell(palette: Palette, top: int, bottom: int, is_plain: bool) -> Segment:
    upper, lower = grey(palette, top), grey(palette, bottom)
    if upper is None or lower is None or is_plain:
        return Segment(_TEXTURE[(top + bottom) // 2 * (len(_TEXTURE) - 1) // (GREYS - 1)], Style())
    if upper == lower:
        return Segment(" ", Style(bgcolor=lower))
    return Segment("▀", Style(color=upper, bgcolor=lower))


@lru_cache(maxsize=64)
def grey(palette: Palette, level: int) -> Color | None:
    """A grey from the ground to the text's colour; None where there is no colour."""
    if palette.depth == "none":
        return None
    if palette.depth == "16":
        names = ("black", "bright_black", "white", "bright_white")
        return Color.parse(names[level * len(names) // GREYS])
    value = round(18 + level * (255 - 18) / (GREYS - 1))
    if palette.depth == "truecolor":
        return Color.from_rgb(value, value, value)
    return Color.from_ansi(nearest_256((value, value, value)))
