"""`python -m tests.benchmarks`: what the program costs, beside the loops people write by hand.

Figures, not verdicts: the exit code says only whether the measuring worked.
"""

import argparse
import compileall
import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks import changes, long_history, memory, screen, speed
from tests.benchmarks.experiment import PROJECT, Workplace

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS = ("speed", "changes", "screen", "memory", "history")


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("part", nargs="?", choices=[*PARTS, "all"], default="all")
    parser.add_argument(
        "--rounds", type=int, default=7, help="turns of each contender and starts of the program"
    )
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a turn")
    parser.add_argument("--presses", type=int, default=66, help="keys pressed while training flat out")
    parser.add_argument("--long", action="store_true", help="watch memory up to 10⁶ steps: minutes")
    arguments = parser.parse_args()
    _introduce()
    # As an installed program has it, whatever PYTHONDONTWRITEBYTECODE says.
    compileall.compile_dir(PROJECT / "tui_dl", quiet=1)
    with tempfile.TemporaryDirectory(prefix="tui-dl-bench-") as folder:
        workplace = Workplace(Path(folder))
        parts: dict[str, Callable[[], bool]] = {
            "speed": lambda: speed.measure(workplace, arguments.rounds, arguments.seconds),
            "changes": lambda: changes.measure(arguments.rounds),
            "screen": lambda: screen.measure(workplace, arguments.rounds, arguments.presses, window_s=10.0),
            "memory": lambda: memory.measure(workplace, long=arguments.long),
            "history": lambda: long_history.measure(workplace, min(arguments.rounds, 3)),
        }
        reached = [measure() for part, measure in parts.items() if arguments.part in (part, "all")]
        workplace.kill_engines()
    print("All targets are reached." if all(reached) else "Some targets are missed.")


def _introduce() -> None:
    """What the figures depend on."""
    load = os.getloadavg()[0]
    cores = len(os.sched_getaffinity(0))
    print(
        f"{cores} cores, Python {platform.python_version()}, torch {version('torch')}, "
        f"textual {version('textual')}, {platform.system()} {platform.machine()}, load {load:.1f}"
    )
    if load > 0.5:
        print("Other programs are running: figures below are too low, ratios less so.")


if __name__ == "__main__":
    main()
