"""What keys do in the view of the task, and what that view asks of the engine."""

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

    def on_task_panel_wished(self) -> None:
        self.watch_later()
