"""Dots to characters, and which characters a terminal can draw one cell wide."""

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import numpy.typing as npt

from tui_dl.history.arrays import BoolArray, FloatArray

CodeArray = npt.NDArray[np.uint32]
DotMode = Literal["braille", "quadrant", "ascii"]

# (dots across a cell, dots down a cell)
CELL_DOTS: dict[DotMode, tuple[int, int]] = {"braille": (2, 4), "quadrant": (2, 2), "ascii": (1, 3)}

# Bit of each dot, down the first column, then the second: the order of Unicode's braille patterns.
_BRAILLE_BITS = ((0, 3), (1, 4), (2, 5), (6, 7))
_QUADRANT_BITS = ((0, 1), (2, 3))
_ASCII_BITS = ((0,), (1,), (2,))


def _codes(text: str) -> CodeArray:
    return np.array([ord(character) for character in text], dtype=np.uint32)


_BRAILLE = np.concatenate([_codes(" "), np.arange(0x2801, 0x2900, dtype=np.uint32)])
_QUADRANT = _codes(" ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█")
_ASCII = _codes(" '-'.:,|")

_TABLES: dict[DotMode, tuple[tuple[tuple[int, ...], ...], CodeArray]] = {
    "braille": (_BRAILLE_BITS, _BRAILLE),
    "quadrant": (_QUADRANT_BITS, _QUADRANT),
    "ascii": (_ASCII_BITS, _ASCII),
}


def _patterns(mode: DotMode) -> npt.NDArray[np.uint8]:
    """The pattern of a cell, by its dots counted down the first column, then the second."""
    (across, down), bits = CELL_DOTS[mode], _TABLES[mode][0]
    order = [bits[y][x] for x in range(across) for y in range(down)]
    cells = range(1 << len(order))
    return np.array(
        [sum((cell >> at & 1) << bit for at, bit in enumerate(order)) for cell in cells], np.uint8
    )


_PATTERNS: dict[DotMode, npt.NDArray[np.uint8]] = {mode: _patterns(mode) for mode in _TABLES}


@final
@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters to draw with; every one is a single cell wide on the terminal it was chosen for."""

    dots: DotMode = "braille"
    frame: str = "─│╭╮╰╯"
    bars: str = " ▁▂▃▄▅▆▇█"
    shades: str = " ·:-=+*#%@"
    half_block: str = "▀"
    pointer: str = "▸"
    tick: str = "┴"

    @property
    def is_plain(self) -> bool:
        """Whether nothing may be written that some terminals draw two cells wide."""
        return self.pointer == ">"

    @property
    def cell_dots(self) -> tuple[int, int]:
        """Dots (across, down) a cell."""
        return CELL_DOTS[self.dots]


_SHADES = " .:-=+*#%@"
FULL = Glyphs(shades=_SHADES)
BLOCKS = Glyphs(dots="quadrant", shades=_SHADES)
# Frames and blocks are East-Asian Ambiguous: two cells wide in a terminal set up so. Braille is not.
NARROW = Glyphs(frame="-|++++", bars=" ⡀⣀⣄⣤⣦⣶⣷⣿", shades=_SHADES, half_block="", pointer=">", tick="+")
ASCII = Glyphs(
    dots="ascii", frame="-|++++", bars=" .,:-=+*#", shades=_SHADES, half_block="", pointer=">", tick="+"
)


def encode_dots(dots: BoolArray, mode: DotMode) -> npt.NDArray[np.uint8]:
    """Dot patterns (…, rows, columns) of cells from dots (…, rows * down, columns * across); 0 is empty.

    Several layers are encoded at once at little more than the price of one.
    """
    across, down = CELL_DOTS[mode]
    *layers, height, width = dots.shape
    cells = dots.reshape(*layers, height // down, down, width // across, across)
    # Down the first column, then the second: each cell's dots side by side, as one byte.
    packed = np.packbits(cells.swapaxes(-3, -2).swapaxes(-2, -1).reshape(-1, across * down), 1, "little")
    patterns: npt.NDArray[np.uint8] = _PATTERNS[mode][packed[:, 0]]
    return patterns.reshape(*layers, height // down, width // across)


def characters(patterns: npt.NDArray[np.uint8], mode: DotMode) -> CodeArray:
    """The code points of dot patterns."""
    found: CodeArray = _TABLES[mode][1][patterns]
    return found


def bar_codes(heights: FloatArray, rows: int, glyphs: Glyphs) -> CodeArray:
    """Code points (rows, columns) of vertical bars; heights (columns,) in cells, cut off at `rows`."""
    table = _codes(glyphs.bars)
    levels = table.size - 1
    eighths = np.rint(np.clip(np.nan_to_num(heights), 0, rows) * levels).astype(np.int64)
    # What is there must be seen, however little it is.
    eighths[(heights > 0) & (eighths == 0)] = 1
    below = (np.arange(rows - 1, -1, -1) * levels)[:, None]
    codes: CodeArray = table[np.clip(eighths[None, :] - below, 0, levels)]
    return codes


def sparkline(values: FloatArray, width: int, glyphs: Glyphs = FULL, *, from_zero: bool = False) -> str:
    """Values as one row of bars, as many as there are cells; missing and non-finite ones are blank.

    With more values than cells each bar is the largest of its share, so that a spike stays.
    """
    if width < 1 or not values.size:
        return ""
    if values.size > width:
        starts = np.arange(width) * values.size // width
        values = np.fmax.reduceat(np.where(np.isfinite(values), values, np.nan), starts)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return " " * values.size
    low = 0.0 if from_zero else float(finite.min())
    span = float(finite.max()) / 2 - low / 2
    table = glyphs.bars
    with np.errstate(invalid="ignore", over="ignore"):
        share = (values / 2 - low / 2) / span if span > 0 else np.where(np.isfinite(values), 0.5, np.nan)
        levels = np.where(np.isfinite(share), np.rint(np.clip(share, 0, 1) * (len(table) - 1)), 0)
    if not from_zero:
        # The lowest value is a value: only a missing one is blank.
        levels = np.where(np.isfinite(values), np.maximum(levels, 1), 0)
    return "".join(table[int(level)] for level in levels)
