"""Ten million steps: nothing extreme is lost at any zoom, and a frame reads no more than a short run's."""

from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_dl.history import SeriesStore
from tui_dl.ui.plots.glyph import FULL
from tui_dl.ui.plots.history_series import live_series
from tui_dl.ui.plots.line_drawing import PlotView, draw_plot, plot_cells
from tui_dl.ui.plots.plot_data import PlotData
from tui_dl.ui.plots.roles import line_style

STEPS = 10_000_000
PIECE = 250_000
SPIKES = (1, 4_097, 1_234_567, 5_000_000, 9_990_000, 9_999_999)
WIDTH, HEIGHT = 80, 20


@cache
def spiky() -> SeriesStore:
    store = SeriesStore()
    for begin in range(0, STEPS, PIECE):
        steps = np.arange(begin, begin + PIECE) + 1
        values = np.where(np.isin(steps, SPIKES), 9.0, 1.0 + 0.1 * np.sin(steps))
        store.append(0, steps, {"loss": values})
    return store


@settings(deadline=None, max_examples=60)
@given(
    spike=st.sampled_from(SPIKES),
    # At the very edges of a view the bucket of a step may lie outside of it for the most part.
    before=st.sampled_from([0.0, 1.0]) | st.floats(0, 1),
    width=st.floats(4, 1.5 * STEPS).map(lambda value: 4 * (value / 4) ** 0.7)
    | st.sampled_from([4.0, STEPS * 1.2]),
    smoothing=st.sampled_from([0.0, 10.0, 1000.0]),
    glyph_columns=st.sampled_from([60, 80, 160]),
)
def test_a_spike_of_one_step_is_drawn_at_any_zoom(
    spike: int, before: float, width: float, smoothing: float, glyph_columns: int
) -> None:
    low = max(spike - before * width, 0.0)
    x_range = (low, max(low + width, spike + 1.0))
    columns = plot_cells(glyph_columns, HEIGHT)[0] * 2
    series = live_series(spiky(), "loss", "train", 0, x_range, columns, smoothing=smoothing)
    data = PlotData("loss", (series,), x_range=x_range)
    canvas, _ = draw_plot(data, PlotView(), glyph_columns, HEIGHT, FULL)
    # The axis ends just above the spike: it reaches the upper rows, as line or as value behind it.
    upper, styles = canvas.codes[1:4, 7:-1], canvas.styles[1:4, 7:-1]
    inked = np.isin(styles, [line_style(0, "line"), line_style(0, "dim")])
    assert ((upper > 0x2800) & (upper < 0x2900) & inked).any()


def test_what_a_frame_reads_depends_on_its_width_alone() -> None:
    short = SeriesStore()
    short.append(0, np.arange(1, 10_001), {"loss": np.ones(10_000)})
    for store, last in ((short, 10_000.0), (spiky(), float(STEPS))):
        for columns in (40, 120, 400):
            series = live_series(store, "loss", "train", 0, (0.0, last), columns)
            assert series.xs.size <= columns
            zoomed = live_series(store, "loss", "train", 0, (last / 2, last), columns, smoothing=1e9)
            assert zoomed.xs.size <= 2 * columns
