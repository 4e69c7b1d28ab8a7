"""Which part of a plane is looked at: rounded limits that hold still until a path leaves them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections.abc import Iterable

MARGIN: Final = 0.2
"""Room beside what is to be seen, as a share of how far that reaches."""
SHRINKS_BELOW: Final = 0.25
"""Limits shrink when less than this part of them is wanted: they should not flicker."""
PARTS: Final = 8
"""Limits lie on multiples of a power of two that is at most so small a part of their distance."""
NEAR: Final = 2.0
"""So many times its size around where it began a path is followed, where nobody says how far."""
FARTHEST: Final = 1e12
"""Losses are computed in float32: beyond this there would be infinities alone."""

Range = tuple[float, float]


@final
@dataclass(frozen=True, slots=True)
class Limits:
    """Edges of a part of the plane; high lies above low."""

    x: Range
    y: Range

    def holds(self, other: Limits) -> bool:
        """Whether all of another part lies inside."""
        pairs = (self.x, other.x), (self.y, other.y)
        return all(mine[0] <= its[0] and its[1] <= mine[1] for mine, its in pairs)

    def dwarfs(self, other: Limits) -> bool:
        """Whether another part would be seen too small in this one, along an axis at least."""
        pairs = (self.x, other.x), (self.y, other.y)
        return any(its[1] - its[0] < SHRINKS_BELOW * (mine[1] - mine[0]) for mine, its in pairs)

    def is_near(self, x: float, y: float, within: float) -> bool:
        """Whether a place lies at most so many times its size away; not if it is not finite."""
        pairs = (self.x, x), (self.y, y)
        rooms = [((low, high), value, within * (high - low)) for (low, high), value in pairs]
        return all(low - room <= value <= high + room for (low, high), value, room in rooms)

    def towards(self, across: int, up: int) -> Limits:
        """As far again to a side: -1 and 1 are its signs, 0 leaves an axis as it is."""
        return Limits(_towards(self.x, across), _towards(self.y, up))


def limits_about(places: Iterable[tuple[float, float]]) -> Limits | None:
    """Rounded limits that show some places with a margin; None where none of them is finite."""
    found = [
        place for place in places if all(math.isfinite(each) and abs(each) <= FARTHEST for each in place)
    ]
    if not found:
        return None
    xs, ys = zip(*found, strict=True)
    return Limits(_rounded(min(xs), max(xs)), _rounded(min(ys), max(ys)))


def _towards(limits: Range, way: int) -> Range:
    low, high = limits
    span = high - low
    return (low - span if way < 0 else low), (high + span if way > 0 else high)


def _rounded(low: float, high: float) -> Range:
    # One value alone is seen in its own size, as far as float32 can tell its neighbours apart.
    span = (high - low) if high - low > 1e-5 * max(abs(low), abs(high), 1e-6) else max(abs(high), 0.5)
    low, high = low - MARGIN * span, high + MARGIN * span
    step = 2.0 ** math.floor(math.log2((high - low) / PARTS))
    return math.floor(low / step) * step, math.ceil(high / step) * step
