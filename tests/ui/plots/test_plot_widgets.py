"""The plots as widgets: every size, nothing refreshed without need, themes and depths of colour."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from rich.color import Color
from textual.app import App, ComposeResult
from textual.geometry import Region

from tui_dl.history import SeriesStore
from tui_dl.ui.plots.canvas_widget import CanvasWidget
from tui_dl.ui.plots.fit_data import FitData, Points
from tui_dl.ui.plots.fit_plot import FitPlot
from tui_dl.ui.plots.glyph import ASCII, FULL
from tui_dl.ui.plots.histogram import HistogramData, HistogramPlot, rebinned, tiny_histogram
from tui_dl.ui.plots.history_series import ghost_series, live_marks, live_series
from tui_dl.ui.plots.line_plot import LinePlot
from tui_dl.ui.plots.plot_data import PlotData, PlotSeries
from tui_dl.ui.plots.region_map import RegionData, RegionMap, RegionPoints
from tui_dl.ui.theme import Palette

SIZES = [(1, 1), (2, 1), (3, 2), (5, 3), (20, 3), (21, 5), (30, 4), (60, 20), (80, 24), (120, 36), (250, 70)]


def points(count: int, value: float = 1.0) -> PlotSeries:
    return PlotSeries.from_points("train", 0, np.arange(1.0, count + 1), np.full(count, value))


def loss(count: int) -> PlotData:
    return PlotData("loss", (points(count),), x_last=80)


HISTOGRAM = HistogramData("weights", (1, 5, 9, 5, 1), -1.0, 1.0, 21, 3, 2, 0.0, 0.4)
REGIONS = RegionData(
    np.arange(64).reshape(8, 8) % 3,
    np.linspace(0, 1, 64).reshape(8, 8),
    points=RegionPoints(
        np.array([0.0, 1.0, 5.0]),
        np.array([0.0, 1.0, 0.5]),
        np.array([0, 2, 1]),
        np.array([0, 1, 1]),
        np.array([True, False, False]),
        np.array([-1, 0, 1]),
    ),
    class_names=("a", "b", "c"),
    chosen=(1.0, 1.0),
)
FIT = FitData(
    np.linspace(0, 1, 20),
    np.linspace(1, 2, 20),
    Points(np.array([0.5]), np.array([3.0]), np.array([1.5]), 1.5),
)


class Board(App[None]):
    def __init__(self, widget: CanvasWidget) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget


def lines(widget: CanvasWidget) -> list[str]:
    return [widget.render_line(y).text for y in range(widget.content_size.height)]


@contextmanager
def refreshed(widget: CanvasWidget, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Region]]:
    """Collects the regions that are refreshed meanwhile."""
    regions: list[Region] = []
    original = widget.refresh

    def refresh(*some: Region, **options: bool) -> CanvasWidget:
        regions.extend(some or (widget.region,))
        return original(*some, **options)

    with monkeypatch.context() as patch:
        patch.setattr(widget, "refresh", refresh)
        yield regions


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "widget",
    [
        lambda: LinePlot(loss(80)),
        lambda: LinePlot(),
        lambda: LinePlot(PlotData("loss", (points(5), PlotSeries.from_points("v", 1, [], [])))),  # type: ignore[arg-type]
        lambda: HistogramPlot(HISTOGRAM),
        lambda: HistogramPlot(),
        lambda: RegionMap(REGIONS),
        lambda: RegionMap(REGIONS, glyphs=ASCII),
        lambda: RegionMap(),
        lambda: FitPlot(FIT),
        lambda: FitPlot(),
    ],
)
async def test_every_size_is_filled_exactly(
    size: tuple[int, int], widget: Callable[[], CanvasWidget]
) -> None:
    app = Board(widget())
    async with app.run_test(size=size):
        width, height = app.widget.content_size
        assert (width, height) == size
        for y in range(height):
            assert app.widget.render_line(y).cell_length == width


async def test_the_same_data_refresh_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Board(LinePlot())
    plot = app.widget
    assert isinstance(plot, LinePlot)
    async with app.run_test(size=(80, 20)) as pilot:
        assert plot.set_data(loss(40)) > 0
        await pilot.pause()
        with refreshed(plot, monkeypatch) as regions:
            assert plot.set_data(loss(40)) == 0
            assert plot.repaint() == 0
        assert regions == []


async def test_a_new_point_refreshes_its_rows_up_to_it_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = Board(LinePlot())
    plot = app.widget
    assert isinstance(plot, LinePlot)
    async with app.run_test(size=(80, 20)) as pilot:
        plot.set_data(loss(40))
        await pilot.pause()
        with refreshed(plot, monkeypatch) as regions:
            changed = plot.set_data(loss(44))
        assert 1 <= changed == len(regions) <= 3
        assert all(region.x == 0 and region.width < 70 for region in regions)


async def test_strips_are_not_built_when_lines_are_asked_for() -> None:
    app = Board(LinePlot(loss(40)))
    async with app.run_test(size=(80, 20)):
        first = [app.widget.render_line(y) for y in range(20)]
        assert all(app.widget.render_line(y) is strip for y, strip in enumerate(first))


async def test_resizing_draws_anew_at_once() -> None:
    app = Board(LinePlot(loss(40)))
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.resize_terminal(50, 12)
        await pilot.pause()
        text = lines(app.widget)
        assert (len(text), len(text[0])) == (12, 50)
        assert text[0].startswith("╭─ loss")


async def test_a_narrow_plot_is_a_number_with_a_sparkline() -> None:
    app = Board(LinePlot(loss(40)))
    async with app.run_test(size=(20, 2)):
        assert lines(app.widget)[0].split() == ["loss", "1.000"]
        assert set(lines(app.widget)[1].strip()) == {"▄"}


async def test_a_missing_value_says_what_it_waits_for() -> None:
    app = Board(LinePlot(PlotData("loss", empty_text="torch is loading")))
    async with app.run_test(size=(60, 10)):
        assert "torch is loading" in "\n".join(lines(app.widget))


async def test_the_scale_is_changed_on_the_spot() -> None:
    app = Board(LinePlot(loss(40)))
    plot = app.widget
    assert isinstance(plot, LinePlot)
    async with app.run_test(size=(60, 10)) as pilot:
        plot.scale = "log"
        await pilot.pause()
        assert " log " in lines(plot)[0]
        plot.is_thick = True
        plot.scale = "symlog"
        await pilot.pause()
        assert " symlog " in lines(plot)[0]


@pytest.mark.parametrize("theme", ["textual-light", "nord", "ansi-dark", "ansi-light"])
async def test_a_theme_restyles_the_plot(theme: str) -> None:
    app = Board(LinePlot(loss(40)))
    async with app.run_test(size=(60, 10)) as pilot:
        before = app.widget.render_line(0)
        app.theme = theme
        await pilot.pause()
        after = app.widget.render_line(0)
        assert after.text == before.text
        assert [segment.style for segment in after] != [segment.style for segment in before]


@pytest.mark.parametrize("depth", ["truecolor", "256", "16", "none"])
async def test_maps_keep_to_the_depth_of_colour(depth: str) -> None:
    app = Board(RegionMap(REGIONS, palette=Palette(depth)))  # type: ignore[arg-type]
    async with app.run_test(size=(40, 14)):
        colours = [
            colour
            for y in range(1, 13)
            for segment in list(app.widget.render_line(y))[1:-1]
            if segment.style is not None
            for colour in (segment.style.bgcolor,)
            if colour is not None
        ]
        if depth == "none":
            assert colours == []
        else:
            assert colours
        if depth == "256":
            assert all(colour.number is not None for colour in colours if colour != Color.parse("black"))


async def test_a_histogram_says_what_is_odd() -> None:
    app = Board(HistogramPlot(HISTOGRAM))
    async with app.run_test(size=(60, 12)):
        text = "\n".join(lines(app.widget))
        assert "2 not finite" in text
        assert "14 % zeros" in text
        assert "weights" in text


async def test_a_histogram_of_nothing_finite_says_so() -> None:
    app = Board(HistogramPlot(HistogramData("weights", (0, 0), 0.0, 0.0, 5, 0, 5)))
    async with app.run_test(size=(60, 12)):
        assert "5 not finite" in "\n".join(lines(app.widget))


def test_rebinning_keeps_the_sum() -> None:
    counts = np.array([1.0, 10.0, 3.0])
    for columns in (1, 2, 3, 7, 100):
        assert rebinned(counts, columns).sum() == pytest.approx(14.0)
    assert rebinned(np.array([]), 5).tolist() == [0.0] * 5


def test_tiny_histograms() -> None:
    assert tiny_histogram([0, 1, 4, 16, 4, 1, 0], 7, FULL) == " ▂▄█▄▂ "
    assert tiny_histogram([0, 0], 4) == "    "
    assert len(tiny_histogram([1] * 64, 9)) == 9


async def test_the_history_is_drawn_with_its_ghosts_and_marks() -> None:
    store = SeriesStore()
    steps = np.arange(1, 81)
    store.append(0, steps, {"train.loss": 1.0 / steps})
    store.add_mark(40, 0, "relu")
    store.branch(1, 0, 50)
    store.append(1, steps[50:60], {"train.loss": np.ones(10)})
    app = Board(LinePlot())
    plot = app.widget
    assert isinstance(plot, LinePlot)
    async with app.run_test(size=(100, 20)) as pilot:
        x_range, columns = plot.view_range(80), plot.data_columns
        live = live_series(store, "train.loss", "train", 0, x_range, columns)
        ghosts = ghost_series(store, "train.loss", 0, x_range, columns)
        plot.set_data(PlotData("loss", (live, *ghosts), live_marks(store), x_last=80))
        await pilot.pause()
        text = "\n".join(lines(plot))
        assert "undone" in text
        assert "relu" in text
        assert live.current == 1.0
        assert live.xs.max() < 61
        assert ghosts[0].xs.min() > 50


async def test_another_quantity_gets_limits_of_its_own() -> None:
    app = Board(LinePlot(PlotData("loss", (points(40, 1.9),))))
    plot = app.widget
    assert isinstance(plot, LinePlot)
    async with app.run_test(size=(60, 12)):
        plot.render_line(0)
        plot.set_data(PlotData("accuracy", (points(40, 0.99),)))
        assert "2.0" not in "\n".join(lines(plot)[1:])


async def test_symlog_follows_the_magnitude_of_its_data() -> None:
    app = Board(LinePlot(PlotData("x", (points(40, 1e-3),)), scale="symlog"))
    plot = app.widget
    assert isinstance(plot, LinePlot)
    async with app.run_test(size=(60, 12)):
        for value in (1e-3, 1e6, -1e6, 1e-9):
            plot.set_data(PlotData("x", (points(40, value),)))
            assert any("train" in line for line in lines(plot)[1:])
