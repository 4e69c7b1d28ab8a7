"""The learning rate over the whole planned run: what it was, and what the schedule will make of it."""

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from tui_dl.spec.plateau import PlateauState
from tui_dl.spec.rates import Rates
from tui_dl.ui.plots.history_series import live_marks, live_series
from tui_dl.ui.plots.line_plot import LinePlot
from tui_dl.ui.plots.plot_data import PlotData, PlotMark, PlotSeries
from tui_dl.ui.run_model import RunModel, Topic

if TYPE_CHECKING:
    from tui_dl.history.arrays import FloatArray

_COLOUR: Final = 3
_AHEAD_POINTS: Final = 240


class SchedulePlot(LinePlot):
    """The past as it was, the rest as the pure function of the step that the engine itself follows."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("series", "experiment", "status"))

    def __init__(self, model: RunModel, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(PlotData("learning rate"), id=id)
        self.model = model

    def renew(self) -> int:
        """Draw the newest; returns how many rows changed."""
        data = schedule_data(self.model, max(self.data_columns, 1))
        return 0 if data is None else self.set_data(data)


def rates_ahead(model: RunModel) -> Rates | None:
    """The rate as a function of the step, as far as is known; None before the experiment is."""
    experiment, described = model.experiment, model.described
    if experiment is None:
        return None
    total = model.status.total_steps or (described.total_steps if described is not None else 0)
    return Rates(
        (experiment.optimizer.lr,),
        experiment.schedule,
        total,
        0 if described is None else described.warmup_from,
        0 if described is None else described.warmup_steps,
        # What evaluations will make of it nobody knows: from here on it is drawn as it stands.
        PlateauState(scale=model.status.rate_scale),
        0 if described is None else described.steps_per_epoch,
        0 if described is None else described.epoch_shift,
    )


def schedule_data(model: RunModel, columns: int) -> PlotData | None:
    """The rate so far and as planned; marks say where the run stands and what the script does."""
    rates = rates_ahead(model)
    if rates is None:
        return None
    experiment = model.experiment
    assert experiment is not None
    title = f"learning rate, {experiment.schedule.name}"
    if model.described is None:
        return PlotData(title, empty_text="drawn once the run's planned length is known")
    step = max(model.status.step, model.history.last_step("lr"))
    end = float(max(rates.total_steps, step, 100))
    x_range = (0.0, end)
    past = live_series(model.history, "lr", "so far", _COLOUR, x_range, columns)
    steps = _steps_ahead(step, end)
    values = np.array([rates.bases[0] * rates.factor(int(one)) for one in steps])
    # The rate of the k-th update follows k - 1 updates: the curve of the past counts them from 1.
    ahead = PlotSeries.from_points(
        "planned", _COLOUR, np.minimum(steps + 1.0, end), values, dash="dotted", value=float(values[0])
    )
    series = (past, ahead) if past.xs.size else (ahead,)
    marks = [*live_marks(model.history), PlotMark(float(step), "now")]
    marks += [
        PlotMark(float(change.at_step), f"script: {', '.join(change.set)}")
        for change in experiment.scripts
        if change.at_step > step
    ]
    return PlotData(title, series, tuple(marks), x_range=x_range, x_last=end)


def _steps_ahead(step: int, end: float) -> "FloatArray":
    if end <= step + 1:
        return np.array([float(step)])
    return np.unique(np.floor(np.linspace(step, max(end - 1, step), _AHEAD_POINTS)))
