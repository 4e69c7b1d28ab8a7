"""What keys and mouse do to the plots of the run screen: they share one view of x and one crosshair."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from textual.screen import Screen
from textual.widget import Widget

from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.ui.terminal_link import is_painted_on

if TYPE_CHECKING:
    from tui_dl.ui.app import TuiDlApp
    from tui_dl.ui.panels.curves import MetricPlot
    from tui_dl.ui.plots.plot_board import PlotBoard
    from tui_dl.ui.plots.plot_mouse import PlotMouse
    from tui_dl.ui.plots.x_view import PlotState, XView
    from tui_dl.ui.settings import Settings

SMOOTHINGS: Final = (0.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
_PAN_SHARE: Final = 0.25
_LEAP: Final = 10
_SERIES: Final[frozenset[Topic]] = frozenset(("series",))


class PlotActions(Screen[None]):
    """Zoom, pan, crosshair, scales, units and exports; for the plots that are in sight."""

    model: RunModel
    panels: dict[str, Widget]
    _board: "PlotBoard | None" = None
    _present_plot_id = ""
    _unsubscribe: Callable[[], None] | None = None

    @abstractmethod
    def _mark(self, topics: frozenset[Topic]) -> None:
        """Have painted what shows these topics, with the next frame."""

    @abstractmethod
    def show_view(self, view: str) -> None:
        """Show a view, by its name."""

    @property
    def plot_board(self) -> "PlotBoard":
        """What all plots of this screen share."""
        if self._board is None:
            from tui_dl.ui.plots.plot_board import PlotBoard

            self._board = PlotBoard()
            self._board.change_unit(self._app.settings.x_axis, self.model.history, 0)
        return self._board

    @property
    def plots(self) -> "list[MetricPlot]":
        """The plots in sight, in reading order."""
        from tui_dl.ui.panels.curves import MetricPlot

        shown = [
            plot
            for plot in self.panels.values()
            if isinstance(plot, MetricPlot) and is_painted_on(self, plot)
        ]
        return sorted(shown, key=lambda plot: (plot.region.y, plot.region.x))

    @property
    def present_plot(self) -> "MetricPlot | None":
        """The plot that keys for one plot act on: the one chosen last, else the first in sight."""
        shown = self.plots
        chosen = [plot for plot in shown if plot.id == self._present_plot_id]
        found = chosen or shown
        return found[0] if found else None

    def on_mount(self) -> None:
        self._unsubscribe = self._app.settings_store.subscribe(self._take_settings)

    async def on_unmount(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()

    # -- the view of x ---------------------------------------------------------------------------------

    def action_zoom(self, by: int) -> None:
        def zoom(plot: "MetricPlot") -> "XView":
            state, sight = plot.board.state, plot.sight
            about = None if state.cross is None else sight.map.at(state.cross)
            return state.view.zoomed(2.0**by, sight.reach, about)

        self._change_view(zoom)

    def action_pan(self, by: int) -> None:
        plot = self.present_plot
        if plot is None:
            return
        if plot.board.state.cross is not None:
            self._move_cross(plot, by)
            return
        if plot.board.state.view.mode == "all":
            self.notify("All is shown: z looks closer", timeout=2)
            return
        share = _PAN_SHARE * (by if abs(by) < _LEAP else 4 * by / _LEAP)
        self._change_view(lambda plot: plot.board.state.view.panned(share, plot.sight.reach))

    def action_follow(self) -> None:
        self._change_view(lambda plot: plot.board.state.view.toggled(plot.sight.reach))

    def action_show_all(self) -> None:
        from tui_dl.ui.plots.x_view import XView

        self._change_view(lambda _: XView())

    def action_cycle_x_unit(self) -> None:
        from tui_dl.ui.plots.x_units import X_UNITS

        settings = self._app.settings
        unit = X_UNITS[(X_UNITS.index(settings.x_axis) + 1) % len(X_UNITS)]
        self._app.change_settings(x_axis=unit)

    # -- the crosshair ---------------------------------------------------------------------------------

    def action_crosshair(self) -> None:
        plot = self.present_plot
        if plot is None:
            return
        state, sight = plot.board.state, plot.sight
        if state.cross is not None:
            self._change_state(state.crossed(None, 0))
        elif not sight.last_step:
            self.notify("There is nothing to point at yet", timeout=2)
        else:
            newest = min(sight.map.step_at(sight.x_range[1]), float(sight.last_step))
            self._change_state(state.crossed(newest, sight.last_step))

    def action_back(self) -> None:
        """Leave the crosshair; without one, whatever else there is to leave."""
        if self._board is not None and self._board.state.cross is not None:
            self._change_state(self._board.state.crossed(None, 0))
            return
        further = getattr(super(), "action_back", None)
        if further is not None:
            further()

    def _move_cross(self, plot: "MetricPlot", by: int) -> None:
        """By columns of dots, but at least by a step; the view goes along when the crosshair leaves it."""
        state, sight = plot.board.state, plot.sight
        step = state.cross or 1
        low, high = sight.x_range
        moved = sight.map.step_at(sight.map.at(step) + by * (high - low) / max(plot.data_columns, 1))
        moved = max(moved, step + by) if by > 0 else min(moved, step + by)
        state = state.crossed(moved, sight.last_step)
        x = sight.map.at(state.cross or 1)
        if not low <= x < high and state.view.mode != "all":
            share = (x - low) / (high - low) - 0.5
            state = replace(state, view=state.view.panned(share, sight.reach))
        self._change_state(state)

    # -- how plots are drawn ---------------------------------------------------------------------------

    def action_next_plot(self) -> None:
        shown = self.plots
        if not shown:
            # Another view is open: the plots are where they always are.
            self.show_view("overview")
            return
        if len(shown) == 1:
            shown[0].move_place(1)
        else:
            present = self.present_plot
            place = shown.index(present) if present is not None and self._present_plot_id else -1
            self._choose(shown[(place + 1) % len(shown)])
        self._repaint()

    def action_cycle_scale(self) -> None:
        plot = self.present_plot
        if plot is not None:
            # Of this one alone: drawing all of them takes longer than a key should.
            plot.cycle_scale()

    def action_cycle_smoothing(self) -> None:
        present = self._app.settings.smoothing_steps
        larger = [steps for steps in SMOOTHINGS if steps > present]
        self._app.change_settings(smoothing_steps=larger[0] if larger else SMOOTHINGS[0])

    def action_mark_labels(self) -> None:
        plot = self.present_plot
        if plot is not None:
            state = plot.board.state.next_labels()
            self._change_state(state)
            self.notify(f"Labels of marks: {_LABEL_WORDS[state.labels]}", timeout=2)

    def action_export(self) -> None:
        from tui_dl.ui.screens.export import export_dialog

        export_dialog(self, self.present_plot)

    # -- the mouse -------------------------------------------------------------------------------------

    def on_plot_mouse_pointed(self, event: "PlotMouse.Pointed") -> None:
        plot = self._plot_of(event.plot)
        if plot is None or not (event.is_click or plot.board.state.cross is not None):
            return
        if event.is_click:
            self._choose(plot)
        sight = plot.sight
        state = plot.board.state.crossed(sight.map.step_at(event.x), sight.last_step)
        if event.is_click or state != plot.board.state:
            # Hovering comes in torrents: the clock's next frame is soon enough for it.
            self._change_state(state, at_once=event.is_click)

    def on_plot_mouse_dragged(self, event: "PlotMouse.Dragged") -> None:
        self._change_view(
            lambda plot: plot.board.state.view.panned(-event.share, plot.sight.reach), at_once=False
        )

    def on_plot_mouse_wheeled(self, event: "PlotMouse.Wheeled") -> None:
        self._change_view(
            lambda plot: plot.board.state.view.wheeled(event.notches, plot.sight.reach, event.x)
        )

    # -- inside ----------------------------------------------------------------------------------------

    @property
    def _app(self) -> "TuiDlApp":
        return cast("TuiDlApp", self.app)

    def _plot_of(self, widget: "PlotMouse") -> "MetricPlot | None":
        from tui_dl.ui.panels.curves import MetricPlot

        return widget if isinstance(widget, MetricPlot) else None

    def _choose(self, plot: "MetricPlot") -> None:
        """Have the keys act on a plot; it is marked as long as there are several."""
        self._present_plot_id = plot.id or ""
        shown = self.plots
        for one in shown:
            one.is_present = one is plot and len(shown) > 1

    def _change_view(self, change: "Callable[[MetricPlot], XView]", *, at_once: bool = True) -> None:
        plot = self.present_plot
        # A range that was chosen before there was anything to see would only hide what comes.
        if plot is not None and plot.sight.last_step:
            self._change_state(replace(plot.board.state, view=change(plot)), at_once=at_once)

    def _change_state(self, state: "PlotState", *, at_once: bool = True) -> None:
        self.plot_board.state = state
        self._repaint(at_once=at_once)

    def _repaint(self, *, at_once: bool = True) -> None:
        self._mark(_SERIES)
        if at_once:
            self._app.frame_clock.paint_now()

    def _take_settings(self, settings: "Settings") -> None:
        if self._board is not None:
            from tui_dl.ui.panels.curves import train_samples

            self._board.change_unit(settings.x_axis, self.model.history, train_samples(self.model))
        self._repaint()


_LABEL_WORDS: Final = {"auto": "where there is room", "all": "all", "none": "none"}
