"""The view of the task after a batch."""

from tui_dl.engine.probes.task_views import TaskProbe
from tui_dl.engine.training.trainer import Trainer
from tui_dl.wire.snapshots import Reading


def look(seen: Trainer, sample: int | None = None, grid: tuple[int, int] = (0, 0)) -> Reading | None:
    probe = TaskProbe()
    probe.sample, probe.grid = sample, grid
    for phase in seen.phases():
        probe.observe(seen, phase)
    return probe.reading()
