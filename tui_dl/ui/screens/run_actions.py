"""What the keys do on the run screen: a command to the engine, another view, or a conversation."""

from abc import abstractmethod
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, cast

from textual.widget import Widget

from tui_dl.ui.panels.bars import VIEWS
from tui_dl.ui.panels.control import ControlPanel
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.screens.look_actions import LookActions
from tui_dl.ui.screens.program_actions import ProgramActions
from tui_dl.ui.screens.run_flows import RunFlows
from tui_dl.ui.steering import Steering

if TYPE_CHECKING:
    from tui_dl.ui.app import TuiDlApp


class RunActions(LookActions, ProgramActions):
    """The actions that the table of keys names; the screen gives them what they act on."""

    model: RunModel
    steering: Steering
    flows: RunFlows
    view: str
    views: dict[str, Widget]

    @abstractmethod
    def do(self, work: Coroutine[Any, Any, object], *, by_hand: bool = False, most: int = 0) -> None:
        """Give a command without waiting for its answer."""

    @abstractmethod
    def show_view(self, view: str) -> None:
        """Show a view, by its name."""

    @abstractmethod
    def renew_all(self) -> None:
        """Have everything painted that is shown now."""

    def action_toggle_run(self) -> None:
        if self.model.finished is not None and not self.model.is_running:
            self.flows.announce("finished")
            return
        self.do(self.steering.toggle_run(), by_hand=True, most=1)

    def action_step(self) -> None:
        self.do(self.steering.step(), by_hand=True, most=2)

    def action_step_phase(self) -> None:
        self.do(self.steering.step_phase(), by_hand=True, most=2)

    def action_run_epoch(self) -> None:
        self.do(self.steering.run_epoch(), most=1)

    def action_pace(self, by: int) -> None:
        self.do(self.steering.change_pace(by), by_hand=True, most=2)

    def action_evaluate(self) -> None:
        self.do(self.steering.evaluate(), by_hand=True, most=1)

    def action_nudge_rate(self, by: int) -> None:
        self.do(self.steering.nudge_rate(by), by_hand=True)

    def action_undo(self) -> None:
        self.do(self.steering.undo(), by_hand=True, most=1)

    def action_scene(self, by: int) -> None:
        self.do(self.steering.move_scene(by), by_hand=True, most=1)

    def action_take_control(self) -> None:
        self.do(self.steering.take_control(), by_hand=True, most=1)

    def action_step_many(self) -> None:
        self.flows.step_many()

    def action_change(self, path: str) -> None:
        self.flows.change(path)

    def action_find_rate(self) -> None:
        self.flows.find_rate()

    def action_restart(self) -> None:
        self.flows.restart()

    def action_leave(self) -> None:
        self.flows.leave()

    def leave_for(self, then: Callable[[], None]) -> None:
        self.flows.leave_for(then)

    def action_presets(self) -> None:
        self.flows.presets()

    def action_help(self) -> None:
        from tui_dl.ui.screens.help import HelpScreen

        keymap = cast("TuiDlApp", self.app).keymap
        self.app.push_screen(HelpScreen(self.model, keymap, self.view))

    def action_notes(self) -> None:
        from tui_dl.ui.screens.notes import NotesScreen

        self.app.push_screen(NotesScreen(self.model))

    def action_control(self) -> None:
        self.show_control()
        self.query_one(ControlPanel).focus()
        self.call_after_refresh(self.renew_all)

    def show_control(self) -> None:
        """Where there is no room beside the views, the control panel takes their place."""
        # Elsewhere the class would do nothing but have every widget styled anew.
        if self.has_class("-narrow") or self.has_class("presenting"):
            self.add_class("controlling")

    def action_view(self, view: str) -> None:
        self.show_view(view)

    def action_move_view(self, by: int) -> None:
        self.show_view(VIEWS[(VIEWS.index(self.view) + by) % len(VIEWS)])

    def action_scroll_view(self, by: int) -> None:
        move = getattr(self.views.get(self.view), "move_lines", None)
        if callable(move):
            move(by)
