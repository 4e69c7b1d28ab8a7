"""How the run screen is laid out at each width and height, and what an engine needs to measure for it."""

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from tui_dl.ui.ink import Line, wrapped
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.wire.commands import ProbeName

MINIMUM_WIDTH: Final = 44
MINIMUM_HEIGHT: Final = 12
WIDTHS: Final = [(0, "-tiny"), (MINIMUM_WIDTH, "-narrow"), (100, "-medium"), (140, "-wide"), (210, "-huge")]
HEIGHTS: Final = [(0, "-flat"), (MINIMUM_HEIGHT, "-low"), (32, "-tall"), (42, "-high"), (58, "-towering")]

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
    & PresentPanel, & PresentNotes { display: none; }

    & #strip { height: auto; }
    & CurveStrip { height: 18; display: none; }
    &.-medium.-towering, &.-wide.-towering, &.-huge.-towering {
        & CurveStrip { display: block; }
    }

    & .row { height: 1fr; display: none; }
    & .row.first { display: block; }
    & #plot-1, & #plot-3, & #aside { display: none; }
    & #aside { width: 36%; min-width: 58; max-width: 84; }

    &.-medium, &.-wide, &.-huge {
        & #side { display: block; }
        &.-tall StatusPanel, &.-high StatusPanel, &.-towering StatusPanel { height: 5; }
    }
    &.-tall .row.second, &.-high .row.second, &.-towering .row.second { display: block; }
    &.-high .row.third { display: block; height: 12; }
    &.-towering .row.third { display: block; height: 18; }
    &.-narrow #small-task { display: none; }

    &.-wide, &.-huge {
        & .row.first #plot-1, & .row.second #plot-3 { display: block; }
        & .row.second { display: block; }
        &.-low .row.second { display: none; }
        &.-high .row.third { height: 14; }
    }
    &.-wide #side { width: 40; }
    &.-huge {
        & #side { width: 44; }
        & #aside { display: block; }
        & #small-optimizer { height: 13; display: none; }
        &.-high #small-optimizer, &.-towering #small-optimizer { display: block; }
        &.-towering .row.third { height: 20; }
    }

    &.-narrow.controlling #side, &.presenting.controlling #side {
        display: block !important;
        width: 1fr;
        border: none;
    }
    &.-narrow.controlling, &.presenting.controlling {
        & #control { max-height: 100%; }
        & #notes { display: none; }
        & #main { display: none; }
    }

    &.maximised {
        & StatusPanel { height: 1 !important; }
        & #side, & ViewBar, & PresentPanel, & CurveStrip { display: none !important; }
        & .beside-largest { display: none !important; }
        & .largest { display: block !important; width: 1fr !important; max-width: 100% !important; }
        & .largest { height: 1fr !important; }
    }

    &.presenting {
        & StatusPanel, & ScenePanel, & ViewBar { display: none; }
        & #side, & CurveStrip, & .row.second, & .row.third, & #plot-1, & #aside { display: none !important; }
        & PresentPanel { display: block; height: 7; }
        & PresentNotes { display: block; }
        &.-low.-narrow PresentPanel { height: 6; }
        &.-high PresentPanel, &.-towering PresentPanel { height: 12; }
        &.maximised StatusPanel { display: block; }
    }

    &.-tiny, &.-flat {
        & StatusPanel, & PresentPanel, & #body, & KeyBar, & HintPanel, & MetersPanel { display: none; }
        & TooSmall { display: block; }
    }
}
"""


class Overview(Horizontal):
    """The curves, as many as there is room for; where there is more, layers and task below, others beside."""

    def __init__(self, model: RunModel, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._model = model

    def compose(self) -> ComposeResult:
        """Rows and a column, of which the style sheet shows those that fit."""
        from tui_dl.ui.panels.curves import MetricPlot
        from tui_dl.ui.panels.histograms import HistogramsPanel
        from tui_dl.ui.panels.layers import LayersPanel
        from tui_dl.ui.panels.optimizer import OptimizerPanel
        from tui_dl.ui.panels.task import TaskPanel

        model = self._model
        with Vertical(id="curves"):
            with Horizontal(classes="row first"):
                yield MetricPlot(model, 0, id="plot-0")
                yield MetricPlot(model, 2, id="plot-1")
            with Horizontal(classes="row second"):
                yield MetricPlot(model, 1, id="plot-2")
                yield MetricPlot(model, 3, id="plot-3")
            with Horizontal(classes="row third"):
                yield LayersPanel(model, id="small-layers")
                yield TaskPanel(model, id="small-task", has_hints=False)
        with Vertical(id="aside"):
            yield HistogramsPanel(model, id="small-histograms")
            yield OptimizerPanel(model, id="small-optimizer")


class CurveStrip(Horizontal):
    """Loss and metric below every other view where there is height to spare: they are never out of sight."""

    def __init__(self, model: RunModel) -> None:
        super().__init__()
        self._model = model

    def compose(self) -> ComposeResult:
        """The two most important curves."""
        from tui_dl.ui.panels.curves import MetricPlot

        yield MetricPlot(self._model, 0, id="strip-0")
        yield MetricPlot(self._model, 1, id="strip-1")


class WaitingPanel(LinePanel):
    """Stands where the views will be, until they have been made."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("status",))

    def build(self, width: int, height: int) -> Sequence[Line]:
        """What is going on."""
        return [(), [(f"  {self.model.status.detail or 'starting'}…", "dim")]]


