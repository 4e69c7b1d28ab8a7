"""Plots as plain text, whole, against files in `goldens/`: what a change of the drawing looks like in a diff.

To write them anew, look at the difference, and commit what is meant:

    TUI_DL_WRITE_GOLDENS=1 python -m pytest tests/ui/plots/test_goldens.py
    git diff tests/ui/plots/goldens
"""

import os
from pathlib import Path

import numpy as np
import pytest
from rich.style import Style

from tui_dl.ui.plots.canvas import paint
from tui_dl.ui.plots.glyph import ASCII, BLOCKS, FULL, NARROW, Glyphs
from tui_dl.ui.plots.line_drawing import PlotView, draw_plot
from tui_dl.ui.plots.plot_data import CrossLine, PlotCross, PlotData, PlotMark, PlotSeries
from tui_dl.ui.plots.scales import Scale

GOLDENS = Path(__file__).parent / "goldens"
STEPS = np.arange(1.0, 121.0)
# Far from rounding at the edge of a dot: no machine's last bit moves one.
FALLING = 2.0 ** (-STEPS / 16) * 2
NOISY = FALLING * (1 + 0.5 * ((STEPS * 7) % 5 - 2) / 2)
GLYPHS = {"braille": FULL, "quadrant": BLOCKS, "narrow": NARROW, "ascii": ASCII}


def curves(smoothing: float = 0.0) -> tuple[PlotSeries, ...]:
    return (
        PlotSeries.from_points("train", 0, STEPS, NOISY, smoothing=smoothing),
        PlotSeries.from_points("validation", 1, STEPS[9::10], FALLING[9::10] + 0.5, dash="marked"),
    )


def broken() -> PlotSeries:
    ys = FALLING.copy()
    ys[60:70] = np.nan
    return PlotSeries.from_points("train", 0, STEPS, ys)


CHANGES = (
    PlotMark(40.0, "lr 0.1 → 0.2"),
    PlotMark(44.0, "activation relu → tanh"),
    PlotMark(90.0, "batch 64 → 8"),
)
CROSS = PlotCross(
    30.0, (CrossLine("step 30"), CrossLine("train 0.5", 0), CrossLine("validation 1.04 at 30", 1))
)
SPIKE = np.where(STEPS == 60, 64.0, FALLING)
WHOLE = (0.0, 150.0)
PLOTS: dict[str, tuple[PlotData, Scale, bool]] = {
    "smoothed": (PlotData("loss", curves(8.0), x_range=WHOLE, x_label="step: all"), "linear", False),
    "log": (PlotData("loss", curves(), x_range=WHOLE, remark="raw"), "log", False),
    "symlog": (
        PlotData("difference", (PlotSeries.from_points("gap", 2, STEPS, NOISY - 0.5),), x_range=WHOLE),
        "symlog",
        False,
    ),
    "zoomed": (PlotData("loss", curves(8.0), x_range=(30.0, 60.0), x_label="step: frozen"), "linear", False),
    "crosshair": (
        PlotData("loss", curves(), CHANGES, x_range=WHOLE, cross=CROSS, x_details=("step 30  epoch 1.50",)),
        "linear",
        False,
    ),
    "labels": (
        PlotData("loss", curves(), CHANGES, x_range=WHOLE, labels="all", is_present=True),
        "linear",
        False,
    ),
    "not-finite": (
        PlotData("loss", (broken(),), (PlotMark(60.0, "non-finite loss", is_fault=True),), x_range=WHOLE),
        "linear",
        False,
    ),
    "spike": (
        PlotData(
            "gradient", (PlotSeries.from_points("norm", 2, STEPS, SPIKE),), x_range=WHOLE, ticks=(25.0, 50.0)
        ),
        "linear",
        False,
    ),
    "thick": (PlotData("loss", curves(8.0), x_range=WHOLE), "linear", True),
}


@pytest.mark.parametrize("kind", GLYPHS)
@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_looks_as_it_did(name: str, kind: str) -> None:
    data, scale, is_thick = PLOTS[name]
    text = drawn(data, scale, is_thick, GLYPHS[kind])
    path = GOLDENS / f"{name}-{kind}.txt"
    if os.environ.get("TUI_DL_WRITE_GOLDENS"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{path.name} differs: see this file's docstring"


def test_every_golden_is_of_a_plot() -> None:
    assert {path.stem for path in GOLDENS.iterdir()} == {
        f"{name}-{kind}" for name in PLOTS for kind in GLYPHS
    }


def drawn(data: PlotData, scale: Scale, is_thick: bool, glyphs: Glyphs) -> str:
    canvas, _ = draw_plot(data, PlotView(scale=scale, is_thick=is_thick), 72, 14, glyphs)
    strips = paint(canvas, [Style()] * 64).strips
    return "".join(strip.text.rstrip() + "\n" for strip in strips)
