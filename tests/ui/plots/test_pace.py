"""When a growing plot is worth drawing again."""

from textual.pilot import Pilot

from tests.ui.fake_engine import FakeEngine, lively
from tui_dl.ui.app import TuiDlApp
from tui_dl.ui.engine_port import Farewell
from tui_dl.ui.panels.curves import MetricPlot
from tui_dl.ui.plots.pace import LONGEST_WAIT_S, Pace


def paced(*ends: tuple[float, float]) -> Pace:
    """Data that ended at these places at these times."""
    clock = [0.0]
    pace = Pace(lambda: clock[0])
    for at, last in ends:
        clock[0] = at
        pace.reached(last)
    return pace


def test_nothing_waits_before_the_pace_is_known() -> None:
    assert paced().wait_s(10.0) == 0.0
    assert paced((0.0, 0.0), (0.1, 300.0)).wait_s(10.0) == 0.0


def test_a_frame_waits_until_the_data_are_a_distance_further() -> None:
    pace = paced((0.0, 0.0), (0.1, 100.0), (0.5, 500.0))
    assert pace.wait_s(100.0) == 0.1


def test_no_frame_waits_for_long_however_slow_the_data_are() -> None:
    assert paced((0.0, 0.0), (1.0, 1.0)).wait_s(100.0) == LONGEST_WAIT_S
    assert paced((0.0, 5.0), (1.0, 5.0)).wait_s(100.0) == LONGEST_WAIT_S


def test_the_pace_is_that_of_the_last_moments() -> None:
    pace = paced((0.0, 0.0), (1.0, 10_000.0), (1.5, 10_050.0))
    assert pace.wait_s(10.0) == 0.1


def test_after_an_undo_it_is_found_anew() -> None:
    pace = paced((0.0, 0.0), (1.0, 1000.0), (2.0, 500.0))
    assert pace.wait_s(100.0) == 0.0


async def test_plots_wait_for_data_but_not_for_what_somebody_asks_for() -> None:
    engine = FakeEngine()
    app = TuiDlApp(None, engine.opening())
    async with app.run_test(size=(120, 36)) as pilot:
        lively(engine, step=2000)
        plot = await seen(pilot)
        plot.board.pace = paced((0.0, 2000.0), (1.0, 2001.0))
        assert plot.frame_interval_s() == LONGEST_WAIT_S
        plot.board.state = plot.board.state.next_labels()
        assert plot.frame_interval_s() == 0.0
        plot.renew()
        assert plot.frame_interval_s() == LONGEST_WAIT_S
        plot.board.pace = paced((0.0, 2000.0), (1.0, 9000.0))
        assert 0.0 < plot.frame_interval_s() < 0.1


async def seen(pilot: Pilot[Farewell]) -> MetricPlot:
    """The first plot, once it has drawn the newest step."""
    while True:
        await pilot.pause()
        for plot in pilot.app.screen.query(MetricPlot):
            if plot.data.last >= 2000:
                return plot
