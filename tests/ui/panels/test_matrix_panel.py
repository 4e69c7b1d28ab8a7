"""The picture of a layer's weights: its cells, its words, and how it is reached."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from rich.segment import Segment

from tests.ui.screens.conftest import Open, on_stage
from tui_dl.ui.ink import Line
from tui_dl.ui.panels.matrix import cells_of, matrix_lines
from tui_dl.ui.plots.signed_cells import enlarged_to, legend, mean_of, picture_rows, shrunk_to, sign_rows
from tui_dl.ui.theme import Palette
from tui_dl.wire.commands import Watch
from tui_dl.wire.messages import ReadingTaken
from tui_dl.wire.pictures import MatrixRead

__all__ = ["on_stage"]

DARK = Palette("truecolor", True)
NONE = Palette("none", True)


def matrix(rows: int = 10, columns: int = 64, side: int = 8, layer: str = "layers.0") -> MatrixRead:
    levels = np.arange(rows * columns).reshape(rows, columns) % 255 - 127
    return MatrixRead(
        layer,
        (rows, columns),
        rows,
        columns,
        levels.astype(np.int8).tobytes(),
        0.5,
        -0.5,
        0.5,
        negative=rows * columns // 2,
        height=side,
        width=side,
        pictures=levels.astype(np.int8).tobytes() if side * side == columns else b"",
        units=rows if side * side == columns else 0,
    )


def text(rows: list[Line] | list[list[Segment]]) -> list[str]:
    return [
        "".join(
            part.text if isinstance(part, Segment) else part if isinstance(part, str) else part[0]
            for part in row
        )
        for row in rows
    ]


def test_signs_tell_without_colour_and_with_it() -> None:
    levels = np.array([[-127, -64, -40, 0, 40, 64, 127, -128]], dtype=np.int8)
    for palette in (DARK, NONE):
        assert text(sign_rows(levels, palette)) == ["=-- ++#!"]
    assert "".join(segment.text for segment in legend(NONE)) == "==-- ++##"
    pixels = np.array([[-127, 0, 127], [-127, 0, 127]], dtype=np.int8)
    assert text(picture_rows(pixels, NONE)) == ["= #"]
    shades = [segment.style for segment in picture_rows(pixels, DARK)[0]]
    brightness = [sum(style.bgcolor.get_truecolor()) for style in shades if style and style.bgcolor]
    assert brightness == sorted(set(brightness)), "pixels tell their sign by brightness, not by hue alone"


def test_a_block_is_its_largest_and_a_square_its_mean() -> None:
    levels = np.array([[1, -5, 2, 3], [4, 4, -128, 0]], dtype=np.int8)
    assert shrunk_to(levels, 1, 2).tolist() == [[-5, -128]]
    assert shrunk_to(levels, 9, 9) is levels
    assert mean_of(levels, 2).tolist() == [[1, -128]]
    assert enlarged_to(levels, 4, 16).shape == (4, 16)
    assert enlarged_to(levels, 2, 4).tolist() == levels.tolist()


def test_shapes_and_scale_are_told() -> None:
    rows = text(matrix_lines(matrix(), 150, 30, DARK))
    assert rows[0].startswith(" W 10×64   64 → 10: a row for each unit   640 weights")
    assert "right: what each unit looks for, 8×8" in rows[0]
    assert rows[1].startswith(" -0.500 ==-- ++## 0.500   50% below 0")
    small = text(matrix_lines(matrix(64, 64), 78, 14, DARK))
    assert "a cell is the largest of" in small[0]
    broken = structs.replace(matrix(), nonfinite=3)
    assert "! 3 not finite" in text(matrix_lines(broken, 150, 30, DARK))[1]


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 96),
    st.integers(1, 13),
    st.integers(1, 160),
    st.integers(3, 60),
    st.sampled_from([DARK, NONE]),
    st.booleans(),
)
def test_any_matrix_fits_any_panel(
    rows: int, side: int, width: int, height: int, palette: Palette, plain: bool
) -> None:
    lines = matrix_lines(matrix(rows, side * side, side), width, height, palette, is_plain=plain)
    assert len(lines) <= height
    for line in lines[2:]:
        assert cells_of(line) <= max(width, 2)


@pytest.mark.parametrize(("width", "height"), [(44, 12), (80, 24), (160, 48)])
async def test_a_key_leads_there_and_back_and_only_then_it_is_measured(
    on_stage: Open, width: int, height: int
) -> None:
    async with on_stage(width, height) as stage:

        def watched() -> Watch:
            watch = stage.engine.given(Watch)[-1]
            assert isinstance(watch, Watch)
            return watch

        await stage.press("3", "W")
        await stage.until(lambda: "matrix" in watched().probes)
        layer = watched().layer
        assert layer
        stage.engine.post(ReadingTaken(0, 50, matrix(layer=layer)))
        await stage.until("10×64")
        await stage.press("W")
        await stage.until(lambda: "matrix" not in watched().probes)
        await stage.press("W")
        await stage.until("10×64")
        await stage.press("down")
        await stage.until(lambda: watched().layer != layer)
        # Of another layer nothing is shown under this one's name.
        await stage.until(lambda: "10×64" not in stage.text)
        await stage.press("escape")
        await stage.until(lambda: "matrix" not in watched().probes)
