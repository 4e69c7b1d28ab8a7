"""A progress bar on standard error, where that is a terminal; otherwise silence."""

import sys
from typing import final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from tui_dl.wire.messages import (
    AnyMessage,
    ChangeApplied,
    EvaluationRecorded,
    Noticed,
    RunDescribed,
    RunFinished,
    StatusChanged,
)


@final
class ProgressBar:
    """Shows step, speed and the last validation numbers of one run."""

    def __init__(self, total_steps: int | None = None) -> None:
        self._console = Console(stderr=True)
        self._total_steps = total_steps
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[numbers]}"),
            console=self._console,
            disable=not sys.stderr.isatty(),
            transient=False,
        )
        self._task = self._progress.add_task("loading torch", total=None, speed="", numbers="")

    def __enter__(self) -> "ProgressBar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, message: AnyMessage) -> None:
        """Show what has changed."""
        match message:
            case RunDescribed():
                total = self._total_steps or message.total_steps
                self._progress.update(self._task, total=total, description=message.device)
            case StatusChanged(state="starting", detail=detail):
                self._progress.update(self._task, description=detail)
            case StatusChanged():
                speed = f"{message.steps_per_s:.0f}/s" if message.steps_per_s else ""
                self._progress.update(self._task, completed=message.step, speed=speed)
            case EvaluationRecorded(split="validation"):
                # The objective and what the task is judged by; a line has no room for more.
                first = list(message.metrics.items())[:2]
                numbers = "  ".join(f"{name} {value:.4g}" for name, value in first)
                self._progress.update(self._task, numbers=numbers)
            case ChangeApplied(receipt):
                edits = ", ".join(f"{path}: {old} → {new}" for path, old, new in receipt.edits)
                self._say(f"step {receipt.step}: {edits}")
            case Noticed(text=text):
                self._say(text)
            case RunFinished(step=step):
                self._progress.update(self._task, completed=step)

    def _say(self, text: str) -> None:
        """A line above the bar; notices are worth a line on a stderr that is no terminal, too."""
        self._progress.console.print(text, highlight=False, markup=False, soft_wrap=True)
