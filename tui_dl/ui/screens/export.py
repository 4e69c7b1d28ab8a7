"""The dialog that exports a plot, its data or the screen, and says where to or why not."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tui_dl.errors import TuiDlError
from tui_dl.ui.screens.dialog import Choice, Dialog
from tui_dl.ui.screens.working import run_work

if TYPE_CHECKING:
    from tui_dl.ui.panels.curves import MetricPlot
    from tui_dl.ui.screens.run import RunScreen


def export_dialog(owner: object, plot: "MetricPlot | None") -> None:
    """Ask what to export; without a plot in sight only the screen can be."""
    from tui_dl.ui.plots.export_files import export_folder

    screen = cast("RunScreen", owner)
    folder = export_folder(screen.model.path)
    choices = []
    if plot is not None:
        choices = [
            Choice(
                "s", f"{plot.curve_set.title} as SVG", "svg", "lines that print sharp at any size, on white"
            ),
            Choice("p", f"{plot.curve_set.title} as PNG", "png", "the same for where SVG can't go"),
            Choice("c", f"data of {plot.curve_set.title} as CSV", "csv", "every point that is held, exact"),
        ]
    choices.append(Choice("w", "the whole screen as SVG", "screen", "as it looks in the terminal"))
    choices.append(Choice("n", "Cancel", ""))
    # The picture is of the screen as it was, without the dialog over it.
    step = screen.model.history.last_step()
    picture = screen.app.export_screenshot(title=screen.program.title)

    def export(kind: str | None) -> None:
        if kind:
            content = (lambda: picture.encode()) if kind == "screen" else _content(plot, kind)
            title = "screen" if kind == "screen" or plot is None else plot.curve_set.title
            ending = "svg" if kind == "screen" else kind
            run_work(screen, partial(_write, screen, folder, title, step, ending, content), group="export")

    screen.app.push_screen(Dialog("Export", [f"Into {folder}"], choices), export)


async def _write(
    screen: "RunScreen", folder: Path, title: str, step: int, ending: str, content: Callable[[], bytes]
) -> None:
    from tui_dl.ui.plots.export_files import export_name, write_export

    try:
        # A slow disk, or a picture that takes a while, must not hold up the screen.
        name = export_name(title, step, ending)
        path = await asyncio.to_thread(lambda: write_export(folder, name, content()))
    except TuiDlError as error:
        screen.complain(str(error))
        return
    screen.model.note(f"exported {path}", "good")
    screen.notify(f"Written: {path}", markup=False, timeout=8)


def _content(plot: "MetricPlot | None", kind: str) -> Callable[[], bytes]:
    """What makes the file. The history is read here and now: it belongs to the screen's own thread."""
    from tui_dl.ui.plots.export_picture import AREA_WIDTH, lay_out

    assert plot is not None
    if kind == "csv":
        from tui_dl.ui.plots.export_csv import csv_of

        metrics = [curve.metric for curve in plot.curve_set.curves]
        made = csv_of(plot.model.history, metrics, plot.sight.x_range, plot.sight.map)
        return lambda: made
    data, scale = plot.plot_data(AREA_WIDTH), plot.scale
    title = f"{data.title} of {plot.model.run or plot.model.preset}"
    if kind == "png":
        from tui_dl.ui.plots.export_png import png_of

        return lambda: png_of(lay_out(data, scale), title)
    from tui_dl.ui.plots.export_svg import svg_of

    return lambda: svg_of(lay_out(data, scale), title)
