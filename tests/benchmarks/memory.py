"""Memory of both processes and the screen's processor time while a run grows."""

import sys
import time
from typing import Final

from tests.benchmarks.experiment import Workplace
from tests.benchmarks.figures import Row, Target, show
from tests.benchmarks.live_screen import LiveScreen
from tests.benchmarks.processes import ProcessorShare, resident_mb

MILESTONES: Final = (1_000, 10_000, 100_000)
LONG_MILESTONES: Final = (*MILESTONES, 1_000_000)
_WARM_STEPS: Final = 10_000
_WINDOW_S: Final = 2.0
_UI_LIMIT: Final = Target(120, unit="MB")
_PATIENCE_S: Final = 3_600.0


def measure(workplace: Workplace, *, long: bool) -> bool:
    """Print the table of memory. Returns whether all targets are reached."""
    milestones = LONG_MILESTONES if long else MILESTONES
    rows: list[Row] = []
    ui: dict[int, float] = {}
    screen = LiveScreen(workplace, workplace.experiment())
    screen.terminal.decodes = False
    try:
        screen.run()
        for step in milestones:
            screen.observer.wait(lambda status, step=step: status.step >= step, timeout_s=_PATIENCE_S)  # type: ignore[misc]
            ui[step] = resident_mb(screen.ui_pid)
            engine_mb = resident_mb(screen.engine_pid)
            share = ProcessorShare.of(screen.ui_pid)
            time.sleep(_WINDOW_S)
            label = f"{step:,} steps"
            rows += [
                Row(
                    f"UI process at {label}",
                    ui[step],
                    "MB",
                    f"{share.now() * 100:.0f} % of a core",
                    _UI_LIMIT,
                ),
                Row(f"engine process at {label}", engine_mb, "MB", "torch included"),
            ]
            print(f"  {label}: UI {ui[step]:.0f} MB, engine {engine_mb:.0f} MB", file=sys.stderr, flush=True)
    finally:
        screen.close()
    last = milestones[-1]
    for first, target in ((_WARM_STEPS, Target(1.1)), (milestones[0], None)):
        what = f"UI process, {last:,} over {first:,} steps"
        note = "" if target else "caches and the ring of recent steps fill in between"
        rows.append(Row(what, ui[last] / ui[first], "", note, target))
    return show("Memory: resident, 160x48, training flat out", rows)
