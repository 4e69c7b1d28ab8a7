"""Signed levels as cells: a sign and its weight on a colour; and small pictures, two pixels a cell."""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from tui_dl.ui.theme import Palette, text_on

LevelArray = npt.NDArray[np.int8]
STEPS: Final = 9
"""Shades from most negative over zero to most positive."""
NOT_FINITE: Final = -128
_HALF: Final = STEPS // 2
_TOP: Final = 127
_SIGNS: Final = "==-- ++##"
_BROKEN: Final = "!"


def levels_of(data: bytes, *shape: int) -> LevelArray:
    """Levels as they were sent; empty if they don't fit the shape."""
    if len(data) != int(np.prod(shape)):
        return np.zeros((0,) * len(shape), dtype=np.int8)
    return np.frombuffer(data, np.int8).reshape(shape)


def shrunk_to(levels: LevelArray, rows: int, columns: int) -> LevelArray:
    """No more than so many rows and columns: of each block the largest in magnitude, what is broken first."""
    tall, wide = -(-levels.shape[0] // max(rows, 1)), -(-levels.shape[1] // max(columns, 1))
    if tall <= 1 and wide <= 1:
        return levels
    down, across = -(-levels.shape[0] // tall), -(-levels.shape[1] // wide)
    padding = ((0, down * tall - levels.shape[0]), (0, across * wide - levels.shape[1]))
    blocks = np.pad(levels, padding).reshape(down, tall, across, wide)
    high, low = blocks.max(axis=(1, 3)), blocks.min(axis=(1, 3))
    # -128 is lower than any other and has no opposite in 8 bits.
    found: LevelArray = np.where(high.astype(np.int16) >= -low.astype(np.int16), high, low)
    return found


def enlarged_to(levels: LevelArray, rows: int, columns: int) -> LevelArray:
    """As many times larger as fits, each level a block of cells that is about a square."""
    if not levels.size:
        return levels
    down, across = rows // levels.shape[0], columns // levels.shape[1]
    times = min(down, across // 2)
    wide = 2 * times if times else min(across, 2)
    return levels.repeat(max(times, 1), axis=0).repeat(max(wide, 1), axis=1)


def mean_of(levels: LevelArray, factor: int) -> LevelArray:
    """A picture as many times smaller, each level the mean of a square; broken where one of them is."""
    if factor <= 1:
        return levels
    down, across = -(-levels.shape[0] // factor), -(-levels.shape[1] // factor)
    padding = ((0, down * factor - levels.shape[0]), (0, across * factor - levels.shape[1]))
    squares = np.pad(levels.astype(np.float64), padding, mode="edge").reshape(down, factor, across, factor)
    means = np.rint(squares.mean(axis=(1, 3)))
    found: LevelArray = np.where(squares.min(axis=(1, 3)) == NOT_FINITE, NOT_FINITE, means).astype(np.int8)
    return found


def sign_rows(levels: LevelArray, palette: Palette) -> list[list[Segment]]:
    """A cell for each level: - and = below zero, + and # above it, on blue and on orange."""
    steps = _steps(levels)
    return [_joined([_sign(palette, int(step)) for step in row]) for row in steps]


def picture_rows(levels: LevelArray, palette: Palette, *, is_plain: bool = False) -> list[list[Segment]]:
    """Two levels a cell, one above the other: dark below zero, bright above; signs without colour."""
    steps = _steps(levels)
    if len(steps) % 2:
        steps = np.vstack([steps, np.full((1, steps.shape[1]), _HALF)])
    return [
        _joined([_pair(palette, int(top), int(bottom), is_plain) for top, bottom in zip(*pair, strict=True)])
        for pair in zip(steps[::2], steps[1::2], strict=True)
    ]


def legend(palette: Palette) -> list[Segment]:
    """All shades from most negative to most positive."""
    return _joined([_sign(palette, step) for step in range(STEPS)])


def _steps(levels: LevelArray) -> npt.NDArray[np.int64]:
    """Shades 0 to STEPS - 1; -1 for what is not finite."""
    scaled = np.rint(levels.astype(np.float64) / _TOP * _HALF).astype(np.int64) + _HALF
    found: npt.NDArray[np.int64] = np.where(levels == NOT_FINITE, -1, np.clip(scaled, 0, STEPS - 1))
    return found


def _joined(cells: list[Segment]) -> list[Segment]:
    """Neighbours of one style as one segment: fewer bytes to the terminal."""
    rows: list[Segment] = []
    for cell in cells:
        if rows and rows[-1].style == cell.style:
            rows[-1] = Segment(rows[-1].text + cell.text, cell.style)
        else:
            rows.append(cell)
    return rows


@lru_cache(maxsize=256)
def _sign(palette: Palette, step: int) -> Segment:
    if step < 0:
        return Segment(_BROKEN, Style(bold=True, reverse=True))
    return Segment(_SIGNS[step], text_on(palette.signed(STEPS)[step]))


@lru_cache(maxsize=1024)
def _pair(palette: Palette, top: int, bottom: int, is_plain: bool) -> Segment:
    if top < 0 or bottom < 0:
        return Segment(_BROKEN, Style(bold=True, reverse=True))
    upper, lower = _shade(palette, top), _shade(palette, bottom)
    if upper is None or lower is None or is_plain:
        mean = (top + bottom) / 2 - _HALF
        return Segment(_SIGNS[int(np.trunc(mean)) + _HALF], Style())
    if upper == lower:
        return Segment(" ", Style(bgcolor=lower))
    return Segment("▀", Style(color=upper, bgcolor=lower))


def _shade(palette: Palette, step: int) -> Color | None:
    # Brightness alone tells the sign of a pixel, which has no room for one.
    return palette.magnitude(STEPS)[step]
