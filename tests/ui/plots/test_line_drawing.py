"""Whole plots as plain text, and what no size or data may break."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from tui_dl.ui.plots.canvas import Canvas, paint
from tui_dl.ui.plots.glyph import ASCII, BLOCKS, FULL, NARROW, Glyphs
from tui_dl.ui.plots.line_drawing import LEAST_HEIGHT, LEAST_WIDTH, PlotView, draw_plot
from tui_dl.ui.plots.plot_data import PlotData, PlotMark, PlotSeries
from tui_dl.ui.plots.roles import Role, line_style
from tui_dl.ui.plots.scales import SCALES, Scale

STEPS = np.arange(1.0, 81.0)


def text_of(canvas: Canvas) -> list[str]:
    table = [Style()] * 64
    return [strip.text.rstrip() for strip in paint(canvas, table).strips]


def falling(label: str = "train", colour: int = 0, **options: object) -> PlotSeries:
    return PlotSeries.from_points(label, colour, STEPS, 2.0 * np.exp(-STEPS / 20), **options)  # type: ignore[arg-type]


def test_a_plot_in_full() -> None:
    data = PlotData(
        "loss",
        (falling(), PlotSeries.from_points("validation", 1, STEPS[9::10], np.full(8, 1.5), dash="marked")),
        (PlotMark(40, "relu"),),
    )
    canvas, view = draw_plot(data, PlotView(), 60, 12, FULL)
    assert text_of(canvas) == [
        "╭─ loss ─ train 0.03663 ─ validation 1.500 ────────────────╮",
        "│    2 ⡄⠁   ⠁   ⠁   ⠅relu   ⠁   ⠁   ⠁   ⠁   ⠁   ⠁   ⠁   ⠁  │",
        "│      ⠈⡆           ⠅                                      │",
        "│       ⠑⡄⣤⡤⠤⢤⣤⠤⠤⣤⡤⠤⢤⣤⠤⠤⣤⡤⠤⢤⣤⠤⠤⣤⡤⠤⢤⣤ validation            │",
        "│        ⠑⡍⠁ ⠈⠉  ⠉⠁ ⠈⠉  ⠉⠁ ⠈⠉  ⠉⠁ ⠈⠉                       │",
        "│    1    ⠘⢄        ⠅                                      │",
        "│       ⠁  ⠈⠲⡀  ⠁   ⠅   ⠁   ⠁   ⠁   ⠁   ⠁   ⠁   ⠁   ⠁   ⠁  │",
        "│            ⠘⢢⡀    ⠅                                      │",
        "│              ⠈⠓⢄⡀ ⠅                                      │",
        "│                 ⠉⠓⠲⠤⣀⣀                                   │",
        "│    0  ⡀   ⡀   ⡀   ⠅  ⠈⠉⠉⠒⠒⠒⠲⠤⠤⠤⠤⠤ train   ⡀   ⡀   ⡀   ⡀  │",
        "╰───── 0 ──── 25 ───── 50 ───── 75 ──── 100 ──────── step ─╯",
    ]
    assert view.y_axis.high == 2.0


def test_a_plot_in_ascii() -> None:
    data = PlotData(
        "loss",
        (falling(), PlotSeries.from_points("validation", 1, STEPS[9::10], np.full(8, 1.5), dash="marked")),
        (PlotMark(40, "relu"),),
    )
    canvas, _ = draw_plot(data, PlotView(), 60, 12, ASCII)
    assert text_of(canvas) == [
        "+- loss - train 0.03663 - validation 1.500 ----------------+",
        "|    2 ,'   '   '   :relu   '   '   '   '   '   '   '   '  |",
        "|      ',           -                                      |",
        "|       '.,,,,,,-,,,,,,-,,,,,,-,,,,,,validation            |",
        "|        ':''''' '''''' '''''' ''''''                      |",
        "|    1  . ',.   .   :   .   .   .   .   .   .   .   .   .  |",
        "|          '|.      -                                      |",
        "|            ',.    :                                      |",
        "|              '',. -                                      |",
        "|                 ''-,..                                   |",
        "|    0  .   .   .   -   ''''------- train   .   .   .   .  |",
        "+----- 0 ---- 25 ----- 50 ----- 75 ---- 100 -------- step -+",
    ]


def test_without_data_it_says_so() -> None:
    canvas, _ = draw_plot(PlotData("loss", empty_text="no data yet"), PlotView(), 40, 8, FULL)
    assert "no data yet" in "\n".join(text_of(canvas))


def test_a_series_of_nothing_finite_is_marked_on_the_axis_and_harms_nothing() -> None:
    bad = PlotSeries.from_points("train", 0, STEPS, np.full(80, np.nan))
    good = PlotSeries.from_points("validation", 1, STEPS, np.ones(80))
    canvas, view = draw_plot(PlotData("loss", (bad, good)), PlotView(), 60, 12, FULL)
    text = text_of(canvas)
    assert "NaN" in text[0]
    assert "!" in text[-1]
    assert np.isfinite([view.y_axis.low, view.y_axis.high]).all()


def test_infinities_never_reach_the_limits() -> None:
    ys = np.ones(80)
    ys[[5, 50]] = np.inf, -np.inf
    canvas, view = draw_plot(
        PlotData("x", (PlotSeries.from_points("a", 0, STEPS, ys),)), PlotView(), 60, 12, FULL
    )
    assert view.y_axis.high < 2
    assert text_of(canvas)[-1].count("!") == 2


def test_log_says_what_it_does_not_show() -> None:
    ys = np.linspace(-1, 1, 80)
    data = PlotData("x", (PlotSeries.from_points("a", 0, STEPS, ys),))
    canvas, view = draw_plot(data, PlotView(scale="log"), 90, 12, FULL)
    assert "above 0 only" in "\n".join(text_of(canvas))
    assert "log" in text_of(canvas)[0]
    assert view.y_axis.high <= 1
    canvas, _ = draw_plot(data, PlotView(scale="symlog"), 90, 12, FULL)
    assert "above 0 only" not in "\n".join(text_of(canvas))


def test_log_of_nothing_positive_is_only_words() -> None:
    data = PlotData("x", (PlotSeries.from_points("a", 0, STEPS, -np.ones(80)),))
    canvas, _ = draw_plot(data, PlotView(scale="log"), 70, 12, FULL)
    assert "above 0 only" in "\n".join(text_of(canvas))


def test_raw_values_lie_dim_behind_the_smoothed_curve() -> None:
    noisy = np.sin(STEPS * 2.1) + 2
    data = PlotData("x", (PlotSeries.from_points("train", 0, STEPS, noisy, smoothing=20.0),))
    canvas, _ = draw_plot(data, PlotView(), 80, 20, FULL)
    assert (canvas.styles == line_style(0, "dim")).any()
    assert (canvas.styles == line_style(0, "line")).any()


def test_ghosts_are_behind_and_labelled() -> None:
    ghost = falling("undone", 0, is_ghost=True)
    data = PlotData("x", (PlotSeries.from_points("train", 0, STEPS[:40], np.ones(40)), ghost))
    canvas, _ = draw_plot(data, PlotView(), 80, 20, FULL)
    assert (canvas.styles == line_style(0, "ghost")).any()
    text = "\n".join(text_of(canvas))
    assert "undone" in text
    assert "undone" not in text.splitlines()[0]


def test_a_zoom_shows_that_range() -> None:
    data = PlotData("loss", (falling(),), x_range=(40.0, 60.0))
    canvas, _ = draw_plot(data, PlotView(), 80, 12, FULL)
    ticks = [int(word) for word in text_of(canvas)[-1].split() if word.isdigit()]
    assert ticks[0] == 40
    assert 54 <= ticks[-1] <= 60


def test_wide_characters_in_a_title_keep_the_border_straight() -> None:
    canvas, _ = draw_plot(PlotData("손실 함수", (falling("훈련"),)), PlotView(), 60, 10, FULL)
    strips = paint(canvas, [Style()] * 64).strips
    assert {strip.cell_length for strip in strips} == {60}
    assert {cell_len(strip.text) for strip in strips} == {60}


@pytest.mark.parametrize("glyphs", [FULL, BLOCKS, NARROW, ASCII])
@pytest.mark.parametrize(("width", "height"), [(22, 5), (23, 6), (40, 11), (80, 24), (160, 48), (250, 70)])
def test_every_size_and_glyph_set_fills_its_cells(glyphs: Glyphs, width: int, height: int) -> None:
    data = PlotData("loss", (falling(), falling("validation", 1, dash="dashed")), (PlotMark(40, "relu"),))
    canvas, _ = draw_plot(data, PlotView(), width, height, glyphs)
    assert all(strip.cell_length == width for strip in paint(canvas, [Style()] * 64).strips)


@given(
    st.lists(st.floats(), max_size=60),
    st.integers(LEAST_WIDTH, 120),
    st.integers(LEAST_HEIGHT, 40),
    st.sampled_from(SCALES),
    st.sampled_from([0.0, 5.0]),
    st.booleans(),
)
def test_no_data_break_it(
    values: list[float], width: int, height: int, scale: Scale, smoothing: float, is_thick: bool
) -> None:
    xs = np.arange(1.0, len(values) + 1)
    data = PlotData(
        "loss",
        (PlotSeries.from_points("train", 0, xs, np.array(values, dtype=np.float64), smoothing=smoothing),),
        (PlotMark(3, "change"), PlotMark(float("inf") if not values else -5.0, "far")),
    )
    view = PlotView(scale=scale, is_thick=is_thick)
    for _ in range(2):
        canvas, view = draw_plot(data, view, width, height, FULL)
    assert canvas.codes.shape == (height, width)
    assert (canvas.styles[0] == Role.FRAME).any()


def test_a_spike_in_a_million_points_is_at_the_top() -> None:
    xs = np.arange(1.0, 1_000_001.0)
    ys = np.zeros(xs.size)
    ys[777_777] = 10.0
    canvas, _ = draw_plot(PlotData("x", (PlotSeries.from_points("a", 0, xs, ys),)), PlotView(), 100, 20, FULL)
    assert any(0x2800 < code < 0x2900 for code in canvas.codes[1][canvas.styles[1] == line_style(0, "line")])
