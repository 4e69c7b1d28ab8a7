"""Keys and mouse on the plots of the run screen: one view and one crosshair for all of them."""

import errno
from pathlib import Path

import numpy as np
import pytest
from textual.geometry import Offset

from tests.ui.fake_engine import described, evaluation, status
from tests.ui.screens.conftest import Open, Stage
from tui_dl.ui.panels.curves import MetricPlot
from tui_dl.ui.screens.dialog import Dialog
from tui_dl.wire.messages import ELAPSED_S, NonFiniteFound, StepsRecorded

NAMES = ("loss", "accuracy", "lr", "grad_norm", "samples_seen", ELAPSED_S)


def long_steps(first: int, count: int, value: float = 0.0) -> StepsRecorded:
    steps = np.arange(first, first + count, dtype="<f8")
    loss = np.full(count, value) if value else 2.0 / (1 + steps / 50)
    times = np.where(steps % 10 == 0, steps * 0.01, np.nan)
    rows = np.stack([loss, 1 - loss / 3, np.full(count, 0.001), loss * 2, steps * 64, times])
    bad = {"loss": list(range(count))} if np.isnan(value) else {}
    return StepsRecorded(0, first, NAMES, rows.astype("<f8").tobytes(), bad)


async def train(stage: Stage, steps: int = 600) -> None:
    stage.engine.post(described(), long_steps(1, steps), evaluation(500, 0.25), status("paused", steps))
    await stage.until(lambda: stage.screen.model.history.last_step() == steps)
    await stage.pilot.pause(0.15)


def said(stage: Stage) -> str:
    """All notifications, which on the screen are wrapped."""
    return "\n".join(notification.message for notification in stage.app._notifications)


def view_words(stage: Stage) -> str:
    return next(
        word
        for word in ("following", "frozen", "all")
        if f": {word} " in stage.text or f": {word}─" in stage.text
    )


def plots(stage: Stage) -> list[MetricPlot]:
    return stage.screen.plots


def ranges(stage: Stage) -> set[tuple[float, float] | None]:
    return {plot.data.x_range for plot in plots(stage)}


async def test_the_state_of_the_view_is_said_and_all_plots_show_the_same(on_stage: Open) -> None:
    async with on_stage(160, 48, silent=True) as stage:
        await train(stage)
        assert len(plots(stage)) == 4
        for key, words in (
            ("z", "following"),
            ("f", "frozen"),
            ("z", "frozen"),
            ("f", "following"),
            ("0", "all"),
        ):
            await stage.press(key)
            assert view_words(stage) == words
            assert len(ranges(stage)) == 1
        await stage.press("z", "z", "left")
        assert view_words(stage) == "frozen"
        before = ranges(stage)
        stage.engine.post(long_steps(601, 400), status("running", 1000))
        await stage.until(lambda: stage.screen.model.history.last_step() == 1000)
        await stage.pilot.pause(0.15)
        assert ranges(stage) == before
        await stage.press("f")
        await stage.pilot.pause(0.15)
        ((low, high),) = ranges(stage)  # type: ignore[misc]
        assert low < 1000 < high


async def test_the_crosshair_tells_exact_values_in_every_plot(on_stage: Open) -> None:
    async with on_stage(160, 48, silent=True) as stage:
        await train(stage)
        await stage.press("x")
        assert "step 600" in stage.text
        await stage.press(*["shift+left"] * 3)
        step = stage.screen.plot_board.state.cross
        assert step is not None
        assert 1 < step < 600
        loss = 2.0 / (1 + step / 50)
        assert stage.text.count(f"step {step:,}") >= 4
        assert f"train {loss:.6g}" in stage.text
        assert f"gradient {2 * loss:.6g}" in stage.text
        assert f"{step * 64:,} samples" in stage.text
        assert f"{step * 0.01:.2f} s" in stage.text
        await stage.press("right")
        assert stage.screen.plot_board.state.cross > step
        await stage.press("escape")
        assert stage.screen.plot_board.state.cross is None
        assert "samples" not in stage.text


