"""What the history still knows of a step or of all steps: exact points, and the buckets of those before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from tui_dl.history.arrays import FloatArray, IntArray


@final
@dataclass(frozen=True, slots=True)
class HeldValue:
    """What is known of a metric at or just before a step.

    It was taken at one of the steps first_step to last_step, the same where the point itself is held.
    low, mean and high are of the `count` finite values there, NaN where there are none.
    """

    first_step: int
    last_step: int
    low: float
    mean: float
    high: float
    count: int

    @property
    def is_exact(self) -> bool:
        """Whether it is one point, of a known step, and not several together."""
        return self.first_step == self.last_step


@final
@dataclass(frozen=True, slots=True, eq=False)
class HeldParts:
    """Points and buckets in the order of their steps; all arrays (n,). A point has first == last.

    low, mean and high are NaN where `count`, the number of finite values, is 0; `gaps` counts the others.
    """

    first: IntArray
    last: IntArray
    low: FloatArray
    mean: FloatArray
    high: FloatArray
    count: IntArray
    gaps: IntArray

    @classmethod
    def of_points(cls, steps: IntArray, values: FloatArray) -> "HeldParts":
        """Points as they are."""
        finite = np.isfinite(values)
        clean = np.where(finite, values, np.nan)
        count = finite.astype(np.int64)
        return cls(steps, steps, clean, clean, clean, count, 1 - count)

    @classmethod
    def joined(cls, parts: Sequence["HeldParts"]) -> "HeldParts":
        """Several one behind the other; none is as good as an empty one."""
        if not parts:
            return cls.of_points(np.empty(0, dtype=np.int64), np.empty(0))
        names = ("first", "last", "low", "mean", "high", "count", "gaps")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def without(self, points: "HeldParts", last_step: int) -> "HeldParts":
        """Buckets without the points that follow them, which only the last bucket can share.

        Its extremes stay: they bound what is left in it. No bucket reaches beyond `last_step`.
        """
        if not self.first.size:
            return self
        last, count, gaps, mean = self.last.copy(), self.count.copy(), self.gaps.copy(), self.mean.copy()
        last[-1] = min(int(last[-1]), last_step)
        shared = slice(0, int(np.searchsorted(points.first, last[-1], side="right")))
        if shared.stop:
            counted = int(points.count[shared].sum())
            left = int(count[-1]) - counted
            if left > 0:
                total = float(mean[-1]) * int(count[-1]) - float(np.nansum(points.mean[shared]))
                mean[-1] = min(max(total / left, float(self.low[-1])), float(self.high[-1]))
            last[-1] = int(points.first[0]) - 1
            count[-1] = left
            gaps[-1] -= int(points.gaps[shared].sum())
        parts = HeldParts(self.first, last, self.low, mean, self.high, count, gaps)
        return parts if count[-1] + gaps[-1] > 0 else parts._but_last()

    def _but_last(self) -> "HeldParts":
        return HeldParts(
            self.first[:-1],
            self.last[:-1],
            self.low[:-1],
            self.mean[:-1],
            self.high[:-1],
            self.count[:-1],
            self.gaps[:-1],
        )

    def between(self, first_step: float, last_step: float) -> "HeldParts":
        """Those that overlap a range of steps."""
        here = (self.last >= first_step) & (self.first <= last_step)
        return HeldParts(
            self.first[here],
            self.last[here],
            self.low[here],
            self.mean[here],
            self.high[here],
            self.count[here],
            self.gaps[here],
        )
