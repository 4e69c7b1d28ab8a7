"""What the control panel and its keys do: numbers moved live, receipts looked at again, sources shown."""

from functools import partial

from tui_dl.errors import TuiDlError
from tui_dl.spec.catalogue import component_class
from tui_dl.ui.panels.bars import KeyBar
from tui_dl.ui.panels.control import ControlPanel
from tui_dl.ui.proposal import family_at, present_at
from tui_dl.ui.screens.run_actions import RunActions
from tui_dl.ui.screens.working import run_work


class ControlActions(RunActions):
    """The actions of the group Change that are more than a form."""

    def action_change_setting(self, path: str, field: str = "") -> None:
        """Open a form at one of its settings; `regularizers.l2` is a place in that of the regularizers."""
        self.flows.change(path, field)

    def action_receipts(self) -> None:
        from tui_dl.ui.screens.receipts import ReceiptsScreen

        self.app.push_screen(ReceiptsScreen(self.model))

    def action_source(self) -> None:
        """The source of the row that is chosen, else of the model; Tab goes through all parts."""
        experiment = self.model.experiment
        if experiment is None:
            return
        from tui_dl.ui.screens.source import SourceScreen
        from tui_dl.ui.sources.parts import parts_of

        parts = parts_of(experiment)
        labels = [part.label for part in parts]
        label = self._chosen_label()
        self.app.push_screen(SourceScreen(parts, labels.index(label) if label in labels else 1))

    def on_descendant_focus(self) -> None:
        self._show_keys()

    def on_descendant_blur(self) -> None:
        self._show_keys()

    def _show_keys(self) -> None:
        """While the control panel has the keys, the footer says what they do there."""
        bar = self.query_one(KeyBar)
        bar.is_controlling = isinstance(self.focused, ControlPanel)
        bar.repaint()

    def on_control_panel_chosen(self, event: ControlPanel.Chosen) -> None:
        if event.path == "receipts":
            self.action_receipts()
        else:
            self.action_change_setting(event.path, event.field)

    def on_control_panel_nudged(self, event: ControlPanel.Nudged) -> None:
        run_work(self, partial(self._nudge, event.setting, event.by), group="commands")

    async def _nudge(self, setting: str, by: int) -> None:
        """Move a setting; a refusal is said beside it, in a line."""
        panel = self.query_one(ControlPanel)
        try:
            if not self.model.can_steer:
                panel.refuse(setting, "this screen does not steer the run now")
                return
            await self.steering.nudge(setting, by)
            panel.refuse("", "")
        except TuiDlError as error:
            panel.refuse(setting, str(error))
        self.renew_all()

    def _chosen_label(self) -> str:
        """What the part is called among the sources that the chosen row belongs to."""
        row = self.query_one(ControlPanel).chosen
        experiment = self.model.experiment
        if row is None or row.path is None or experiment is None or row.path in ("training", "receipts"):
            return ""
        place, _, name = row.path.partition("regularizers.")
        if name:
            return f"regularizer {component_class('regularizer', name).__struct_config__.tag}"
        present = present_at(experiment, row.path)
        if isinstance(present, tuple):
            return f"regularizer {present[0].name}" if present else ""
        return f"{family_at(place)} {present.name}"
