"""Metrics over steps: train and validation together, ghosts of what was undone, marks of changes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, final

from tui_dl.ui.plots.history_series import ghost_series, live_marks, live_series
from tui_dl.ui.plots.line_plot import LinePlot
from tui_dl.ui.plots.plot_data import PlotData, PlotSeries
from tui_dl.ui.plots.scales import Scale
from tui_dl.ui.plots.variant_series import variant_series
from tui_dl.ui.run_model import RunModel, Topic

if TYPE_CHECKING:
    from tui_dl.ui.plots.raster import Dash

# Steps over which the train curve is averaged; its raw values stay behind it.
SMOOTHING_STEPS: Final = 10.0


@final
@dataclass(frozen=True, slots=True)
class Curve:
    """One metric in a plot; `colour` counts the palette's series."""

    metric: str
    label: str
    colour: int
    is_evaluated: bool = False


@final
@dataclass(frozen=True, slots=True)
class CurveSet:
    """What one plot shows."""

    title: str
    curves: tuple[Curve, ...]
    scale: Scale = "linear"


def curve_sets(model: RunModel) -> tuple[CurveSet, ...]:
    """The plots of a run, the most important first."""
    sets = [_of_splits("loss")]
    if model.primary_metric:
        sets.append(_of_splits(model.primary_metric))
    sets.append(CurveSet("gradient norm", (Curve("grad_norm", "gradient", 2),), "log"))
    sets.append(CurveSet("learning rate", (Curve("lr", "rate", 3),)))
    if model.experiment is not None and any(
        one.name in ("l1", "l2") for one in model.experiment.regularizers
    ):
        parts = (Curve("data_loss", "data", 0), Curve("penalty", "penalty", 5))
        sets.append(CurveSet("loss without and of the penalty", parts))
    return tuple(sets)


def _of_splits(metric: str) -> CurveSet:
    train = Curve(f"train.{metric}", "train", 0)
    validation = Curve(f"validation.{metric}", "validation", 1, is_evaluated=True)
    return CurveSet(metric.replace("_", " "), (train, validation))


class MetricPlot(LinePlot):
    """One of the run's plots, chosen by its place among `curve_sets`."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("series", "experiment"))

    def __init__(self, model: RunModel, place: int, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.model = model
        self._place = place
        self._chosen_scale: Scale | None = None

    @property
    def curve_set(self) -> CurveSet:
        """What is shown; a place beyond the last begins again."""
        sets = curve_sets(self.model)
        return sets[self._place % len(sets)]

    def move_place(self, by: int) -> None:
        """Show the next or previous plot of the run here."""
        self._place = (self._place + by) % len(curve_sets(self.model))
        self._chosen_scale = None
        self.renew()

    def toggle_scale(self) -> None:
        """Linear to logarithmic and back."""
        self._chosen_scale = "linear" if self.scale == "log" else "log"
        self.renew()

    def renew(self) -> int:
        """Read the history at the plot's width and draw what differs; returns how many rows do."""
        if not (self.is_attached and self.content_size[0]):
            return 0
        chosen = self.curve_set
        self.scale = self._chosen_scale or chosen.scale
        history = self.model.history
        last = float(max(history.last_step(curve.metric) for curve in chosen.curves))
        for span in history.ghosts(chosen.curves[0].metric):
            last = max(last, float(span.last_step or 0))
        x_range, columns = self.view_range(last), self.data_columns
        series: list[PlotSeries] = []
        for curve in chosen.curves:
            dash: Dash = "marked" if curve.is_evaluated else "solid"
            smoothing = 0.0 if curve.is_evaluated or curve.metric == "lr" else SMOOTHING_STEPS
            if history.latest(curve.metric) is not None:
                series.append(
                    live_series(
                        history, curve.metric, curve.label, curve.colour, x_range, columns,
                        dash=dash, smoothing=smoothing,
                    )
                )  # fmt: skip
            series += ghost_series(history, curve.metric, curve.colour, x_range, columns, dash=dash)
        series += variant_series(self.model, chosen.curves, x_range, columns)
        info = self.model.metric_info(chosen.curves[0].metric)
        return self.set_data(
            PlotData(
                chosen.title,
                tuple(series),
                live_marks(history),
                unit="" if info is None or info.unit == "share" else info.unit,
                x_last=last,
                empty_text=self._empty_text(),
            )
        )

    def _empty_text(self) -> str:
        if self.model.link in ("failed", "closed"):
            return "nothing was recorded"
        if self.model.described is None:
            return self.model.status.detail or "the engine is starting"
        return "space runs, s makes one batch"
