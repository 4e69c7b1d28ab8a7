"""What the model makes of the data: a fitted curve, decision regions, or samples and a confusion matrix."""

from dataclasses import replace
from typing import ClassVar

import numpy as np
from textual.app import ComposeResult
from textual.containers import Horizontal

from tui_dl.history.arrays import FloatArray
from tui_dl.ui.panels.samples import SamplesPanel
from tui_dl.ui.plots.heat_map import HeatMap, HeatMapData, HeatPoint, confusion_map
from tui_dl.ui.plots.line_plot import LinePlot
from tui_dl.ui.plots.plot_data import PlotData, PlotSeries
from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.wire.snapshots import ConfusionView, CurveView, RegionsView, SamplesView

_WAITING = "What the model makes of the data appears with the next batches."


class TaskPanel(Horizontal):
    """The view that fits the task; which one is known when the first comes."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("task", "experiment"))
    DEFAULT_CSS = """
    TaskPanel {
        & > * { width: 1fr; height: 1fr; display: none; }
        & > .shown { display: block; }
    }
    """

    def __init__(self, model: RunModel, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.model = model

    def compose(self) -> ComposeResult:
        """One child for each kind of view."""
        yield LinePlot(classes="curve")
        yield SamplesPanel(self.model, classes="samples")
        yield HeatMap(HeatMapData("task", empty_text=_WAITING), classes="map shown")

    def on_resize(self) -> None:
        self.renew()

    def renew(self) -> int | None:
        """Show the newest view; returns how many rows changed, None if that is not known."""
        if not self.is_mounted:
            return 0
        match self.model.task_view:
            case CurveView() as view:
                self._show("curve")
                return self.query_one(LinePlot).set_data(curve_data(view))
            case RegionsView() as view:
                self._show("map")
                return self.query_one(HeatMap).set_data(regions_data(view))
            case ConfusionView() as view:
                self._show("map")
                return self.query_one(HeatMap).set_data(_confusion(view))
            case SamplesView() as view:
                # Side by side in a wide view; in a narrow one the matrix says more than the samples.
                self._show(*(("samples", "map") if self.size.width >= 64 else ("map",)))
                rows = self.query_one(SamplesPanel).renew()
                return rows + self.query_one(HeatMap).set_data(_confusion(view))
            case None:
                self._show("map")
                return None

    def _show(self, *names: str) -> None:
        for child in self.children:
            child.set_class(any(child.has_class(name) for name in names), "shown")


def _confusion(view: ConfusionView | SamplesView) -> HeatMapData:
    return confusion_map("confusion, validation", view.class_names, view.counts)


def regions_data(view: RegionsView) -> HeatMapData:
    """Predicted class and confidence over the plane, with the data as points."""
    shape = (view.rows, view.columns)
    classes = np.frombuffer(view.classes, np.uint8).reshape(shape).astype(np.int64)
    confidence = np.frombuffer(view.confidence, np.uint8).reshape(shape) / 255.0
    (x_low, x_high), (y_low, y_high) = view.x_range, view.y_range
    width, height = max(x_high - x_low, 1e-12), max(y_high - y_low, 1e-12)
    points = tuple(
        HeatPoint((x - x_low) / width, (y_high - y) / height, label)
        for x, y, label in zip(view.points_x, view.points_y, view.points_class, strict=True)
    )
    return HeatMapData("decision regions", confidence, "classes", classes, points=points)


def curve_data(view: CurveView) -> PlotData:
    """Data and fit of a 1-D regression as a plot."""
    model = PlotSeries.from_points("model", 0, *_sorted(view.grid_x, view.grid_y))
    train = PlotSeries.from_points("train", 2, *_sorted(view.train_x, view.train_y), dash="points")
    validation = PlotSeries.from_points(
        "validation", 1, *_sorted(view.validation_x, view.validation_y), dash="points"
    )
    series = tuple(replace(one, has_number=False) for one in (model, validation, train))
    xs = np.concatenate([one.xs for one in series])
    xs = xs[np.isfinite(xs)]
    x_range = (float(xs.min()), float(xs.max())) if xs.size and xs.min() < xs.max() else (0.0, 1.0)
    return PlotData("data and fit", series, x_label="x", x_range=x_range)


def _sorted(xs: tuple[float, ...], ys: tuple[float, ...]) -> tuple[FloatArray, FloatArray]:
    x_array, y_array = np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)
    order = np.argsort(x_array, kind="stable")
    return x_array[order], y_array[order]
