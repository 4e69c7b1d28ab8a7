"""Steps per second of the loops people write and of the program, in turns, so that drift hits all alike."""

import sys
from collections.abc import Callable, Mapping
from typing import Final

from tests.benchmarks.contenders import Contender, Headless, Loop, OnScreen, Turn
from tests.benchmarks.experiment import Workplace
from tests.benchmarks.figures import Row, Target, median, show, spread

HAND: Final = "hand loop"
LOADER: Final = "DataLoader loop"
HEADLESS: Final = "headless engine"
SCREEN: Final = "with the screen, budget 5 %"
LEAN_SCREEN: Final = "with the screen, budget 1 %"

CONTENDERS: Final[Mapping[str, Callable[[Workplace], Contender]]] = {
    HAND: lambda place: Loop("hand", place),
    "hand loop, fused Adam": lambda place: Loop("hand-fused", place),
    LOADER: lambda place: Loop("loader", place),
    "Trainer alone": lambda place: Loop("trainer", place),
    HEADLESS: Headless,
    SCREEN: lambda place: OnScreen(place, place.experiment(0.05)),
    LEAN_SCREEN: lambda place: OnScreen(place, place.experiment(0.01)),
}
_OVER_HAND: Final = {
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
            _tell(f"starting {name}")
            contenders[name] = make(workplace)
        speeds = _take_turns(contenders, rounds, seconds)
    finally:
        for contender in contenders.values():
            contender.close()
    return show(
        f"Speed: digits, 64-64-64-10, batch 64, screen 160x48; medians of {rounds} turns of {seconds:g} s",
        _rows(speeds),
    )


def _take_turns(contenders: Mapping[str, Contender], rounds: int, seconds: float) -> dict[str, list[float]]:
    speeds: dict[str, list[float]] = {name: [] for name in contenders}
    order = list(contenders)
    for contender in contenders.values():
        contender.turn(seconds / 2)
    for number in range(rounds):
        # Nobody always follows the same one, whose heat or cold caches it would inherit.
        turns: dict[str, Turn] = {}
        for name in order[number % len(order) :] + order[: number % len(order)]:
            turns[name] = contenders[name].turn(seconds)
            speeds[name].append(turns[name].steps_per_s)
        _tell(f"round {number + 1}: " + ", ".join(f"{turns[name].steps_per_s:,.0f}" for name in order))
    return speeds


def _rows(speeds: Mapping[str, list[float]]) -> list[Row]:
    rows = [Row(name, median(values), "steps/s", spread(values), digits=4) for name, values in speeds.items()]
    rows += _ratios(speeds, HAND, _OVER_HAND)
    rows += _ratios(speeds, LOADER, {SCREEN: Target(1.4, at_least=True)})
    rows += _ratios(speeds, HEADLESS, _OVER_HEADLESS)
    return rows


def _ratios(speeds: Mapping[str, list[float]], base: str, targets: Mapping[str, Target]) -> list[Row]:
    """Ratios within each round: the machine's drift cancels out."""
    rows = []
    for name in speeds if base == HAND else targets:
        if name != base:
            ratios = [own / other for own, other in zip(speeds[name], speeds[base], strict=True)]
            rows.append(
                Row(f"{name} / {base}", median(ratios), "", spread(ratios), targets.get(name), digits=3)
            )
    return rows


def _tell(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