async def test_a_step_at_a_time_where_the_view_is_close(on_stage: Open) -> None:
    async with on_stage(120, 36, silent=True) as stage:
        await train(stage)
        await stage.press("x", *["z"] * 12)
        for step in (599, 598, 597):
            await stage.press("left")
            assert stage.screen.plot_board.state.cross == step
        for _ in range(40):
            await stage.press("left")
        step = stage.screen.plot_board.state.cross
        ((low, high),) = ranges(stage)  # type: ignore[misc]
        assert low <= step < high


async def test_the_mouse_does_what_the_keys_do(on_stage: Open) -> None:
    async with on_stage(160, 48, silent=True) as stage:
        await train(stage)
        plot = plots(stage)[3]
        middle = Offset(plot.region.width // 2, plot.region.height // 2)
        await stage.pilot.click(plot, offset=middle)
        await stage.pilot.pause()
        board = stage.screen.plot_board
        x = plot.x_at(middle.x)
        assert x is not None
        assert board.state.cross == round(x)
        assert stage.screen.present_plot is plot
        await stage.pilot.hover(plot, offset=middle + Offset(5, 0))
        await stage.pilot.pause()
        assert board.state.cross == round(plot.x_at(middle.x + 5) or 0)
        await stage.press("escape", "z", "z", "f")
        before = board.state.view
        await stage.pilot.mouse_down(plot, offset=middle)
        await stage.pilot.hover(plot, offset=middle + Offset(10, 0))
        await stage.pilot.mouse_up(plot, offset=middle + Offset(10, 0))
        await stage.pilot.pause()
        moved = before.low - board.state.view.low
        assert moved == pytest.approx(10 / plot.curve_cells * (before.high - before.low))
        assert board.state.cross is None


@pytest.mark.parametrize(("event", "factor"), [("up", 1.5), ("down", 1 / 1.5)])
async def test_the_wheel_looks_closer_at_what_is_under_the_pointer(
    on_stage: Open, event: str, factor: float
) -> None:
    async with on_stage(160, 48, silent=True) as stage:
        await train(stage)
        await stage.press("z", "f", "left")
        plot = plots(stage)[0]
        before = stage.screen.plot_board.state.view
        x = plot.x_at(20)
        assert x is not None
        plot.post_message(MetricPlot.Wheeled(plot, x, 1 if event == "up" else -1))
        await stage.pilot.pause()
        after = stage.screen.plot_board.state.view
        if event == "up":
            assert (after.high - after.low) * factor == pytest.approx(before.high - before.low)
            share = (x - before.low) / (before.high - before.low)
            assert (x - after.low) / (after.high - after.low) == pytest.approx(share)
        else:
            assert after.high - after.low > before.high - before.low


async def test_units_and_smoothing_are_kept_and_said(on_stage: Open) -> None:
    async with on_stage(160, 48, silent=True) as stage:
        await train(stage)
        for unit in ("epoch", "samples", "seconds", "step"):
            await stage.press("X")
            assert stage.app.settings.x_axis == unit
            assert f"{unit}: all" in stage.text
        assert "smooth" not in stage.text
        await stage.press("w")
        assert stage.app.settings.smoothing_steps == 30
        assert "smooth 30" in stage.text
        for _ in range(4):
            await stage.press("w")
        assert stage.app.settings.smoothing_steps == 0
        assert "raw" in stage.text
        await stage.press("w", "w")
        assert "smooth" not in stage.text


async def test_a_scale_is_of_the_present_plot(on_stage: Open) -> None:
    async with on_stage(160, 48, silent=True) as stage:
        await train(stage)
        scales: list[str] = []
        for _ in range(3):
            await stage.press("y")
            scales.append(plots(stage)[0].scale)
        assert scales == ["log", "symlog", "linear"]
        await stage.press("m", "m", "y")
        second = plots(stage)[1]
        assert stage.screen.present_plot is second
        assert second.scale == "symlog"
        assert plots(stage)[0].scale == "linear"
        assert "▸ gradient norm" in stage.text


async def test_where_there_is_room_for_one_plot_m_shows_another_metric(on_stage: Open) -> None:
    async with on_stage(80, 24, silent=True) as stage:
        await train(stage)
        titles = []
        for _ in range(4):
            await stage.press("m")
            titles.append(plots(stage)[0].data.title)
        assert titles == ["accuracy", "gradient norm", "learning rate", "loss"]
        await stage.press("2", "m")
        assert stage.screen.view == "overview"


async def test_a_value_that_is_not_finite_leaves_every_plot_readable(on_stage: Open) -> None:
    async with on_stage(160, 48, silent=True) as stage:
        stage.engine.post(described(), long_steps(1, 99), long_steps(100, 3, np.nan))
        stage.engine.post(NonFiniteFound(102, "loss", "layers.0"), status("paused", 102))
        await stage.until(lambda: isinstance(stage.app.screen, Dialog))
        while isinstance(stage.app.screen, Dialog):
            # A dialog that is just being mounted takes no key yet.
            await stage.press("escape")
            await stage.pilot.pause(0.02)
        stage.engine.post(long_steps(103, 60))
        await stage.until(lambda: stage.screen.model.history.last_step() == 162)
        # The end of a label is cut off where it has no room.
        await stage.until("non-finite loss in layers")
        plot = plots(stage)[0]
        await stage.until(lambda: plot.data.series[0].xs.max() > 155)
        (train_series,) = [series for series in plot.data.series if series.label == "train"]
        known = train_series.xs[np.isfinite(train_series.mean)]
        assert known.min() < 5
        assert (known > 103).sum() > 10
        assert train_series.broken.any()
        assert "!" in plot.render_line(plot.content_size.height - 1).text
        board = stage.screen.plot_board
        board.state = board.state.crossed(103, 162)
        await stage.press("left")
        assert board.state.cross in (101, 102)
        await stage.until("train not finite")


async def test_labels_of_marks_come_on_demand(on_stage: Open) -> None:
    async with on_stage(120, 36, silent=True) as stage:
        await train(stage)
        for step in range(100, 600, 20):
            stage.screen.model.history.add_mark(step, 0, f"change {step}")
        await stage.press("g")
        assert all(f"change {step}" in stage.text for step in (100, 300, 580))
        await stage.press("g")
        assert "change 100" not in stage.text


@pytest.mark.parametrize(("key", "ending"), [("s", "svg"), ("p", "png"), ("c", "csv"), ("w", "svg")])
async def test_an_export_says_where_it_is(
    on_stage: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, ending: str
) -> None:
    monkeypatch.chdir(tmp_path)
    async with on_stage(120, 36, silent=True) as stage:
        await train(stage)
        await stage.press("E")
        await stage.until(lambda: isinstance(stage.app.screen, Dialog))
        await stage.press(key)
        await stage.until(lambda: "Written" in said(stage))
        (path,) = tmp_path.iterdir()
        assert str(path) in said(stage)
        assert path.name == f"{'screen' if key == 'w' else 'loss'}-step-600.{ending}"
        content = path.read_bytes()
        assert content.startswith({"svg": b"<svg", "png": b"\x89PNG", "csv": b"metric,"}[ending])
        if key == "w":
            assert b"Export" not in content


async def test_a_full_disk_is_said_and_nothing_breaks(
    on_stage: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def full(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with on_stage(160, 48, silent=True) as stage:
        await train(stage)
        monkeypatch.setattr(Path, "write_bytes", full)
        await stage.press("E")
        await stage.until(lambda: isinstance(stage.app.screen, Dialog))
        await stage.press("s")
        await stage.until(lambda: "No space left on device" in said(stage))
        assert list(tmp_path.iterdir()) == []
        await stage.press("z")
        assert view_words(stage) == "following"


@pytest.mark.parametrize("size", [(20, 5), (44, 12), (60, 20), (250, 70)])
async def test_no_key_breaks_at_any_size_nor_before_there_is_data(
    on_stage: Open, size: tuple[int, int]
) -> None:
    keys = ["x", "left", "shift+right", "z", "Z", "f", "0", "g", "m", "y", "w", "X", "x", "left", "escape"]
    async with on_stage(*size, silent=True) as stage:
        await stage.press(*keys)
        await train(stage)
        await stage.press(*keys, "z", "z", "z", "x")
        await stage.pilot.resize_terminal(100, 30)
        await stage.press(*keys)
        await stage.until("PAUSED")
