"""How the run screen is laid out at each width and height, and what an engine needs to measure for it."""

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.widget import Widget

from tui_dl.ui.ink import Line, wrapped
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.wire.commands import ProbeName

MINIMUM_WIDTH: Final = 44
MINIMUM_HEIGHT: Final = 12
WIDTHS: Final = [(0, "-tiny"), (MINIMUM_WIDTH, "-narrow"), (100, "-medium"), (140, "-wide")]
HEIGHTS: Final = [(0, "-flat"), (MINIMUM_HEIGHT, "-low"), (32, "-tall"), (42, "-high")]

RUN_CSS: Final = """
RunScreen {
    layers: base;
    & #body { height: 1fr; }
    & #side { width: 36; border-right: solid $border-blurred; display: none; }
    & #control { height: auto; max-height: 62%; }
    & #notes { height: 1fr; border-top: solid $border-blurred; }
    & #main { width: 1fr; }
    & #views { height: 1fr; }
    & #views > * { height: 1fr; }
    & .plot--frame { color: $border-blurred; }
    & .plot--grid { color: $plot-grid; }
    & .plot--axis { color: $plot-axis; }
    & TooSmall { display: none; height: 1fr; }
    & .row { height: 1fr; display: none; }
    & #plot-1, & #plot-3 { display: none; }
    & .row.first { display: block; }

    &.-medium #side { display: block; }
    &.-medium.-tall .row.second, &.-medium.-high .row.second { display: block; }
    &.-wide #side { display: block; width: 40; }
    &.-wide .row.first #plot-1 { display: block; }
    &.-wide .row.second #plot-3 { display: block; }
    &.-wide .row.second { display: block; }
    &.-wide.-high .row.third { display: block; height: 14; }
    &.-medium.-high .row.third { display: block; height: 12; }
    &.-tall.-medium StatusPanel, &.-tall.-wide StatusPanel { height: 5; }
    &.-high.-medium StatusPanel, &.-high.-wide StatusPanel { height: 5; }

    &.-narrow.controlling #side { display: block; width: 1fr; border: none; }
    &.-narrow.controlling #control { max-height: 100%; }
    &.-narrow.controlling #notes { display: none; }
    &.-narrow.controlling #main { display: none; }

    &.-tiny, &.-flat {
        & StatusPanel, & #body, & KeyBar, & HintPanel { display: none; }
        & .plot--frame { color: $border-blurred; }
    & .plot--grid { color: $plot-grid; }
    & .plot--axis { color: $plot-axis; }
    & TooSmall { display: block; }
    }
}
"""


class Overview(Container):
    """The curves, as many as there is room for; where there is more, layers and task below them."""

    def __init__(self, model: RunModel, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._model = model

    def compose(self) -> ComposeResult:
        """Three rows, of which the style sheet shows those that fit."""
        from tui_dl.ui.panels.curves import MetricPlot
        from tui_dl.ui.panels.layers import LayersPanel
        from tui_dl.ui.panels.task import TaskPanel

        model = self._model
        with Horizontal(classes="row first"):
            yield MetricPlot(model, 0, id="plot-0")
            yield MetricPlot(model, 2, id="plot-1")
        with Horizontal(classes="row second"):
            yield MetricPlot(model, 1, id="plot-2")
            yield MetricPlot(model, 3, id="plot-3")
        with Horizontal(classes="row third"):
            yield LayersPanel(model, id="small-layers")
            yield TaskPanel(model, id="small-task")

    def next_metric(self) -> None:
        """Another metric where there is room for one plot."""
        from tui_dl.ui.panels.curves import MetricPlot

        self.query_one("#plot-0", MetricPlot).move_place(1)

    def toggle_scale(self) -> None:
        """Linear or logarithmic: the first plot of the loss, and what else is shown of it."""
        from tui_dl.ui.panels.curves import MetricPlot

        self.query_one("#plot-0", MetricPlot).toggle_scale()


class WaitingPanel(LinePanel):
    """Stands where the views will be, until they have been made."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("status",))

    def build(self, width: int, height: int) -> Sequence[Line]:
        """What is going on."""
        return [(), [(f"  {self.model.status.detail or 'starting'}…", "dim")]]


def views(model: RunModel) -> list[Widget]:
    """All views, of which one is shown. The plots load numpy: they are made after the first paint."""
    from tui_dl.ui.panels.histograms import HistogramsPanel
    from tui_dl.ui.panels.layers import LayersPanel
    from tui_dl.ui.panels.log import LogPanel
    from tui_dl.ui.panels.optimizer import OptimizerPanel
    from tui_dl.ui.panels.task import TaskPanel

    return [
        Overview(model, id="overview"),
        LayersPanel(model, id="layers"),
        HistogramsPanel(model, id="histograms"),
        OptimizerPanel(model, id="optimizer"),
        TaskPanel(model, id="task"),
        LogPanel(model, id="log"),
    ]


class TooSmall(LinePanel):
    """Says what size is needed, at any size."""

    def build(self, width: int, height: int) -> Sequence[Line]:
        """Words that fit into very little."""
        size = self.app.size
        text = f"tui-dl needs {MINIMUM_WIDTH}×{MINIMUM_HEIGHT}, this is {size.width}×{size.height}. q leaves."
        return [[(line, "bold")] for line in wrapped(text, width)]


def probes_for(shown: set[str]) -> list[ProbeName]:
    """What the engine must measure for the panels that are shown, by their ids; in order of importance."""
    wanted: dict[ProbeName, set[str]] = {
        "layers": {"layers", "small-layers"},
        "task": {"task", "small-task"},
        "optimizer": {"optimizer"},
        "histograms": {"histograms"},
    }
    return [probe for probe, ids in wanted.items() if ids & shown]
