"""A heat map's labels stand beside their own values at every size."""

import numpy as np
import pytest
from rich.color import Color
from textual.app import App, ComposeResult

from tui_dl.ui.plots.glyph import ASCII
from tui_dl.ui.plots.heat_map import HeatMap, HeatMapData

NAMES = tuple("abcdefghij")
Cell = tuple[str, Color | None]


class Board(App[None]):
    def __init__(self, widget: HeatMap) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget


def cells(widget: HeatMap) -> list[list[Cell]]:
    """Character and background of each cell."""
    return [
        [
            (character, None if segment.style is None else segment.style.bgcolor)
            for segment in widget.render_line(y)
            for character in segment.text
        ]
        for y in range(widget.content_size.height)
    ]


@pytest.mark.parametrize("height", range(13, 26))
@pytest.mark.parametrize("width", [23, 36, 60])
async def test_a_label_stands_beside_its_own_value(width: int, height: int) -> None:
    data = HeatMapData("", np.eye(10), row_labels=NAMES, column_labels=NAMES)
    app = Board(HeatMap(data, glyphs=ASCII))
    async with app.run_test(size=(width, height)):
        rows = cells(app.widget)
    columns = {character: x for x, (character, _) in enumerate(rows[1]) if character in NAMES}
    beside = {row[1][0]: row for row in rows[2:] if row[1][0] in NAMES}
    assert set(columns) == set(beside) == set(NAMES)
    found = [[beside[row][columns[column]][1] for column in NAMES] for row in NAMES]
    one, zero = found[0][0], found[0][-1]
    assert one != zero
    assert found == [[one if row == column else zero for column in NAMES] for row in NAMES]
