"""The rate finder: the loss over a growing rate while it is tried, then the rates that this suggests."""

from typing import Any, ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical

from tui_dl.errors import TuiDlError
from tui_dl.spec.rate_search import RateSearch
from tui_dl.ui.hangul import latin_of, with_jamo
from tui_dl.ui.overlay import Overlay
from tui_dl.ui.panels.schedule_plot import rates_ahead
from tui_dl.ui.plan_lines import refusal_lines
from tui_dl.ui.plots.line_plot import LinePlot
from tui_dl.ui.rate_curve import advised, rate_lines, rate_plot, rounded
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.screens.dialog import DIALOG_CSS, DialogLines
from tui_dl.ui.screens.working import run_work
from tui_dl.ui.steering import Steering
from tui_dl.wire.messages import RateFound, RatesTried

_LOOK_EVERY_S: Final = 0.1
_MOST_BATCHES: Final = 800


class RateFinder(Overlay[float | None]):
    """Enter gives the chosen rate, Escape none; a search that still goes on is left to whoever opened this.

    Args:
        model: of the run.
        steering: gives the command.
        found: what an earlier search came to, shown again; None begins one.
    """

    DEFAULT_CSS = f"""
    RateFinder {{ {DIALOG_CSS}
        & > .box {{ width: 110; height: 90%; max-height: 34; }}
        & LinePlot {{ height: 1fr; }}
        & DialogLines {{ height: auto; min-height: 3; max-height: 6; }}
    }}
    """
    BINDINGS: ClassVar[list[Any]] = [
        Binding("enter", "take", show=False),
        Binding(with_jamo("escape,ctrl+c,q,L"), "cancel", show=False),
        Binding("up,left,shift+tab", "move(-1)", show=False),
        Binding("down,right,tab", "move(1)", show=False),
        Binding(with_jamo("b"), "more", show=False),
    ]

    def __init__(self, model: RunModel, steering: Steering, found: RateFound | None = None) -> None:
        super().__init__()
        self._model = model
        self._steering = steering
        self.found = found
        """What the search came to; None while it goes on."""
        self.is_searching = False
        self._seen: RatesTried | RateFound | None = found
        self._batches = found.search.batches if found is not None else RateSearch().batches
        self._refusal = ""
        self._chosen = 0

    def compose(self) -> ComposeResult:
        """The curve, and what it says."""
        box = Vertical(
            LinePlot(rate_plot(self.found, self._present_rate), id="rate-plot"),
            DialogLines([()], id="dialog-lines"),
            classes="box",
        )
        box.border_title = "Find a learning rate"
        yield box

    def on_mount(self) -> None:
        self.set_interval(_LOOK_EVERY_S, self._look, name="rates")
        if self.found is None:
            self._search()
        self._show()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def on_key(self, event: events.Key) -> None:
        digit = latin_of(event.character or "")
        if digit.isdigit():
            event.stop()
            self.action_choose(int(digit) - 1)

    def action_take(self) -> None:
        rates = self._advised
        if rates:
            self.dismiss(rounded(rates[self._chosen][0]))

    def action_choose(self, place: int) -> None:
        if 0 <= place < len(self._advised):
            self._chosen = place
            self._show()

    def action_move(self, by: int) -> None:
        if self._advised:
            self.action_choose((self._chosen + by) % len(self._advised))

    def action_more(self) -> None:
        """Try twice as many rates: the curve is smoother."""
        if self.found is not None and self._batches < _MOST_BATCHES:
            self._batches *= 2
            self._search()
            self._show()

    # -- inside ----------------------------------------------------------------------------------------

    @property
    def _advised(self) -> list[tuple[float, str]]:
        return [] if self.found is None else advised(self.found.advice)

    @property
    def _present_rate(self) -> float:
        experiment = self._model.experiment
        return 0.0 if experiment is None else experiment.optimizer.lr

    def _search(self) -> None:
        self._model.rates = self.found = self._seen = None
        self._chosen, self._refusal, self.is_searching = 0, "", True
        run_work(self, self._find, exclusive=True, group="search")

    async def _find(self) -> None:
        try:
            await self._steering.find_rate({"batches": self._batches})
        except TuiDlError as error:
            self._refusal = str(error)
        # Not for one that was left: whoever opened this has the engine end the search then.
        self.is_searching = False
        self._show()

    def _look(self) -> None:
        if self._model.rates is not None and self._model.rates is not self._seen:
            self._show()

    def _show(self) -> None:
        plot = next(iter(self.query(LinePlot)), None)
        painted = next(iter(self.query(DialogLines)), None)
        experiment = self._model.experiment
        if plot is None or painted is None or experiment is None:
            # The answer came while the screen was being closed.
            return
        # What is shown can be taken, whatever had it shown: Enter must not be early.
        if self._model.rates is not None:
            self._seen = self._model.rates
        if isinstance(self._seen, RateFound):
            self.found, self.is_searching = self._seen, False
        told = self.found or self._model.rates
        plot.set_data(rate_plot(told, self._present_rate))
        width = max(min(110, self.app.size.width * 96 // 100) - 4, 20)
        ahead = rates_ahead(self._model)
        factor = 1.0 if ahead is None else ahead.factor(self._model.status.step)
        if self._refusal:
            painted.show(refusal_lines(self._refusal, width))
        else:
            painted.show(rate_lines(told, experiment, self._chosen, factor, width))
        self.query_one(".box", Vertical).border_subtitle = self._ways_out()

    def _ways_out(self) -> str:
        if self.found is None:
            return "Esc ends it"
        more = "   b tries more" if self._batches < _MOST_BATCHES else ""
        return (
            f"Enter plans the change   ↑ ↓ choose{more}   Esc leaves"
            if self._advised
            else f"{more}   Esc leaves"
        )
