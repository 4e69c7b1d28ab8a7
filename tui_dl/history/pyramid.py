"""Minimum, maximum, sum and count per bucket of steps; buckets double in width when they run out."""

import math
from typing import Any, final

import numpy as np
import numpy.typing as npt

from tui_dl.history.arrays import FloatArray, IntArray
from tui_dl.history.held import HeldParts, HeldValue
from tui_dl.history.window import Window, reduce_parts, spread_parts


@final
class Pyramid:
    """A fixed number of buckets over all steps of several columns that share their steps.

    Bucket i covers the steps base + i * width up to base + (i + 1) * width - 1. No extreme is ever lost: a
    bucket's minimum and maximum survive every doubling. Values that are not finite count as rows alone.
    """

    def __init__(self, columns: int, buckets: int, base: int) -> None:
        if buckets < 2 or buckets % 2:
            raise ValueError(f"the number of buckets must be even and at least 2, got {buckets}")
        self.base = base
        self.width = 1
        self.buckets = buckets
        self._used = 0
        self._low = np.empty((columns, buckets))
        self._high = np.empty((columns, buckets))
        self._total = np.empty((columns, buckets))
        self._count = np.empty((columns, buckets), dtype=np.int32)
        self._rows: npt.NDArray[np.int32] = np.empty(buckets, dtype=np.int32)

    @property
    def used(self) -> int:
        """The number of buckets from the first to the last that holds a row."""
        return self._used

    def append(self, steps: IntArray, values: FloatArray) -> None:
        """Add rows: steps (n,) ascending, n ≥ 1, none before `base`; values (columns, n)."""
        while (int(steps[-1]) - self.base) // self.width >= self.buckets:
            self.fold()
        bucket = (steps - self.base) // self.width
        starts = np.flatnonzero(np.diff(bucket, prepend=-1))
        touched = bucket[starts]
        self._open(int(touched[-1]) + 1)
        finite = np.isfinite(values)
        low = np.minimum.reduceat(np.where(finite, values, np.inf), starts, axis=1)
        high = np.maximum.reduceat(np.where(finite, values, -np.inf), starts, axis=1)
        with np.errstate(over="ignore", invalid="ignore"):
            self._total[:, touched] += np.add.reduceat(np.where(finite, values, 0.0), starts, axis=1)
        self._low[:, touched] = np.minimum(self._low[:, touched], low)
        self._high[:, touched] = np.maximum(self._high[:, touched], high)
        self._count[:, touched] += np.add.reduceat(finite, starts, axis=1, dtype=np.int32)
        self._rows[touched] += np.diff(starts, append=steps.size).astype(np.int32)

    def fold(self) -> None:
        """Double the width: each pair of buckets becomes one."""
        if self._used % 2:
            self._open(self._used + 1)
        half = self._used // 2
        for array, join in (
            (self._low, np.minimum),
            (self._high, np.maximum),
            (self._total, np.add),
            (self._count, np.add),
        ):
            with np.errstate(over="ignore", invalid="ignore"):
                array[:, :half] = join(array[:, 0 : 2 * half : 2], array[:, 1 : 2 * half : 2])
        self._rows[:half] = self._rows[0 : 2 * half : 2] + self._rows[1 : 2 * half : 2]
        self._used = half
        self.width *= 2

    def window(self, row: int, edges: FloatArray, last_step: int) -> Window:
        """Column `row` reduced to the columns between `edges`; nothing beyond `last_step`."""
        used = self._used
        count = self._count[row, :used].astype(np.int64)
        gaps = self._rows[:used] - count
        low, high, total = self._low[row, :used], self._high[row, :used], self._total[row, :used]
        column_width = (edges[-1] - edges[0]) / (edges.size - 1)
        if self.width <= column_width:
            # The last bucket may be part empty; its middle must not fall beyond the data.
            middle = np.arange(used, dtype=np.float64)
            middle *= self.width
            middle += self.base + (self.width - 1) / 2
            np.minimum(middle, last_step, out=middle)
            self._pull_inside(middle, edges)
            return reduce_parts(middle, low, high, total, count, gaps, edges)
        first = np.floor((edges[:-1] - self.base) / self.width).astype(np.int64)
        end = np.ceil((edges[1:] - self.base) / self.width).astype(np.int64)
        end[edges[:-1] > last_step] = 0
        np.clip(first, 0, used, out=first)
        np.clip(end, 0, used, out=end)
        return spread_parts(first, end, (low, high, total, count, gaps), edges)

    def value_at(self, row: int, step: int) -> HeldValue | None:
        """What is known of column `row` at a step: the last bucket with rows that begins at or before it."""
        if step < self.base or not self._used:
            return None
        bucket = min((step - self.base) // self.width, self._used - 1)
        held = np.flatnonzero(self._rows[: bucket + 1])
        if not held.size:
            return None
        index = int(held[-1])
        count = int(self._count[row, index])
        low, high = float(self._low[row, index]), float(self._high[row, index])
        first = self.base + index * self.width
        if not count:
            return HeldValue(first, first + self.width - 1, math.nan, math.nan, math.nan, 0)
        mean = float(self._total[row, index]) / count
        mean = min(max(mean, low), high) if math.isfinite(mean) else low / 2 + high / 2
        return HeldValue(first, first + self.width - 1, low, mean, high, count)

    def held(self, row: int, before: int) -> HeldParts:
        """All buckets of column `row` with rows that begin before a step."""
        used = self._used
        firsts = self.base + np.arange(used, dtype=np.int64) * self.width
        here = (self._rows[:used] > 0) & (firsts < before)
        count = self._count[row, :used][here].astype(np.int64)
        low = np.where(count > 0, self._low[row, :used][here], np.nan)
        high = np.where(count > 0, self._high[row, :used][here], np.nan)
        with np.errstate(all="ignore"):
            mean = self._total[row, :used][here] / count
            mean = np.clip(np.where(np.isfinite(mean), mean, low / 2 + high / 2), low, high)
        firsts = firsts[here]
        gaps = self._rows[:used][here] - count
        return HeldParts(firsts, firsts + self.width - 1, low, mean, high, count, gaps)

    def split(self, step: int) -> "tuple[Pyramid, Pyramid, tuple[int, int] | None]":
        """Two pyramids: the buckets that end at or before `step`, and those that begin after it.

        The third item is the range of steps [first, end) of the one bucket that holds both, if there is one;
        neither part has it.
        """
        columns = self._low.shape[0]
        whole = min(max((step + 1 - self.base) // self.width, 0), self._used)
        boundary = self.base + whole * self.width
        straddles = whole < self._used and boundary <= step
        rest = whole + 1 if straddles else whole
        left = Pyramid(columns, self.buckets, self.base)
        right = Pyramid(columns, self.buckets, boundary)
        for part, begin, end, offset in ((left, 0, whole, 0), (right, rest, self._used, rest - whole)):
            part.width = self.width
            part._open(end - begin + offset)
            inside = slice(offset, offset + end - begin)
            part._low[:, inside] = self._low[:, begin:end]
            part._high[:, inside] = self._high[:, begin:end]
            part._total[:, inside] = self._total[:, begin:end]
            part._count[:, inside] = self._count[:, begin:end]
            part._rows[inside] = self._rows[begin:end]
        return left, right, (boundary, boundary + self.width) if straddles else None

    def adopt_bucket(self, other: "Pyramid", bucket_step: int) -> None:
        """Add the bucket of `other`, of equal width, that contains `bucket_step` to the one here."""
        theirs = (bucket_step - other.base) // other.width
        ours = (bucket_step - self.base) // self.width
        self._open(ours + 1)
        self._low[:, ours] = np.minimum(self._low[:, ours], other._low[:, theirs])
        self._high[:, ours] = np.maximum(self._high[:, ours], other._high[:, theirs])
        self._total[:, ours] += other._total[:, theirs]
        self._count[:, ours] += other._count[:, theirs]
        self._rows[ours] += other._rows[theirs]

    def shrunk(self, buckets: int) -> "Pyramid":
        """A pyramid of at most `buckets` buckets with the same content."""
        smaller = self.take(list(range(self._low.shape[0])))
        while smaller._used > buckets:
            smaller.fold()
        trimmed = Pyramid(self._low.shape[0], buckets, self.base)
        trimmed.width, trimmed._used = smaller.width, smaller._used
        trimmed._fill(smaller, smaller._used)
        return trimmed

    def take(self, rows: list[int]) -> "Pyramid":
        """A pyramid with the columns `rows` alone."""
        part = Pyramid(len(rows), self.buckets, self.base)
        part.width, part._used = self.width, self._used
        used = self._used
        part._low[:, :used], part._high[:, :used] = self._low[rows, :used], self._high[rows, :used]
        part._total[:, :used], part._count[:, :used] = self._total[rows, :used], self._count[rows, :used]
        part._rows[:used] = self._rows[:used]
        return part

    @property
    def bytes_held(self) -> int:
        """Bytes in use by the buckets that hold rows."""
        per_bucket = self._low.shape[0] * (3 * 8 + 4) + 4
        return per_bucket * self._used

    def to_state(self) -> dict[str, Any]:
        """Plain numbers and bytes."""
        used = self._used
        return {
            "base": self.base,
            "width": self.width,
            "buckets": self.buckets,
            "low": self._low[:, :used].tobytes(),
            "high": self._high[:, :used].tobytes(),
            "total": self._total[:, :used].tobytes(),
            "count": self._count[:, :used].tobytes(),
            "rows": self._rows[:used].tobytes(),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], columns: int) -> "Pyramid":
        """What `to_state` described."""
        pyramid = cls(columns, int(state["buckets"]), int(state["base"]))
        pyramid.width = int(state["width"])
        rows = np.frombuffer(state["rows"], dtype=np.int32)
        used = pyramid._used = rows.size
        pyramid._rows[:used] = rows
        pyramid._low[:, :used] = np.frombuffer(state["low"]).reshape(columns, used)
        pyramid._high[:, :used] = np.frombuffer(state["high"]).reshape(columns, used)
        pyramid._total[:, :used] = np.frombuffer(state["total"]).reshape(columns, used)
        pyramid._count[:, :used] = np.frombuffer(state["count"], dtype=np.int32).reshape(columns, used)
        return pyramid

    def _pull_inside(self, middle: FloatArray, edges: FloatArray) -> None:
        """Move the middle of a bucket that an outer edge cuts inside: what is extreme in it may lie there."""
        for edge, inside in ((edges[0], edges[0]), (edges[-1], np.nextafter(edges[-1], -np.inf))):
            index = math.floor((edge - self.base) / self.width)
            if 0 <= index < middle.size:
                first = self.base + index * self.width
                if first < edges[-1] and first + self.width > edges[0]:
                    middle[index] = min(max(float(middle[index]), float(edges[0])), float(inside))

    def _fill(self, other: "Pyramid", used: int) -> None:
        self._low[:, :used], self._high[:, :used] = other._low[:, :used], other._high[:, :used]
        self._total[:, :used], self._count[:, :used] = other._total[:, :used], other._count[:, :used]
        self._rows[:used] = other._rows[:used]

    def _open(self, used: int) -> None:
        # Buckets are cleared when first reached, so that a short run does not touch the whole buffer.
        if used <= self._used:
            return
        fresh = slice(self._used, used)
        self._low[:, fresh], self._high[:, fresh] = np.inf, -np.inf
        self._total[:, fresh], self._count[:, fresh] = 0.0, 0
        self._rows[fresh] = 0
        self._used = used
