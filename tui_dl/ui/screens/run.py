"""The run screen: lays the panels out, feeds them as messages come, and answers the keys."""

from collections import Counter
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast, runtime_checkable

from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.widget import Widget

from tui_dl.errors import ConnectionLost, TuiDlError
from tui_dl.ui.engine_port import Opening
from tui_dl.ui.heap import collect_often, keep_heap_compact, pass_over_what_is_there
from tui_dl.ui.keys.table import bindings, by_action
from tui_dl.ui.overlay import Covered
from tui_dl.ui.panels.bars import VIEWS, KeyBar, ViewBar
from tui_dl.ui.panels.control import ControlPanel
from tui_dl.ui.panels.hint import HintPanel
from tui_dl.ui.panels.meters import MetersPanel
from tui_dl.ui.panels.notes import NotesPanel, ScenePanel
from tui_dl.ui.panels.phases import PhasesPanel
from tui_dl.ui.panels.status import StatusPanel
from tui_dl.ui.panels.variants import VariantsPanel
from tui_dl.ui.run_link import RunLink
from tui_dl.ui.run_model import ALL_TOPICS, Link, RunModel, Topic
from tui_dl.ui.screens.control_actions import ControlActions
from tui_dl.ui.screens.lens_actions import LensActions
from tui_dl.ui.screens.plot_actions import PlotActions
from tui_dl.ui.screens.run_flows import RunFlows
from tui_dl.ui.screens.run_layout import (
    HEIGHTS,
    RUN_CSS,
    WIDTHS,
    TooSmall,
    WaitingPanel,
    painter_name,
    probes_for,
    views,
)
from tui_dl.ui.screens.speech_actions import SpeechActions
from tui_dl.ui.screens.task_actions import TaskActions
from tui_dl.ui.screens.variant_actions import VariantActions
from tui_dl.ui.screens.working import run_work
from tui_dl.ui.steering import Steering
from tui_dl.ui.terminal_link import is_painted_on
from tui_dl.wire.messages import (
    AnyMessage,
    NonFiniteFound,
    Noticed,
    RunFinished,
    SceneReached,
    StatusChanged,
    Welcomed,
)

if TYPE_CHECKING:
    from tui_dl.ui.app import TuiDlApp

_FIRST_PAINT_S = 0.02
# Heat maps are most to send and change least; nobody reads digits that change ten times a second.
_INTERVALS_S = {
    "task": 0.25,
    "small-task": 1.0,
    "loss-shape": 0.25,
    "loss-slice": 0.25,
    "loss-surface": 0.25,
    "loss-words": 0.25,
    "status": 0.25,
    "small-layers": 0.25,
    "histograms-pair-time": 1.0,
    "small-histograms-pair-time": 1.0,
    "page-pair-time": 1.0,
    "layer-matrix": 1.0,
    "optimizer-map": 1.0,
    "present": 0.25,
    "small-optimizer": 0.25,
    # Built anew with every message; what a key has done to them is painted at once in any case.
    "control": 0.5,
    "hint": 0.5,
    "keys": 0.5,
    "scene": 0.5,
    "variants": 0.5,
}
_SLOW_INTERVALS_S = {
    "task": 1.0,
    "loss-shape": 1.0,
    "loss-slice": 1.0,
    "loss-surface": 1.0,
    "layer-matrix": 4.0,
}


@runtime_checkable
class Panel(Protocol):
    """What every panel of the run has."""

    TOPICS: ClassVar[frozenset[Topic]]

    def renew(self) -> object:
        """Take in what changed and paint what differs."""
        ...


