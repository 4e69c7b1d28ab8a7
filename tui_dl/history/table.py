"""Some metrics of one segment that are always appended together: their ring and their pyramid."""

from typing import Any, final

import numpy as np

from tui_dl.history.arrays import FloatArray, IntArray
from tui_dl.history.held import HeldParts, HeldValue
from tui_dl.history.pyramid import Pyramid
from tui_dl.history.ring import Ring
from tui_dl.history.window import Window, reduce_points, replace_columns


@final
class Table:
    """Columns over shared steps. The cost of an append hardly depends on the number of columns."""

    def __init__(self, columns: tuple[str, ...], ring: Ring, pyramid: Pyramid, last_step: int) -> None:
        self.columns = columns
        self.ring = ring
        self.pyramid = pyramid
        self.last_step = last_step
        self._row = {name: row for row, name in enumerate(columns)}

    @classmethod
    def starting_at(
        cls, columns: tuple[str, ...], first_step: int, ring_points: int, buckets: int
    ) -> "Table":
        """An empty table whose first row will be `first_step`."""
        size = len(columns)
        return cls(columns, Ring(size, ring_points), Pyramid(size, buckets, first_step), first_step - 1)

    def append(self, steps: IntArray, columns: dict[str, FloatArray]) -> bool:
        """Add the rows after the last one held; tells whether there were any.

        Rows at or before it are those of a resumed run that repeats itself: they are dropped.
        """
        known = int(np.searchsorted(steps, self.last_step, side="right"))
        if known == steps.size:
            return False
        steps = steps[known:]
        values = np.stack([columns[name][known:] for name in self.columns])
        self.ring.append(steps, values)
        self.pyramid.append(steps, values)
        self.last_step = int(steps[-1])
        return True

    def window(self, metric: str, edges: FloatArray) -> Window:
        """One column reduced to the columns between `edges`: exact where the ring reaches."""
        row = self._row[metric]
        steps = self.ring.steps
        oldest = int(steps[0]) if steps.size else self.last_step + 1
        if self.ring.is_complete or edges[0] >= oldest:
            first, end = np.searchsorted(steps, edges[[0, -1]])
            return reduce_points(steps[first:end], self.ring.values[row, first:end], edges)
        window = self.pyramid.window(row, edges, self.last_step)
        column_width = (edges[-1] - edges[0]) / (edges.size - 1)
        from_ring = int(np.searchsorted(edges, oldest, side="left"))
        if self.pyramid.width > column_width and from_ring < window.columns:
            exact = reduce_points(steps, self.ring.values[row], edges)
            return replace_columns(window, exact, from_ring)
        return window

    def points(self, metric: str, first_step: float, last_step: float) -> tuple[IntArray, FloatArray]:
        """The exact points that are still held between two steps, both included; views."""
        steps = self.ring.steps
        begin = int(np.searchsorted(steps, first_step, side="left"))
        end = int(np.searchsorted(steps, last_step, side="right"))
        return steps[begin:end], self.ring.values[self._row[metric], begin:end]

    def latest(self, metric: str) -> tuple[int, float] | None:
        """The last step and value, finite or not."""
        if not self.ring.steps.size:
            return None
        return int(self.ring.steps[-1]), float(self.ring.values[self._row[metric], -1])

    def value_at(self, metric: str, step: int) -> HeldValue | None:
        """The last row at or before a step: the point itself where the ring reaches, else its bucket."""
        row = self._row[metric]
        place = int(np.searchsorted(self.ring.steps, step, side="right")) - 1
        if place >= 0:
            found, value = int(self.ring.steps[place]), float(self.ring.values[row, place])
            return HeldValue(found, found, value, value, value, int(np.isfinite(value)))
        return None if self.ring.is_complete else self.pyramid.value_at(row, step)

    def held(self, metric: str) -> HeldParts:
        """All of a column: the points of the ring, and the buckets of what is older; nothing twice."""
        row, steps = self._row[metric], self.ring.steps
        if self.ring.is_complete:
            return HeldParts.of_points(steps.copy(), self.ring.values[row].copy())
        points = HeldParts.of_points(steps.copy(), self.ring.values[row].copy())
        older = self.pyramid.held(row, int(steps[0]) if steps.size else self.last_step + 1)
        return HeldParts.joined([older.without(points, self.last_step), points])

    def split(self, step: int) -> "tuple[Table, Table]":
        """Two tables: the rows up to `step` and those after it.

        Where the bucket that holds both is older than the ring, it goes to the second: an abandoned value
        must never show up in the live curve.
        """
        steps = self.ring.steps
        left_ring, right_ring = self.ring.split(int(np.searchsorted(steps, step, side="right")))
        left_part, right_part, shared = self.pyramid.split(step)
        if shared is not None:
            begin, end = shared
            if self.ring.is_complete or (steps.size and int(steps[0]) <= begin):
                for part, first, last in ((left_part, begin, step), (right_part, step + 1, end - 1)):
                    self._refill(part, begin, first, last)
            else:
                right_part.adopt_bucket(self.pyramid, begin)
        left = Table(self.columns, left_ring, left_part, min(step, self.last_step))
        right = Table(self.columns, right_ring, right_part, max(step, self.last_step))
        return left, right

    def take(self, names: set[str]) -> "Table":
        """A table with the columns `names` alone."""
        kept = tuple(name for name in self.columns if name in names)
        rows = [self._row[name] for name in kept]
        return Table(kept, self.ring.take(rows), self.pyramid.take(rows), self.last_step)

    def shrink(self, ring_points: int, buckets: int) -> None:
        """Give memory back: at most so many recent points and so many buckets stay."""
        if self.ring.points > ring_points:
            self.ring = self.ring.shrunk(ring_points)
        if self.pyramid.buckets > buckets:
            self.pyramid = self.pyramid.shrunk(buckets)

    @property
    def bytes_held(self) -> int:
        """Bytes in use."""
        return self.ring.bytes_held + self.pyramid.bytes_held

    def to_state(self) -> dict[str, Any]:
        """Plain numbers, strings and bytes."""
        return {
            "columns": list(self.columns),
            "last_step": self.last_step,
            "ring": self.ring.to_state(),
            "pyramid": self.pyramid.to_state(),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "Table":
        """What `to_state` described."""
        columns = tuple(state["columns"])
        return cls(
            columns,
            Ring.from_state(state["ring"], len(columns)),
            Pyramid.from_state(state["pyramid"], len(columns)),
            int(state["last_step"]),
        )

    def _refill(self, part: Pyramid, bucket_step: int, first: int, last: int) -> None:
        begin, end = np.searchsorted(self.ring.steps, [first, last + 1])
        if begin == end:
            return
        exact = Pyramid(len(self.columns), part.buckets, bucket_step)
        exact.width = part.width
        exact.append(self.ring.steps[begin:end], self.ring.values[:, begin:end])
        part.adopt_bucket(exact, bucket_step)
