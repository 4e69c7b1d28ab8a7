"""Histograms over time: an outlier squeezes nothing, and each column is a reading that was taken."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ui.plots.test_plot_widgets import SIZES, Board, lines
from tui_dl.ui.lenses.histogram_history import Frame
from tui_dl.ui.plots.glyph import ASCII, FULL, Glyphs
from tui_dl.ui.plots.histogram import HistogramData, HistogramPlot, tiny_cell
from tui_dl.ui.plots.histogram_map import HistogramMap, HistogramMapData
from tui_dl.ui.plots.plot_data import PlotMark
from tui_dl.ui.plots.time_map import BinAxis, shown_frames, time_map
from tui_dl.ui.theme import ColourDepth, Palette
from tui_dl.wire.snapshots import Histogram


def frame(
    step: int, reach: float = 1.0, counts: tuple[int, ...] = (1, 4, 9, 4, 1), nonfinite: int = 0
) -> Frame:
    total = sum(counts) + nonfinite
    return Frame(
        0, step, Histogram("a", "weights", -reach, reach, counts, total, 0, nonfinite), nonfinite > 0
    )


def test_each_column_shows_the_last_reading_up_to_it() -> None:
    frames = [frame(10), frame(20), frame(40)]
    assert shown_frames(frames, (0.0, 50.0), 5).tolist() == [0, 1, 1, 2, 2]
    assert shown_frames([], (0.0, 50.0), 3).tolist() == [-1, -1, -1]


def test_before_the_first_reading_and_after_the_last_nothing_is_shown() -> None:
    which = shown_frames([frame(30), frame(40)], (0.0, 100.0), 10)
    assert which.tolist() == [-1, -1, 0, 1, 1, -1, -1, -1, -1, -1]


def test_the_fullest_bin_is_the_brightest_and_empty_ones_are_blank() -> None:
    axis = BinAxis().showing([frame(1)])
    shown = time_map([frame(1, counts=(0, 0, 9, 0, 0))], (1.0, 101.0), axis, 10, 20)
    column = shown.shades[:, 0]
    assert np.nanmax(column) == 1.0
    assert np.isnan(column).sum() > 10
    assert np.isnan(shown.shades[:, -1]).all()


def test_readings_of_one_size_are_on_a_linear_axis() -> None:
    axis = BinAxis().showing([frame(step, 0.5 + step / 100) for step in range(50)])
    assert axis.scale == "linear"
    assert axis.limits.low <= -0.99
    assert axis.limits.high >= 0.99


@pytest.mark.parametrize("outlier", [1e3, 1e6, 1e12])
def test_one_reading_far_out_does_not_squeeze_the_others_into_a_line(outlier: float) -> None:
    frames = [*(frame(step) for step in range(1, 50)), frame(50, outlier)]
    axis = BinAxis().showing(frames)
    assert axis.scale == "symlog"
    shown = time_map(frames, (1.0, 101.0), axis, 100, 40)
    inside = np.isfinite(shown.shades[:, 10]).sum()
    assert inside >= 5


def test_gradients_that_vanish_by_and_by_stay_legible() -> None:
    frames = [frame(step, 10.0**-power) for power, step in enumerate(range(1, 8))]
    axis = BinAxis().showing(frames)
    shown = time_map(frames, (1.0, 8.0), axis, 7, 40)
    heights = np.isfinite(shown.shades).sum(axis=0)
    assert (np.diff(heights) <= 0).all()
    assert heights[0] > heights[3]


@given(
    st.lists(
        st.tuples(st.integers(1, 10**7), st.floats(1e-30, 1e30), st.integers(0, 3)),
        min_size=1,
        max_size=20,
        unique_by=lambda one: one[0],
    ),
    st.integers(1, 60),
    st.integers(1, 40),
)
def test_any_readings_give_shades_between_0_and_1(
    drawn: list[tuple[int, float, int]], columns: int, rows: int
) -> None:
    frames = [frame(step, reach, nonfinite=bad) for step, reach, bad in sorted(drawn)]
    axis = BinAxis().showing(frames)
    edges = axis.edges(rows)
    assert (np.diff(edges) > 0).all()
    x_range = (float(frames[0].step), float(frames[-1].step) + 1.0)
    shown = time_map(frames, x_range, axis, columns, rows)
    known = shown.shades[np.isfinite(shown.shades)]
    assert ((known > 0) & (known <= 1)).all()
    assert shown.shades.shape == (rows, columns)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("depth", ["truecolor", "256", "16", "none"])
@pytest.mark.parametrize("glyphs", [FULL, ASCII])
async def test_every_size_is_filled_exactly(
    size: tuple[int, int], depth: ColourDepth, glyphs: Glyphs
) -> None:
    if depth != "256" and size not in ((80, 24), (20, 3)):
        return
    nothing = frame(60, counts=(0, 0), nonfinite=7)
    frames = (frame(10), frame(20, 1e6), frame(30, nonfinite=3), nothing)
    for data in (HistogramMapData("empty"), HistogramMapData("full", frames, (PlotMark(25, "swap"),))):
        widget = HistogramMap(data, glyphs=glyphs, palette=Palette(depth, True))
        async with Board(widget).run_test(size=size):
            painted = lines(widget)
            assert [len(line) for line in painted] == [size[0]] * size[1]
            if glyphs is ASCII:
                assert all(line.isascii() for line in painted)


async def test_the_map_says_steps_values_scale_and_what_was_not_finite() -> None:
    frames = (frame(10), frame(60, 1e5), frame(90, nonfinite=3))
    widget = HistogramMap(HistogramMapData("weights", frames), glyphs=FULL, palette=Palette("256", True))
    async with Board(widget).run_test(size=(110, 16)):
        text = "\n".join(lines(widget))
        assert "! not finite in 1 of 3" in text
        assert "symlog" in text
        assert " step " in text
        assert "100" in text
        assert text.count("!") > 1


async def test_the_same_readings_refresh_no_row() -> None:
    frames = (frame(10), frame(20))
    widget = HistogramMap(HistogramMapData("weights", frames), palette=Palette("256", True))
    async with Board(widget).run_test(size=(60, 16)):
        widget.repaint()
        assert widget.set_data(HistogramMapData("weights", frames)) == 0
        assert widget.set_data(HistogramMapData("weights", (*frames, frame(30, counts=(9, 1, 1, 1, 9))))) > 0


async def test_what_lies_off_the_axis_is_drawn_beside_it_and_said() -> None:
    data = HistogramData(
        "weights", (5, 9, 9, 6), -1, 1, 29, below=2, above=3, lowest=-1e6, highest=2e9, colour=0
    )
    widget = HistogramPlot(data, glyphs=FULL)
    async with Board(widget).run_test(size=(70, 12)):
        text = "\n".join(lines(widget))
        assert "off the axis: 2 below down to -1M, 3 above up to 2G" in text
        lowest = lines(widget)[-2]
        # A bar at the right end, one cell away from the others.
        assert lowest[-4:] == "█ █│"


@pytest.mark.parametrize(("nonfinite", "words"), [(3, "NaN 3"), (10, "all NaN"), (12345678, "NaN")])
def test_a_tiny_histogram_says_that_something_is_not_finite(nonfinite: int, words: str) -> None:
    total = 10 if nonfinite <= 10 else 10**9
    found = Histogram("a", "weights", 0.0, 1.0, (1, 2), total, 0, nonfinite)
    assert tiny_cell(found, "train", 8) == (words.ljust(8), "bad")


def test_extremes_that_are_not_numbers_are_not_drawn() -> None:
    assert math.isfinite(BinAxis().showing([frame(1, counts=(0, 0), nonfinite=5)]).limits.high)
