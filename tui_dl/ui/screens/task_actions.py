"""What keys do in the view of the task, and what that view and the loss's ask of the engine."""

from abc import abstractmethod

from textual.screen import Screen
from textual.widget import Widget

from tui_dl.ui.run_model import RunModel


class TaskActions(Screen[None]):
    """Samples and pages; part of the run screen."""

    model: RunModel
    view: str
    panels: dict[str, Widget]
    """By their ids: a query goes through every widget, which takes as long as painting some of them."""

    @abstractmethod
    def watch_later(self) -> None:
        """Tell the engine what is shown now."""

    @property
    def task_wish(self) -> tuple[int | None, tuple[int, int]]:
        """The sample to show in full, and how large the plane is drawn where that is seen."""
        from tui_dl.ui.panels.task import TaskPanel

        panels = {name: panel for name, panel in self.panels.items() if isinstance(panel, TaskPanel)}
        if not panels:
            return None, (0, 0)
        pinned = panels["task"].pinned if "task" in panels else None
        shown = panels.get("task" if self.view == "task" else "small-task")
        return pinned, (0, 0) if shown is None else shown.grid

    @property
    def surface_wish(self) -> tuple[float, ...]:
        """How far the paths come that are drawn over the loss."""
        from tui_dl.ui.panels.loss_surface import LossSurfacePanel

        panel = self.panels.get("loss-surface")
        return panel.reach if isinstance(panel, LossSurfacePanel) else ()

    def on_task_panel_wished(self) -> None:
        self.watch_later()

    def on_loss_surface_panel_wished(self) -> None:
        self.watch_later()
