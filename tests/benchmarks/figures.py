"""Medians, percentiles and tables with a column that says whether a target is reached."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table

_WIDTH: Final = 132


@dataclass(frozen=True)
class Target:
    """A bound and what is compared with it."""

    bound: float
    at_least: bool = False
    unit: str = ""

    def reached(self, value: float) -> bool:
        """Whether a value is within."""
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}{' ' if self.unit else ''}{self.unit}"


@dataclass(frozen=True)
class Row:
    """One line of a table: what, how much, in words where from, and what was wanted."""

    what: str
    value: float
    unit: str
    note: str = ""
    target: Target | None = None
    digits: int = 3


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]


def spread(values: Sequence[float], digits: int = 3) -> str:
    """The range of values, in words."""
    return f"{written(min(values), digits)} to {written(max(values), digits)}"


def written(value: float, digits: int = 3) -> str:
    """A number with so many significant digits, never with an exponent."""
    if not math.isfinite(value):
        return str(value)
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{decimals}f}"


def show(title: str, rows: Sequence[Row]) -> bool:
    """Print a table. Returns whether all targets are reached."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for name, side in (("", "left"), ("measured", "right"), ("", "left"), ("target", "right"), ("", "left")):
        table.add_column(name, justify="right" if side == "right" else "left", overflow="fold")
    missed = 0
    for row in rows:
        verdict = ""
        if row.target is not None:
            verdict = "reached" if row.target.reached(row.value) else "MISSED"
            missed += verdict == "MISSED"
        table.add_row(
            row.what,
            f"{written(row.value, row.digits)} {row.unit}".rstrip(),
            row.note,
            str(row.target) if row.target is not None else "",
            verdict,
        )
    Console(width=_WIDTH, highlight=False).print(table)
    return not missed


median = statistics.median