class RunScreen(
    Covered, LensActions, SpeechActions, PlotActions, TaskActions, VariantActions, ControlActions
):
    """One run, from before its engine speaks until it is left."""

    CSS = RUN_CSS
    # The keys belong to the screen until somebody goes to the control panel.
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[Any]] = bindings()
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self.model = RunModel(experiment=opening.experiment, preset=opening.preset)
        if opening.folder is not None:
            self.model.run, self.model.path = opening.folder.name, str(opening.folder)
        if opening.folder is not None and not opening.is_new:
            self.model.status = StatusChanged("starting", "connecting to the engine")
        self.opening = opening
        self.link = RunLink(opening, self._take, self._link_changed)
        self.steering = Steering(self.model, self.link)
        self.flows = RunFlows(self)
        self.view = VIEWS[0]
        self._unanswered: Counter[str] = Counter()
        self.views: dict[str, Widget] = {}
        self._topics: dict[str, frozenset[Topic]] = {}
        self.panels: dict[str, Widget] = {}

    @property
    def program(self) -> "TuiDlApp":
        """The app."""
        return cast("TuiDlApp", self.app)

    def compose(self) -> ComposeResult:
        """All panels; the style sheet hides what has no room."""
        model = self.model
        model.language, model.keymap = self.program.language, self.program.keymap
        yield StatusPanel(model, id="status")
        yield from self.for_projector("top")
        with Horizontal(id="body"):
            with Vertical(id="side"):
                yield ControlPanel(model, id="control")
                yield NotesPanel(model, id="notes", is_formatted=False)
            with Vertical(id="main"):
                yield ViewBar(model, id="view-bar")
                yield Container(WaitingPanel(model, id="waiting"), id="views")
                yield VariantsPanel(model, id="variants")
                yield PhasesPanel(model, id="phases")
                yield ScenePanel(model, id="scene")
                yield from self.for_projector("notes")
        yield HintPanel(model, id="hint")
        yield KeyBar(model, id="keys")
        yield MetersPanel(model, id="meters")
        yield TooSmall(model, id="too-small")

    def on_mount(self) -> None:
        self.set_class(self.program.is_presenting, "presenting")
        self.program.bind_keys(self)
        self._register(self)
        # "After the next refresh" can come before the layout when two keys follow each other at once.
        self.screen_layout_refresh_signal.subscribe(self, self._on_laid_out, immediate=True)
        # An app drops frames until it is mounted itself: importing the views at once would delay the first.
        self.call_after_refresh(self.set_timer, _FIRST_PAINT_S, self._mount_views)

    async def _mount_views(self) -> None:
        """Connect and add the views, once the first paint is out."""
        if self._is_left():
            return
        run_work(self, self.link.follow, group="engine")
        keep_heap_compact()
        is_first = collect_often()
        holder = self.query_one("#views", Container)
        made = views(self.model)
        for view in made:
            view.display = False
        await holder.mount_all(made)
        if self._is_left():
            return
        await self.add_strip()
        if self._is_left():
            return
        self.dress(self)
        await self.query_one(WaitingPanel).remove()
        self._register(self.query_one("#main"))
        self.views = {str(view.id): view for view in made}
        self.show_view(self.view)
        self.call_after_refresh(self.query_one(NotesPanel).format_notes)
        if is_first:
            self.call_after_refresh(pass_over_what_is_there)

    def _is_left(self) -> bool:
        """Whether the program is about to end: nothing more can be mounted then."""
        return not self.is_attached

    def _register(self, parent: Widget) -> None:
        """Have the frame clock paint the panels below a widget."""
        clock = self.program.frame_clock
        for widget in parent.query(Widget):
            if not (isinstance(widget, Panel) and widget.id):
                continue
            name = painter_name(widget)
            self._topics[name] = widget.TOPICS
            self.panels[widget.id] = widget
            grows = getattr(widget, "GROWS", False)
            is_visible = partial(self._may_grow, widget) if grows else partial(is_painted_on, self, widget)
            own: Callable[[], float] | None = getattr(widget, "frame_interval_s", None)
            interval_s = own or _INTERVALS_S.get(widget.id, 0.0)
            slow_s = _SLOW_INTERVALS_S.get(widget.id, 0.0)
            clock.register(
                name, widget.renew, is_visible=is_visible, interval_s=interval_s, slow_interval_s=slow_s
            )

    async def on_unmount(self) -> None:
        await self.end_variants()
        for name in self._topics:
            self.program.frame_clock.unregister(name)

    def on_resize(self) -> None:
        if isinstance(self.focused, ControlPanel):
            self.show_control()
        # What has room only now has drawn nothing of the run so far.
        self.call_after_refresh(self.renew_all)

    def _on_laid_out(self, _screen: object) -> None:
        """What is seen may be something else now: paint what waits for it, and have it measured."""
        self.program.frame_clock.wake()
        self.watch_later()

    def on_screen_resume(self) -> None:
        self._mark(ALL_TOPICS)
        self.flows.announce()

    # -- messages --------------------------------------------------------------------------------------

    def _take(self, message: AnyMessage) -> None:
        state_before = self.model.state
        self._mark(self.model.apply(message))
        self.keep_variants_in_step(message)
        self.hear(message)
        if self.model.state != state_before:
            # Running, paused, finished: whoever pressed a key looks for this.
            self.program.frame_clock.paint_now()
        match message:
            case Welcomed():
                self.steering.forget_watch()
                self.watch_later()
            case SceneReached(index) if self.model.experiment is not None:
                scenes = self.model.experiment.scenes
                if 0 <= index < len(scenes):
                    self.close_pages()
                    self.show_view(scenes[index].view)
            case NonFiniteFound():
                self.flows.announce("nonfinite")
            case Noticed(level, text) if level != "info":
                self.notify(text, severity=level, markup=False, timeout=8)
            case RunFinished(reason) if reason not in ("stopped", "interrupted"):
                self.flows.announce("finished")
            case _:
                pass

    def _link_changed(self, link: Link, detail: str) -> None:
        self._mark(self.model.set_link(link, detail))
        self.program.frame_clock.paint_now()
        if link == "failed":
            self.alert("failed")
            self.flows.announce("trouble")

    def _mark(self, topics: frozenset[Topic]) -> None:
        """Have painted what shows these topics, with the next frame."""
        names = [name for name, shown in self._topics.items() if shown & topics]
        if names:
            self.program.frame_clock.request(*names)

    def mark(self, topics: frozenset[Topic]) -> None:
        """Have painted what shows these topics, with the next frame."""
        self._mark(topics)

    def _may_grow(self, panel: Widget) -> bool:
        # What has no height is on no screen, but its content may just have come.
        return self.is_current and panel.is_attached

    # -- what is shown ---------------------------------------------------------------------------------

    def renew_all(self) -> None:
        """Have everything painted that is shown now: somebody waits for it."""
        self._mark(ALL_TOPICS)
        self.program.frame_clock.paint_now()

    def show_view(self, view: str) -> None:
        """Show a view, by its name; an unknown one is the first."""
        self.view = view if view in VIEWS else VIEWS[0]
        for bar in self.panels.values():
            if isinstance(bar, ViewBar | KeyBar):
                bar.show(self.view)
        if not self.views:
            return
        # A class of the screen would have every widget styled anew: a tenth of a second.
        for name, shown in self.views.items():
            shown.display = name == self.view
        self.strip.display = self.view != "overview"
        self._release_control()
        self.call_after_refresh(self.renew_all)
        self.call_after_refresh(self.watch_later)

    def watch_later(self) -> None:
        """Tell the engine what is on the screen now."""
        if self.model.link != "live":
            return
        # Asked with every layout: going through all widgets took longer than the layout.
        shown = {str(widget.id) for widget in self.panels.values() if is_painted_on(self, widget)}
        layer = self.measured_layer(shown)
        probes = probes_for(shown)
        # A scene pauses the run and shows its view at once: what it shows must have been measured by then.
        coming = self.model.next_scene
        if coming is not None:
            probes += [probe for probe in probes_for({coming.view}) if probe not in probes]
        sample, grid = self.task_wish if "task" in probes else (None, (0, 0))
        reach = self.surface_wish if "loss_surface" in probes else ()
        self.do(
            self.steering.watch(probes, self.program.link_profile.watch_rate_hz, layer, sample, grid, reach)
        )

    def _release_control(self) -> None:
        self.remove_class("controlling")
        if isinstance(self.focused, ControlPanel):
            self.set_focus(None)

    def on_control_panel_released(self) -> None:
        self._release_control()

    def mark_series(self) -> None:
        self._mark(frozenset({"series"}))

    # -- keys ------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        entries = by_action(action)
        if not entries:
            return True
        wanted = f"{action}({', '.join(map(repr, parameters))})" if parameters else action
        exact = [entry for entry in entries if entry.action == wanted] or entries
        return any(entry.can(self.model, self.view) for entry in exact)

    def take_keys(self) -> None:
        """The keys were changed: heed and show the new ones."""
        self.model.keymap = self.program.keymap
        self.program.bind_keys(self)
        # Panels that show nothing of the run have keys in their words too.
        self.program.frame_clock.request(*self._topics)

    def do(self, work: Coroutine[Any, Any, object], *, by_hand: bool = False, most: int = 0) -> None:
        """Give a command without waiting; a refusal is shown. By hand its outcome is painted at once.

        A held key comes faster than answers: beyond `most` unanswered commands of a kind, if it is given,
        more of it are dropped, so that nothing goes on long after the key was let go.
        """
        kind = getattr(work, "__qualname__", "")
        if most and self._unanswered[kind] >= most:
            work.close()
            return
        self._unanswered[kind] += 1
        run_work(self, partial(self._guarded, work, by_hand, kind), work, group="commands")

    async def _guarded(self, work: Coroutine[Any, Any, object], by_hand: bool, kind: str) -> None:
        try:
            await work
        except ConnectionLost as error:
            # The state of the line is in sight: once more in front of it would only hide it.
            self._mark(self.model.note(f"no answer to a command: {error}", "warning"))
        except TuiDlError as error:
            self.complain(str(error))
        finally:
            self._unanswered[kind] -= 1
            if by_hand:
                self.program.frame_clock.paint_now()

    def complain(self, text: str) -> None:
        """Say what did not work, now and in the log."""
        self._mark(self.model.note(text, "error"))
        self.notify(text, severity="error", markup=False, timeout=8)
