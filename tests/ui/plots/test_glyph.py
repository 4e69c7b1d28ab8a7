"""Dots to characters: goldens in plain text."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as arrays

from tui_dl.history.arrays import BoolArray
from tui_dl.ui.plots.glyph import (
    ASCII,
    CELL_DOTS,
    FULL,
    NARROW,
    DotMode,
    Glyphs,
    bar_codes,
    characters,
    encode_dots,
    sparkline,
)


def drawn(dots: BoolArray, mode: DotMode) -> list[str]:
    codes = characters(encode_dots(dots, mode), mode)
    return ["".join(chr(code) for code in row) for row in codes.tolist()]


def diagonal(rows: int, columns: int) -> BoolArray:
    dots = np.zeros((rows, columns), dtype=np.bool_)
    dots[np.arange(rows), np.arange(rows) * columns // rows] = True
    return dots


@pytest.mark.parametrize(
    ("mode", "golden"),
    [
        ("braille", ["⠑⢄  ", "  ⠑⢄"]),
        ("quadrant", ["▚   ", " ▚  ", "  ▚ ", "   ▚"]),
        ("ascii", ["'-.      ", "   '-.   ", "      '-."]),
    ],
)
def test_a_diagonal(mode: DotMode, golden: list[str]) -> None:
    across, down = CELL_DOTS[mode]
    cells = len(golden[0])
    size = cells * across
    assert size == len(golden) * down
    assert drawn(diagonal(size, size), mode) == golden


def test_each_braille_dot_is_its_own() -> None:
    seen = set()
    for row in range(4):
        for column in range(2):
            dots = np.zeros((4, 2), dtype=np.bool_)
            dots[row, column] = True
            seen.add(drawn(dots, "braille")[0])
    assert seen == set("⠁⠂⠄⡀⠈⠐⠠⢀")


@given(arrays.arrays(np.bool_, (8, 12)))
def test_braille_holds_as_many_dots_as_it_was_given(dots: BoolArray) -> None:
    text = "".join(drawn(dots, "braille"))
    assert sum((ord(cell) - 0x2800).bit_count() for cell in text if cell != " ") == int(dots.sum())


def test_bars() -> None:
    codes = bar_codes(np.array([0.0, 0.01, 0.5, 1.0, 1.5, 9.0]), 2, FULL)
    assert ["".join(map(chr, row)) for row in codes.tolist()] == ["    ▄█", " ▁▄███"]


def test_sparklines_keep_a_spike_and_leave_gaps_blank() -> None:
    values = np.zeros(1000)
    values[503] = 5.0
    assert sparkline(values, 10) == "▁▁▁▁▁█▁▁▁▁"
    assert sparkline(np.array([0.0, np.nan, 1.0, np.inf]), 10) == "▁ █ "
    assert sparkline(np.array([2.0, 2.0]), 5) == "▄▄"
    assert sparkline(np.array([]), 5) == sparkline(np.array([1.0]), 0) == ""
    assert sparkline(np.array([np.nan]), 5) == " "
    assert sparkline(np.array([-1.7e308, 1.7e308]), 5) == "▁█"


@pytest.mark.parametrize("glyphs", [NARROW, ASCII])
def test_narrow_glyphs_have_no_character_of_ambiguous_width(glyphs: Glyphs) -> None:
    mode = glyphs.dots
    across, down = glyphs.cell_dots
    patterns = np.arange(2 ** (across * down), dtype=np.uint8)[None, :]
    drawable = "".join(map(chr, characters(patterns, mode)[0].tolist()))
    for character in drawable + glyphs.frame + glyphs.bars + glyphs.shades + glyphs.half_block:
        assert unicodedata.east_asian_width(character) in ("Na", "N"), character


def test_ascii_is_ascii() -> None:
    assert (ASCII.frame + ASCII.bars + ASCII.shades).isascii()
