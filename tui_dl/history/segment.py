"""One segment of a run: its tables, cut into pieces where another segment branches off."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from tui_dl.history.arrays import FloatArray, IntArray
from tui_dl.history.held import HeldParts, HeldValue
from tui_dl.history.table import Table
from tui_dl.history.window import Window

_CELLS_PER_TABLE = 2**19
_LEAST_BUCKETS = 256


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of a metric is kept: recent points and buckets."""

    ring_points: int
    buckets: int

    def for_columns(self, columns: int) -> "Sizes":
        """Less of each when there are very many columns (a deep net's layers): a table stays bounded too."""
        share = max(_CELLS_PER_TABLE // columns, _LEAST_BUCKETS)
        buckets = min(self.buckets, 1 << (share.bit_length() - 1))
        return self if buckets == self.buckets else Sizes(min(self.ring_points, 2 * buckets), buckets)

    def scaled(self, divisor: int) -> "Sizes":
        """A fraction of it, at least 64 of each or what there was."""
        return Sizes(
            max(self.ring_points // divisor, min(64, self.ring_points)),
            max(self.buckets // divisor // 2 * 2, min(64, self.buckets)),
        )


@dataclass(slots=True)
class _Piece:
    """The steps after `after` up to `until` (open if None): no span's limit ever lies inside a piece."""

    after: int
    until: int | None
    tables: list[Table]

    def is_within(self, first_step: int, last_step: int | None) -> bool:
        """Whether it belongs to a span: it overlaps, and a span's limits never cut through a piece's data."""
        return (self.until is None or self.until >= first_step) and (
            last_step is None or self.after < last_step
        )

    def table_of(self, metric: str) -> Table | None:
        for table in self.tables:
            if metric in table.columns:
                return table
        return None


@final
class Segment:
    """Consecutive steps without an undo or a restart between them."""

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self._pieces = [_Piece(after=-1, until=None, tables=[])]

    def append(self, steps: IntArray, columns: dict[str, FloatArray]) -> bool:
        """Add rows, ascending by step; tells whether any was new."""
        added = False
        for piece in self._pieces:
            begin = int(np.searchsorted(steps, piece.after, side="right"))
            end = (
                steps.size if piece.until is None else int(np.searchsorted(steps, piece.until, side="right"))
            )
            if begin < end:
                part = {name: values[begin:end] for name, values in columns.items()}
                for table in self._tables_for(piece, part, int(steps[begin])):
                    added |= table.append(steps[begin:end], part)
        return added

    def cut(self, step: int) -> None:
        """Make `step` a boundary between pieces."""
        for index, piece in enumerate(self._pieces):
            if piece.after < step and (piece.until is None or step < piece.until):
                halves = [table.split(step) for table in piece.tables]
                left = _Piece(piece.after, step, [left for left, _ in halves])
                right = _Piece(step, piece.until, [right for _, right in halves])
                self._pieces[index : index + 1] = [left, right]
                return

    def metrics(self) -> list[str]:
        """Names of what it holds."""
        names = (name for piece in self._pieces for table in piece.tables for name in table.columns)
        return list(dict.fromkeys(names))

    def windows(self, metric: str, first_step: int, last_step: int | None, edges: FloatArray) -> list[Window]:
        """The metric's windows over the same columns, one a piece."""
        return [
            table.window(metric, edges)
            for table in self._tables(metric, first_step, last_step)
            if table.last_step >= edges[0]
        ]

    def points(self, metric: str, first_step: float, last_step: float) -> list[tuple[IntArray, FloatArray]]:
        """Exact points between two steps, as far as they are held, one item a piece."""
        parts = []
        for piece in self._pieces:
            table = piece.table_of(metric)
            if table is not None:
                parts.append(table.points(metric, first_step, last_step))
        return [part for part in parts if part[0].size]

    def value_at(self, metric: str, first_step: int, step: int) -> HeldValue | None:
        """What is known of a metric at the last of its steps from `first_step` to `step`."""
        for piece in reversed(self._pieces):
            table = piece.table_of(metric)
            if table is None or piece.after >= step:
                continue
            found = table.value_at(metric, step)
            if found is not None and found.last_step >= first_step:
                return found
        return None

    def held(self, metric: str, first_step: int, last_step: int | None) -> HeldParts:
        """All that is kept of a metric within the span."""
        return HeldParts.joined([table.held(metric) for table in self._tables(metric, first_step, last_step)])

    def latest(self, metric: str, first_step: int, last_step: int | None) -> tuple[int, float] | None:
        """The last point of a metric within the span."""
        for table in reversed(list(self._tables(metric, first_step, last_step))):
            found = table.latest(metric)
            if found is not None:
                return found
        return None

    def last_step(self, metric: str | None, first_step: int, last_step: int | None) -> int | None:
        """The last step of a metric, or of any, within the span."""
        found = [
            table.last_step
            for piece in self._pieces
            if piece.is_within(first_step, last_step)
            for table in piece.tables
            if (metric is None or metric in table.columns) and table.pyramid.used
        ]
        return max(found, default=None)

    def shrink(self, first_step: int, last_step: int | None, sizes: Sizes) -> None:
        """Keep less of the span."""
        for piece in self._pieces:
            if piece.is_within(first_step, last_step):
                for table in piece.tables:
                    table.shrink(sizes.ring_points, sizes.buckets)

    @property
    def bytes_held(self) -> int:
        """Bytes in use."""
        return sum(table.bytes_held for piece in self._pieces for table in piece.tables)

    def to_state(self) -> list[dict[str, Any]]:
        """Plain numbers, strings, lists and bytes."""
        return [
            {
                "after": piece.after,
                "until": piece.until,
                "tables": [table.to_state() for table in piece.tables],
            }
            for piece in self._pieces
        ]

    @classmethod
    def from_state(cls, state: list[dict[str, Any]], sizes: Sizes) -> "Segment":
        """What `to_state` described."""
        segment = cls(sizes)
        segment._pieces = [
            _Piece(
                int(part["after"]),
                None if part["until"] is None else int(part["until"]),
                [Table.from_state(table) for table in part["tables"]],
            )
            for part in state
        ]
        return segment

    def _tables(self, metric: str, first_step: int, last_step: int | None) -> Iterator[Table]:
        for piece in self._pieces:
            if piece.is_within(first_step, last_step):
                table = piece.table_of(metric)
                if table is not None:
                    yield table

    def _tables_for(self, piece: _Piece, columns: dict[str, FloatArray], first_step: int) -> list[Table]:
        """The tables that together hold exactly `columns`, made or divided where needed."""
        wanted = set(columns)
        chosen: list[Table] = []
        kept: list[Table] = []
        for table in piece.tables:
            common = wanted.intersection(table.columns)
            if common and len(common) < len(table.columns):
                # These metrics were appended together so far and no longer are: each goes its own way.
                kept.append(table.take(set(table.columns) - common))
                table = table.take(common)
            if common:
                chosen.append(table)
                wanted -= common
            kept.append(table)
        if wanted:
            names = tuple(name for name in columns if name in wanted)
            sizes = self._sizes.for_columns(len(names))
            chosen.append(Table.starting_at(names, first_step, sizes.ring_points, sizes.buckets))
            kept.append(chosen[-1])
        piece.tables = kept
        return chosen
