"""Pictures larger than the panel are made smaller rather than cut off."""

import pytest

from tests.ui.panels.task_worlds import pictures
from tui_dl.ui.ink import cells
from tui_dl.ui.panels.pictures import shrunk
from tui_dl.ui.panels.samples import grid_for, sample_lines, shrinking
from tui_dl.ui.theme import Palette


def test_each_pixel_is_the_mean_of_a_square() -> None:
    pixels = bytes([0, 4, 10, 8, 8, 10, 20, 20, 20])
    assert shrunk(pixels, 3, 3, 1) == pixels
    # The last row and column stand for what lies beyond them.
    assert list(shrunk(pixels, 3, 3, 2)) == [5, 10, 20, 20]
    assert shrunk(b"12", 3, 3, 2) == b"12"


@pytest.mark.parametrize(
    ("size", "panel", "factor"),
    [((8, 8), (20, 8), 1), ((28, 28), (60, 30), 1), ((28, 28), (40, 12), 2), ((32, 32), (20, 20), 2),
     ((32, 32), (12, 8), 3)],
)  # fmt: skip
def test_as_large_as_one_of_them_is_seen_whole(
    size: tuple[int, int], panel: tuple[int, int], factor: int
) -> None:
    assert shrinking(*size, *panel) == factor
    rows, columns = -(-size[0] // factor), -(-size[1] // factor)
    grid = grid_for(rows, columns, 48, *panel)
    assert grid.shown >= 1
    lines = sample_lines(pictures(*size), *panel, Palette(depth="none"))
    assert len(lines) <= panel[1]
    assert max(cells(line) for line in lines[1:]) <= panel[0] + 1
