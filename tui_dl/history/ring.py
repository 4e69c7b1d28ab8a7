"""The most recent points of some columns, at full resolution."""

from typing import Any, final

import numpy as np

from tui_dl.history.arrays import FloatArray, IntArray


@final
class Ring:
    """The last `points` rows of several columns that share their steps.

    Rows lie in one buffer half as large again, moved to its front when it is full: a slice is then always
    one contiguous view, and a row is copied twice on average. Untouched pages of the buffer cost no memory.
    """

    def __init__(self, columns: int, points: int) -> None:
        self.points = points
        self._capacity = points + max(points // 2, 1)
        self._steps = np.empty(self._capacity, dtype=np.int64)
        self._values = np.empty((columns, self._capacity), dtype=np.float64)
        self._size = 0
        self.rows_dropped = 0

    @property
    def steps(self) -> IntArray:
        """Steps held, ascending; a view of shape (rows,)."""
        return self._steps[: self._size]

    @property
    def values(self) -> FloatArray:
        """Values held; a view of shape (columns, rows)."""
        return self._values[:, : self._size]

    @property
    def is_complete(self) -> bool:
        """Whether every row ever appended is still held."""
        return self.rows_dropped == 0

    def append(self, steps: IntArray, values: FloatArray) -> None:
        """Append rows: steps (n,) ascending and after those held, values (columns, n)."""
        surplus = steps.size - self.points
        if surplus > 0:
            self.rows_dropped += surplus
            steps, values = steps[surplus:], values[:, surplus:]
        if self._size + steps.size > self._capacity:
            self._keep_last(self.points - steps.size)
        end = self._size + steps.size
        self._steps[self._size : end] = steps
        self._values[:, self._size : end] = values
        self._size = end

    def split(self, row: int) -> "tuple[Ring, Ring]":
        """Two rings: the rows before `row` and those from it on."""
        left, right = Ring(self._values.shape[0], self.points), Ring(self._values.shape[0], self.points)
        left.append(self.steps[:row], self.values[:, :row])
        right.append(self.steps[row:], self.values[:, row:])
        left.rows_dropped += self.rows_dropped
        if row == 0:
            # What was dropped may have belonged to either side.
            right.rows_dropped += self.rows_dropped
        return left, right

    def shrunk(self, points: int) -> "Ring":
        """A ring of at most `points` rows with the most recent of these."""
        smaller = Ring(self._values.shape[0], points)
        smaller.append(self.steps, self.values)
        smaller.rows_dropped += self.rows_dropped
        return smaller

    def take(self, rows: list[int]) -> "Ring":
        """A ring with the columns `rows` alone."""
        part = Ring(len(rows), self.points)
        part.append(self.steps, self.values[rows])
        part.rows_dropped = self.rows_dropped
        return part

    @property
    def bytes_held(self) -> int:
        """Bytes in use by the rows held."""
        return int(self.steps.nbytes + self.values.nbytes)

    def to_state(self) -> dict[str, Any]:
        """Plain numbers and bytes."""
        return {
            "points": self.points,
            "rows_dropped": self.rows_dropped,
            "steps": self.steps.tobytes(),
            "values": self.values.tobytes(),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], columns: int) -> "Ring":
        """What `to_state` described."""
        ring = cls(columns, int(state["points"]))
        steps = np.frombuffer(state["steps"], dtype=np.int64)
        ring._size = steps.size
        ring._steps[: steps.size] = steps
        ring._values[:, : steps.size] = np.frombuffer(state["values"], dtype=np.float64).reshape(columns, -1)
        ring.rows_dropped = int(state["rows_dropped"])
        return ring

    def _keep_last(self, rows: int) -> None:
        kept = max(rows, 0)
        begin = self._size - kept
        self.rows_dropped += begin
        self._steps[:kept] = self._steps[begin : self._size].copy()
        self._values[:, :kept] = self._values[:, begin : self._size].copy()
        self._size = kept
