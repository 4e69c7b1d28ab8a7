"""Readings over steps in bounded number: the spacing of what stays doubles, the first and newest stay."""

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar, final

from tui_dl.history.lineage import Span


class Placed(Protocol):
    """Anything that was seen at a step of a segment."""

    @property
    def segment(self) -> int:
        """The segment of the run."""

    @property
    def step(self) -> int:
        """Updates made by then."""


_P = TypeVar("_P", bound=Placed)


def _first(kept: _P, _dropped: _P) -> _P:
    return kept


def _one(_entry: Placed) -> int:
    return 1


@final
class Thinned(Generic[_P]):
    """Entries of the live curve, ascending by step: the first of each `stride` steps, and the newest.

    Each is an entry as it came, never an average. Engine and screen use it alike, so that both keep the same.

    Args:
        absorb: of an entry that stays and one that it will stand for, the one that stays from then on: at
            the same place, and of the same weight.
        weigh: what an entry counts in `weight`; 1 by default.
    """

    def __init__(self, absorb: Callable[[_P, _P], _P] = _first, weigh: Callable[[_P], int] = _one) -> None:
        self.stride = 1
        self._absorb = absorb
        self._weigh = weigh
        self._kept: list[_P] = []
        self._newest: _P | None = None
        self._kept_weight = 0

    def __len__(self) -> int:
        return len(self._kept) + self._has_apart

    @property
    def newest(self) -> _P | None:
        """The entry that came last; None before there is one."""
        return self._newest

    @property
    def weight(self) -> int:
        """Of all entries held together."""
        newest = self._newest
        return self._kept_weight + (self._weigh(newest) if newest is not None and self._has_apart else 0)

    def add(self, entry: _P, most: int) -> None:
        """Take the newest entry in, then keep no more than `most` beside it.

        The live curve only goes on: what lies at or behind the new step was abandoned, or is seen again.
        """
        while self._kept and self._kept[-1].step >= entry.step:
            self._kept_weight -= self._weigh(self._kept.pop())
        last = self._kept[-1] if self._kept else None
        if last is None or entry.step // self.stride > last.step // self.stride:
            self._kept.append(entry)
            self._kept_weight += self._weigh(entry)
        else:
            self._kept[-1] = self._absorb(last, entry)
        self._newest = entry
        self.thin(most)

    def thin(self, most: int) -> None:
        """Double the stride until there is room again, if more than `most` are kept."""
        if len(self._kept) > most:
            self._thin_to(most // 2 + 1)

    def halve(self) -> None:
        """Keep about half as many, but one at least."""
        self._thin_to((len(self._kept) + 1) // 2)

    def keep(self, spans: Sequence[Span]) -> None:
        """Forget what is not in these spans: it was abandoned by an undo or a restart."""
        self._set([entry for entry in self._kept if holds(spans, entry)])
        if self._newest is not None and not holds(spans, self._newest):
            self._newest = self._kept[-1] if self._kept else None
        if self._newest is None:
            self.stride = 1

    def entries(self) -> list[_P]:
        """All that is held, ascending by step."""
        newest = self._newest
        return [*self._kept, newest] if newest is not None and self._has_apart else list(self._kept)

    @property
    def _has_apart(self) -> bool:
        """Whether the newest is not among those that stay anyway."""
        return self._newest is not None and not (self._kept and self._kept[-1].step == self._newest.step)

    def _thin_to(self, target: int) -> None:
        while len(self._kept) > max(target, 1):
            self.stride *= 2
            thinned: list[_P] = []
            for entry in self._kept:
                if not thinned or entry.step // self.stride > thinned[-1].step // self.stride:
                    thinned.append(entry)
                else:
                    thinned[-1] = self._absorb(thinned[-1], entry)
            self._set(thinned)

    def _set(self, kept: list[_P]) -> None:
        self._kept = kept
        self._kept_weight = sum(map(self._weigh, kept))


def holds(spans: Sequence[Span], entry: Placed) -> bool:
    """Whether an entry lies in one of the spans.

    What is seen before a segment's first update has the step at which the segment branched off.
    """
    return any(
        span.segment == entry.segment
        and span.first_step - 1 <= entry.step
        and (span.last_step is None or entry.step <= span.last_step)
        for span in spans
    )
