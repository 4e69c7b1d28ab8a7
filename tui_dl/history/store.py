"""The history of a run: every metric of every segment, bounded in memory however long the run is."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import numpy.typing as npt

from tui_dl.history.arrays import FloatArray, IntArray
from tui_dl.history.held import HeldParts, HeldValue
from tui_dl.history.lineage import Lineage, Span
from tui_dl.history.segment import Segment, Sizes
from tui_dl.history.window import Window, column_edges, merge_windows

STATE_VERSION = 1

# How much is kept of what is no longer written: of so many of the newest spans.
_LIVE_AT_FULL = 2
_GHOSTS_AT_FULL = 2
_GHOSTS_AT_REDUCED = 32


@dataclass(frozen=True, slots=True)
class Mark:
    """A labelled place on the step axis: a change, an undo, a restart, an evaluation, a diagnosis."""

    step: int
    segment: int
    label: str
    kind: str = "change"


@final
class SeriesStore:
    """Named metrics over steps, in segments; numpy only, owned by one thread at a time.

    Of each metric the last `ring_points` points are kept as they are, and all of it as minimum, maximum, sum
    and count in at most `buckets` buckets whose width doubles. So memory is flat from 10³ to 10⁷ steps and a
    spike of one step is never lost. Sparse series (an evaluation an epoch) work the same: their points stay
    exact as long as there are no more than `ring_points` of them.
    """

    def __init__(self, ring_points: int = 8192, buckets: int = 4096) -> None:
        self._sizes = Sizes(ring_points, buckets)
        self._segments: dict[int, Segment] = {}
        self._marks: dict[Mark, None] = {}
        self._lineage = Lineage()
        self._revision = 0

    # -- writing ---------------------------------------------------------------------------------------

    def append(
        self,
        segment: int,
        steps: npt.ArrayLike,
        columns: Mapping[str, npt.ArrayLike],
    ) -> None:
        """Add rows: `steps` (n,), and under each metric's name its values (n,).

        Metrics of different rhythm are appended by different calls. A row whose step the segment already has
        for a metric is dropped, so a resumed run may repeat itself. Raises ValueError for unequal lengths.
        """
        step_array = np.atleast_1d(np.asarray(steps, dtype=np.int64))
        arrays = {
            name: np.atleast_1d(np.asarray(values, dtype=np.float64)) for name, values in columns.items()
        }
        for name, values in arrays.items():
            if values.shape != step_array.shape:
                raise ValueError(f"{name} has shape {values.shape}, its steps {step_array.shape}")
        if not step_array.size or not arrays:
            return
        if step_array.size > 1 and not bool(np.all(step_array[1:] > step_array[:-1])):
            step_array, order = np.unique(step_array, return_index=True)
            arrays = {name: values[order] for name, values in arrays.items()}
        if self._segment(segment).append(step_array, arrays):
            self._revision += 1

    def branch(self, segment: int, parent: int, at_step: int) -> None:
        """Declare that `segment` goes on from `parent` after `at_step`: what an undo does.

        What the ancestors hold after that step becomes a ghost. Declaring the same again does nothing.
        """
        if self._lineage.parents.get(segment) == (parent, at_step):
            return
        if parent == segment:
            raise ValueError(f"segment {segment} cannot branch off from itself")
        self._segment(parent)
        self._segment(segment)
        self._lineage.parents[segment] = (parent, at_step)
        for member, limit in self._lineage.ancestors(segment)[1:]:
            if limit is not None and member in self._segments:
                self._segments[member].cut(limit)
        self._revision += 1
        self._give_memory_back()

    def begin(self, segment: int) -> None:
        """Declare a segment without a parent: the first one, or a restart from step 1."""
        if segment not in self._lineage.parents:
            self._segment(segment)
            self._revision += 1
            self._give_memory_back()

    def add_mark(self, step: int, segment: int, label: str, kind: str = "change") -> None:
        """Add a mark; the same one again does nothing."""
        mark = Mark(step, segment, label, kind)
        if mark not in self._marks:
            self._marks[mark] = None
            self._revision += 1

    # -- reading ---------------------------------------------------------------------------------------

    @property
    def revision(self) -> int:
        """Grows with every change of the content."""
        return self._revision

    @property
    def current_segment(self) -> int:
        """The segment that is being written."""
        return self._lineage.current

    @property
    def segments(self) -> list[int]:
        """All segments, ascending."""
        return sorted(self._segments)

    @property
    def branches(self) -> dict[int, tuple[int, int]]:
        """Segment → (parent, last step they share) for those that an undo made."""
        return {child: parent for child, parent in self._lineage.parents.items() if parent is not None}

    @property
    def lineage(self) -> Lineage:
        """The tree of segments."""
        return self._lineage

    def metrics(self, segment: int | None = None) -> list[str]:
        """Names of the metrics of one segment, or of all, in the order of their first appearance."""
        chosen: Iterable[int] = self.segments if segment is None else [segment]
        names: dict[str, None] = {}
        for number in chosen:
            if number in self._segments:
                names.update(dict.fromkeys(self._segments[number].metrics()))
        return list(names)

    def marks(self, spans: Sequence[Span] | None = None) -> list[Mark]:
        """All marks, or those that lie in the given spans, by step."""
        chosen = [mark for mark in self._marks if spans is None or any(_holds(span, mark) for span in spans)]
        return sorted(chosen, key=lambda mark: (mark.step, mark.segment))

    def live(self, segment: int | None = None) -> list[Span]:
        """The spans of the curve that is being written (or of an older segment's), oldest first."""
        return self._lineage.live(segment)

    def ghosts(self, metric: str | None = None, segment: int | None = None) -> list[Span]:
        """The abandoned and earlier spans that hold data (of `metric`), each closed at its last step."""
        closed = []
        for span in self._lineage.ghosts(segment):
            last = self._last_step(span, metric)
            if last is not None and last >= span.first_step:
                closed.append(Span(span.segment, span.first_step, last, span.kind))
        return closed

    def last_step(self, metric: str | None = None, segment: int | None = None) -> int:
        """The last step of the live curve, of one metric or of any; 0 before there is one."""
        for span in reversed(self.live(segment)):
            last = self._last_step(span, metric)
            if last is not None:
                return last
        return 0

    def latest(self, metric: str, segment: int | None = None) -> tuple[int, float] | None:
        """Step and value of the last point of the live curve, finite or not; None before there is one."""
        for span in reversed(self.live(segment)):
            if span.segment in self._segments:
                found = self._segments[span.segment].latest(metric, span.first_step, span.last_step)
                if found is not None:
                    return found
        return None

    def value_at(self, metric: str, step: int, segment: int | None = None) -> HeldValue | None:
        """What is known of the live curve at a step, or at the last one before it that has the metric."""
        for span in reversed(self.live(segment)):
            if span.first_step > step or span.segment not in self._segments:
                continue
            limit = step if span.last_step is None else min(step, span.last_step)
            found = self._segments[span.segment].value_at(metric, span.first_step, limit)
            if found is not None:
                return found
        return None

    def held(self, spans: Sequence[Span], metric: str) -> HeldParts:
        """Every point and bucket that is kept of a metric over some spans, in the order of the spans."""
        return HeldParts.joined(
            [
                self._segments[span.segment].held(metric, span.first_step, span.last_step)
                for span in spans
                if span.segment in self._segments
            ]
        )

    def window(self, segment: int, metric: str, x_min: float, x_max: float, columns: int) -> Window:
        """One segment's metric between two steps, both included, reduced to `columns` columns."""
        return self.window_of([Span(segment, 0, None)], metric, column_edges(x_min, x_max, columns))

    def live_window(
        self, metric: str, x_min: float, x_max: float, columns: int, segment: int | None = None
    ) -> Window:
        """The same for the live curve, through all the segments it is made of."""
        return self.window_of(self.live(segment), metric, column_edges(x_min, x_max, columns))

    def window_of(self, spans: Sequence[Span], metric: str, edges: FloatArray) -> Window:
        """The metric over some spans, reduced to columns between any ascending `edges` (in steps)."""
        parts = [
            window
            for span in spans
            if span.segment in self._segments
            for window in self._segments[span.segment].windows(metric, span.first_step, span.last_step, edges)
        ]
        return merge_windows(parts, edges) if parts else Window.empty(edges)

    def points(
        self,
        spans: Sequence[Span],
        metric: str,
        first_step: float = -math.inf,
        last_step: float = math.inf,
    ) -> tuple[IntArray, FloatArray]:
        """Exact points (steps, values) over some spans, as far back as the ring reaches."""
        parts = [
            points
            for span in spans
            if span.segment in self._segments
            for points in self._segments[span.segment].points(
                metric,
                max(float(span.first_step), first_step),
                min(math.inf if span.last_step is None else float(span.last_step), last_step),
            )
        ]
        if not parts:
            return np.empty(0, dtype=np.int64), np.empty(0)
        return np.concatenate([steps for steps, _ in parts]), np.concatenate([values for _, values in parts])

    # -- as data ---------------------------------------------------------------------------------------

    @property
    def bytes_held(self) -> int:
        """Bytes in use by the numbers held."""
        return sum(segment.bytes_held for segment in self._segments.values())

    def to_state(self) -> dict[str, Any]:
        """The whole content as plain numbers, strings, lists and bytes; bounded like the store itself."""
        return {
            "version": STATE_VERSION,
            "ring_points": self._sizes.ring_points,
            "buckets": self._sizes.buckets,
            "segments": [[number, self._segments[number].to_state()] for number in self.segments],
            "parents": [
                [child, list(parent) if parent else None] for child, parent in self._lineage.parents.items()
            ],
            "marks": [[mark.step, mark.segment, mark.label, mark.kind] for mark in self._marks],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "SeriesStore":
        """What `to_state` described, to which may be appended. Raises ValueError for another version."""
        if state.get("version") != STATE_VERSION:
            raise ValueError(
                f"history of version {state.get('version')!r}, this program reads {STATE_VERSION}"
            )
        store = cls(int(state["ring_points"]), int(state["buckets"]))
        for number, part in state["segments"]:
            store._segments[int(number)] = Segment.from_state(part, store._sizes)
        for child, parent in state["parents"]:
            store._lineage.parents[int(child)] = (int(parent[0]), int(parent[1])) if parent else None
        for step, segment, label, kind in state["marks"]:
            store._marks[Mark(int(step), int(segment), str(label), str(kind))] = None
        store._revision = 1
        return store

    # -- inside ----------------------------------------------------------------------------------------

    def _segment(self, number: int) -> Segment:
        if number not in self._segments:
            self._segments[number] = Segment(self._sizes)
            self._lineage.parents.setdefault(number, None)
        return self._segments[number]

    def _last_step(self, span: Span, metric: str | None) -> int | None:
        segment = self._segments.get(span.segment)
        return None if segment is None else segment.last_step(metric, span.first_step, span.last_step)

    def _give_memory_back(self) -> None:
        """Reduce what is no longer written, the older the more: every undo adds a span, memory must not."""
        full, reduced, least = self._sizes, self._sizes.scaled(8), self._sizes.scaled(64)
        live = self.live()
        length = max(self.last_step(), 1)
        for span in live[:-_LIVE_AT_FULL]:
            # All live spans together get about as many buckets as one segment of their length would.
            share = ((span.last_step or length) - span.first_step + 1) / length
            buckets = max(math.ceil(share * full.buckets / 2) * 2, least.buckets)
            self._shrink(span, Sizes(reduced.ring_points, buckets))
        ghosts = self.ghosts()
        for span in ghosts[:-_GHOSTS_AT_FULL]:
            self._shrink(span, reduced)
        for span in ghosts[:-_GHOSTS_AT_REDUCED]:
            self._shrink(span, least)

    def _shrink(self, span: Span, sizes: Sizes) -> None:
        if span.segment in self._segments:
            self._segments[span.segment].shrink(span.first_step, span.last_step, sizes)


def _holds(span: Span, mark: Mark) -> bool:
    if span.segment != mark.segment:
        return False
    # A change made at the branch point belongs to the branch, although its step is the parent's last.
    return span.first_step - 1 <= mark.step and (span.last_step is None or mark.step <= span.last_step)
