"""Metrics over steps: train and validation together, ghosts of what was undone, marks of changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, final

from tui_dl.ui.panels.curve_cross import cross_lines, nearest_mark, place_words
from tui_dl.ui.plots.history_series import evaluation_ticks, ghost_series, live_marks, live_series
from tui_dl.ui.plots.line_plot import LinePlot
from tui_dl.ui.plots.plot_board import PlotBoard, Sight
from tui_dl.ui.plots.plot_data import PlotCross, PlotData, PlotMark, PlotSeries
from tui_dl.ui.plots.plot_mouse import PlotMouse
from tui_dl.ui.plots.scales import SCALES, Scale
from tui_dl.ui.plots.variant_series import variant_series
from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.ui.settings import Settings

if TYPE_CHECKING:
    from tui_dl.ui.plots.raster import Dash
    from tui_dl.ui.plots.x_view import Mode, PlotState

_VIEW_WORDS: Final[dict["Mode", str]] = {"all": "all", "follow": "following", "frozen": "frozen"}


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


class MetricPlot(LinePlot, PlotMouse):
    """One of the run's plots, chosen by its place among `curve_sets`.

    What part of x it shows, and where the crosshair stands, is the screen's: all its plots stay aligned.
    """

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("series", "experiment"))

    def __init__(self, model: RunModel, place: int, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.model = model
        self.is_present = False
        """Whether the keys act on this one among several."""
        self._place = place
        self._scales: dict[str, Scale] = {}
        self._drawn_state: PlotState | None = None
        self._dot = 0.0
        self._own_board = PlotBoard()
        self._shared_board: PlotBoard | None = None

    @property
    def curve_set(self) -> CurveSet:
        """What is shown; a place beyond the last begins again."""
        sets = curve_sets(self.model)
        return sets[self._place % len(sets)]

    @property
    def board(self) -> PlotBoard:
        """What it shares with the other plots of its screen."""
        if self._shared_board is None:
            shared = getattr(self.screen, "plot_board", None)
            self._shared_board = shared if isinstance(shared, PlotBoard) else self._own_board
        return self._shared_board

    @property
    def sight(self) -> Sight:
        """What all plots show now."""
        return self.board.sight(self.model.history, train_samples(self.model))

    def move_place(self, by: int) -> None:
        """Show the next or previous plot of the run here."""
        self._place = (self._place + by) % len(curve_sets(self.model))
        self.renew()

    def cycle_scale(self) -> None:
        """Linear to logarithmic to symlog; each quantity keeps its own."""
        scales = SCALES[(SCALES.index(self._scale_of(self.curve_set)) + 1) % len(SCALES)]
        self._scales[self.curve_set.title] = scales
        self.renew()

    def renew(self) -> int:
        """Read the history at the plot's width and draw what differs; returns how many rows do."""
        if not (self.is_attached and self.content_size[0]):
            return 0
        self.rescale(self._scale_of(self.curve_set))
        self.align(self.board.label_cells)
        columns = self.data_columns
        changed = self.set_data(self.plot_data(columns))
        self.board.label_cells = max(self.board.label_cells, self.label_cells)
        low, high = self.sight.x_range
        self._drawn_state, self._dot = self.board.state, (high - low) / columns
        return changed

    def frame_interval_s(self) -> float:
        """How long data can wait to be drawn: until their end is another column of dots."""
        return self.board.pace.wait_s(self._dot) if self.board.state is self._drawn_state else 0.0

    def plot_data(self, columns: int) -> PlotData:
        """What is shown now, read for so many columns of dots."""
        chosen, sight, board, history = self.curve_set, self.sight, self.board, self.model.history
        settings = settings_of(self.app)
        smoothing = settings.smoothing_steps * _unit_per_step(sight)
        marks = live_marks(history, unit=sight.map)
        cells = max(columns // self.glyphs.cell_dots[0], 1)
        evaluates = any(curve.is_evaluated for curve in chosen.curves)
        info = self.model.metric_info(chosen.curves[0].metric)
        unit_words = f"{sight.map.unit}: {_VIEW_WORDS[board.state.view.mode]}"
        cross, details = self._cross(chosen, sight, marks, cells)
        return PlotData(
            chosen.title,
            self._series(chosen, sight, columns, smoothing),
            marks,
            unit="" if info is None or info.unit == "share" else info.unit,
            x_label=unit_words,
            x_details=details,
            x_range=sight.x_range,
            x_last=sight.reach.last,
            remark=smoothing_words(settings.smoothing_steps),
            is_present=self.is_present,
            ticks=()
            if evaluates
            else evaluation_ticks(history, "validation.loss", sight.x_range, cells, sight.map),
            cross=cross,
            labels=board.state.labels,
            empty_text=self._empty_text(),
        )

    def _series(
        self, chosen: CurveSet, sight: Sight, columns: int, smoothing: float
    ) -> tuple[PlotSeries, ...]:
        history, x_range = self.model.history, sight.x_range
        series: list[PlotSeries] = []
        for curve in chosen.curves:
            dash: Dash = "marked" if curve.is_evaluated else "solid"
            is_plain = curve.is_evaluated or curve.metric == "lr"
            if history.latest(curve.metric) is not None:
                series.append(
                    live_series(
                        history, curve.metric, curve.label, curve.colour, x_range, columns,
                        dash=dash, smoothing=0.0 if is_plain else smoothing, unit=sight.map,
                    )
                )  # fmt: skip
            units = {
                span.segment: self.board.map_of(history, span.segment)
                for span in history.ghosts(curve.metric)
            }
            series += ghost_series(
                history, curve.metric, curve.colour, x_range, columns, dash=dash, unit_of=units
            )
        series += variant_series(self.model, chosen.curves, x_range, columns, sight.map)
        return tuple(series)

    def _cross(
        self, chosen: CurveSet, sight: Sight, marks: Sequence[PlotMark], cells: int
    ) -> tuple[PlotCross | None, tuple[str, ...]]:
        """The crosshair with what is there, and its place in all units; it may be out of sight."""
        step, history = self.board.state.cross, self.model.history
        if step is None:
            return None, ()
        x = sight.map.at(step)
        low, high = sight.x_range
        details = place_words(self.board.all_units(history, step))
        if not low <= x < high:
            return None, details
        near = nearest_mark(marks, x, 1.5 * (high - low) / cells)
        return PlotCross(x, cross_lines(history, chosen.curves, step, near)), details

    def _scale_of(self, chosen: CurveSet) -> Scale:
        return self._scales.get(chosen.title, chosen.scale)

    def _empty_text(self) -> str:
        if self.model.link in ("failed", "closed"):
            return "nothing was recorded"
        if self.model.described is None:
            return self.model.status.detail or "the engine is starting"
        return "no batch yet"


def train_samples(model: RunModel) -> int:
    """Samples of an epoch; 0 before it is known."""
    return 0 if model.described is None else model.described.train_samples


def smoothing_words(steps: float) -> str:
    """What the title says of the average over a noisy curve; nothing where it is the usual one."""
    if steps == Settings().smoothing_steps:
        return ""
    return f"smooth {steps:g}" if steps > 0 else "raw"


def settings_of(app: object) -> Settings:
    """The user's settings, or the defaults in an app that has none."""
    found = getattr(app, "settings", None)
    return found if isinstance(found, Settings) else Settings()


def _unit_per_step(sight: Sight) -> float:
    low, high = sight.x_range
    steps = sight.map.step_at(high) - sight.map.step_at(low)
    return (high - low) / steps if steps > 0 else 1.0
