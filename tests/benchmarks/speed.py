"""Steps per second of the loops people write and of the program, in turns, so that drift hits all alike."""

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from typing import Final

from tests.benchmarks.contenders import Contender, Headless, Loop, OnScreen, Turn
from tests.benchmarks.experiment import Workplace
from tests.benchmarks.figures import Row, Target, median, show, spread

Turns = dict[str, list[Turn]]

HAND: Final = "hand loop"
LOADER: Final = "DataLoader loop"
COMPILED: Final = "Trainer alone, compiled"
HEADLESS: Final = "headless engine"
SCREEN: Final = "with the screen, budget 5 %"
LEAN_SCREEN: Final = "with the screen, budget 1 %"

CONTENDERS: Final[Mapping[str, Callable[[Workplace], Contender]]] = {
    HAND: lambda place: Loop("hand", place),
    "hand loop, fused Adam": lambda place: Loop("hand-fused", place),
    LOADER: lambda place: Loop("loader", place),
    "Trainer alone": lambda place: Loop("trainer", place),
    COMPILED: lambda place: Loop("trainer-compiled", place),
    HEADLESS: Headless,
    SCREEN: lambda place: OnScreen(place, place.experiment(0.05)),
    LEAN_SCREEN: lambda place: OnScreen(place, place.experiment(0.01)),
}
_OVER_HAND: Final = {
    COMPILED: Target(2.0, at_least=True),
    HEADLESS: Target(1.10, at_least=True),
    SCREEN: Target(1.0, at_least=True),
    LEAN_SCREEN: Target(1.0, at_least=True),
}
_OVER_HEADLESS: Final = {SCREEN: Target(0.92, at_least=True), LEAN_SCREEN: Target(0.97, at_least=True)}


def measure(workplace: Workplace, rounds: int, seconds: float) -> bool:
    """Print the table of speeds. Returns whether all targets are reached."""
    contenders: dict[str, Contender] = {}
    try:
        for name, make in CONTENDERS.items():
            if name == COMPILED and not has_compiler():
                _tell(f"{name} is left out: no C++ compiler is found here")
                continue
            _tell(f"starting {name}")
            contenders[name] = make(workplace)
        turns = _take_turns(contenders, rounds, seconds)
    finally:
        for contender in contenders.values():
            contender.close()
    return show(
        f"Speed: digits, 64-64-64-10, batch 64, screen 160x48; medians of {rounds} turns of {seconds:g} s",
        _rows(turns),
    )


def _take_turns(contenders: Mapping[str, Contender], rounds: int, seconds: float) -> Turns:
    turns: dict[str, list[Turn]] = {name: [] for name in contenders}
    order = list(contenders)
    for contender in contenders.values():
        contender.turn(seconds / 2)
    for number in range(rounds):
        # Nobody always follows the same one, whose heat or cold caches it would inherit.
        for name in order[number % len(order) :] + order[: number % len(order)]:
            turns[name].append(contenders[name].turn(seconds))
        newest = (f"{turns[name][-1].steps_per_s:,.0f}" for name in order)
        _tell(f"round {number + 1}: {', '.join(newest)}")
    return turns


def _rows(turns: Turns) -> list[Row]:
    rows = []
    for name, own in turns.items():
        speeds = [turn.steps_per_s for turn in own]
        rows.append(Row(name, median(speeds), "steps/s", spread(speeds), digits=4))
    rows += _ratios(turns, HAND, _OVER_HAND)
    rows += _ratios(turns, LOADER, {SCREEN: Target(1.4, at_least=True)})
    rows += _ratios(turns, HEADLESS, _OVER_HEADLESS)
    return rows


def _ratios(turns: Turns, base: str, targets: Mapping[str, Target]) -> list[Row]:
    """Ratios within each round: the machine's drift cancels out."""
    rows = []
    for name in turns if base == HAND else targets:
        if name != base:
            pairs = list(zip(turns[name], turns[base], strict=True))
            ratios = [own.steps_per_s / other.steps_per_s for own, other in pairs]
            by_processor = median(
                [own.steps_per_processor_s / other.steps_per_processor_s for own, other in pairs]
            )
            note = f"{spread(ratios)}; of processor time {by_processor:.2f}"
            rows.append(Row(f"{name} / {base}", median(ratios), "", note, targets.get(name), digits=3))
    return rows


def has_compiler() -> bool:
    """Whether torch's compiler finds one for C++."""
    return any(shutil.which(name) for name in (os.environ.get("CXX", "g++"), "g++", "clang++"))


def _tell(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
