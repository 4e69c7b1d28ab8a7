"""What a frame of the plots costs after few steps and after ten million.

Run it with `python -m tests.benchmarks.plot_frames`.
"""

import asyncio
import statistics
import time

import numpy as np
from textual.app import App, ComposeResult
from textual.containers import Grid

from tui_dl.ui.panels.curves import MetricPlot
from tui_dl.ui.run_model import RunModel

LENGTHS = (10_000, 10_000_000)
FRAMES = 100
_PIECE = 100_000


class _Board(App[None]):
    CSS = "Grid { grid-size: 2 2; } Grid.-one { grid-size: 1 1; }"

    def __init__(self, model: RunModel, plots: int) -> None:
        super().__init__()
        self.model = model
        self.count = plots

    def compose(self) -> ComposeResult:
        yield Grid(
            *(MetricPlot(self.model, n) for n in range(self.count)), classes="-one" if self.count == 1 else ""
        )


def trained(steps: int) -> RunModel:
    """A run of so many steps, whose loss, accuracy, gradient and rate were measured at each."""
    model = RunModel()
    for begin in range(0, steps, _PIECE):
        _add(model, begin, min(_PIECE, steps - begin))
    return model


def _add(model: RunModel, begin: int, count: int) -> None:
    steps = np.arange(begin + 1, begin + count + 1)
    noise = 1 + 0.1 * np.sin(steps * 1.7)
    columns = {
        "train.loss": noise / (1 + steps / 1e4),
        "train.accuracy": 1 - 0.1 * noise,
        "grad_norm": noise,
        "lr": np.full(count, 0.001),
        "samples_seen": steps * 64.0,
    }
    model.history.append(0, steps, columns)
    validation = steps[steps % 100 == 0]
    model.history.append(0, validation, {"validation.loss": np.ones(validation.size)})
    model.history.append(0, steps[::50], {"elapsed_s": steps[::50] * 0.001})


async def frame_ms(steps: int, plots: int, *, is_zoomed: bool = False, has_cross: bool = False) -> float:
    """Median processor time to draw all plots after 25 new steps at 160x48, in milliseconds."""
    from tui_dl.ui.plots.plot_board import PlotBoard

    app = _Board(trained(steps), plots)
    async with app.run_test(size=(160, 48)) as pilot:
        await pilot.pause()
        shown = list(app.query(MetricPlot))
        board = PlotBoard()
        app.screen.plot_board = board  # type: ignore[attr-defined]
        for plot in shown:
            plot.renew()
        if is_zoomed:
            board.state = board.state.__class__(board.state.view.zoomed(8, shown[0].sight.reach))
        if has_cross:
            board.state = board.state.crossed(steps / 2, steps)
        times = []
        for frame in range(FRAMES):
            _add(app.model, steps + 25 * frame, 25)
            begun = time.process_time()
            for plot in shown:
                plot.renew()
            times.append(time.process_time() - begun)
        return statistics.median(times) * 1e3


def main() -> None:
    """Print a table."""
    print("median ms a frame at 160x48      10^4 steps   10^7 steps")
    cases = (("one plot", 1, {}), ("four plots", 4, {}), ("four, following", 4, {"is_zoomed": True}))
    for words, plots, options in (*cases, ("four, with crosshair", 4, {"has_cross": True})):
        found = [asyncio.run(frame_ms(steps, plots, **options)) for steps in LENGTHS]  # type: ignore[arg-type]
        print(f"{words:30s} {found[0]:11.2f}  {found[1]:11.2f}")


if __name__ == "__main__":
    main()