def views(model: RunModel) -> list[Widget]:
    """All views, of which one is shown. The plots load numpy: they are made after the first paint."""
    from tui_dl.ui.panels.histograms import HistogramsPanel
    from tui_dl.ui.panels.layers_view import LayersView
    from tui_dl.ui.panels.log import LogPanel
    from tui_dl.ui.panels.loss import LossView
    from tui_dl.ui.panels.optimizer_view import OptimizerView
    from tui_dl.ui.panels.task import TaskPanel

    return [
        Overview(model, id="overview"),
        LayersView(model, id="layers"),
        HistogramsPanel(model, id="histograms"),
        OptimizerView(model, id="optimizer"),
        TaskPanel(model, id="task"),
        LogPanel(model, id="log"),
        LossView(model, id="loss"),
    ]


class TooSmall(LinePanel):
    """Says what size is needed, at any size."""

    def build(self, width: int, height: int) -> Sequence[Line]:
        """Words that fit into very little."""
        size = self.app.size
        text = f"tui-dl needs {MINIMUM_WIDTH}×{MINIMUM_HEIGHT}, this is {size.width}×{size.height}."
        text += f" {self.keymap.shown('leave')} leaves."
        return [[(line, "bold")] for line in wrapped(text, width)]


def painter_name(panel: Widget) -> str:
    """What the frame clock knows a panel by: two screens may have panels of one id."""
    return f"{id(panel)}.{panel.id}"


def probes_for(shown: set[str]) -> list[ProbeName]:
    """What the engine must measure for the panels that are shown, by their ids; in order of importance."""
    wanted: dict[ProbeName, set[str]] = {
        "layers": {"layers", "small-layers"},
        "task": {"task", "small-task"},
        # By its view's name where a scene will show it; the view itself asks for what of it is seen.
        "loss_shape": {"loss-shape", "loss"},
        "loss_slice": {"loss-slice", "loss"},
        "loss_surface": {"loss-surface", "loss"},
        "matrix": {"layer-matrix"},
        "optimizer": {"optimizer", "layer-page", "small-optimizer"},
        # A table's cells need them too, but its norms come first.
        "histograms": {"histograms", "layer-table", "layer-page", "small-histograms"},
    }
    return [probe for probe, ids in wanted.items() if ids & shown]
