"""Histograms over time, bounded in memory: of each tensor a number of readings whose spacing doubles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, final

import numpy as np

from tui_dl.history.arrays import FloatArray
from tui_dl.history.lineage import Span
from tui_dl.wire.snapshots import Histogram

FRAMES: Final = 256
"""Readings kept of one tensor, while there are few."""
LEAST_FRAMES: Final = 16
ALL_FRAMES: Final = 60_000
"""… of all tensors together: about 12 MiB."""


@final
@dataclass(frozen=True, slots=True)
class Frame:
    """One reading. `was_nonfinite`: whether it, or one that it stands for, held something not finite."""

    segment: int
    step: int
    histogram: Histogram
    was_nonfinite: bool


@final
@dataclass(slots=True)
class _Track:
    """The frames of a tensor, ascending by step: the first of each `stride` steps, and the newest."""

    stride: int = 1
    kept: list[Frame] = field(default_factory=list)
    newest: Frame | None = None

    def add(self, frame: Frame, most: int) -> None:
        # The live curve only goes on: what lies at or behind the new step was abandoned, or is read again.
        while self.kept and self.kept[-1].step >= frame.step:
            self.kept.pop()
        last = self.kept[-1] if self.kept else None
        if last is None or frame.step // self.stride > last.step // self.stride:
            self.kept.append(frame)
        elif frame.was_nonfinite and not last.was_nonfinite:
            self.kept[-1] = Frame(last.segment, last.step, last.histogram, was_nonfinite=True)
        self.newest = frame
        self.thin(most)

    def thin(self, most: int) -> None:
        """Double the stride until there is room again."""
        if len(self.kept) <= most:
            return
        while len(self.kept) > most // 2:
            self.stride *= 2
            thinned: list[Frame] = []
            for frame in self.kept:
                if not thinned or frame.step // self.stride > thinned[-1].step // self.stride:
                    thinned.append(frame)
                elif frame.was_nonfinite and not thinned[-1].was_nonfinite:
                    first = thinned[-1]
                    thinned[-1] = Frame(first.segment, first.step, first.histogram, was_nonfinite=True)
            self.kept = thinned

    def frames(self) -> list[Frame]:
        newest = self.newest
        if newest is None or (self.kept and self.kept[-1].step == newest.step):
            return list(self.kept)
        return [*self.kept, newest]


@final
class HistogramHistory:
    """The readings of each tensor, by layer and kind. Each frame is a reading as it was, never an average.

    Memory is bounded twice: by frames of a tensor and by frames in all, so that a deep net costs no more. An
    undo takes its steps out, a restart all.
    """

    def __init__(self, frames: int = FRAMES, all_frames: int = ALL_FRAMES) -> None:
        self._frames = frames
        self._all_frames = all_frames
        self._tracks: dict[tuple[str, str], _Track] = {}

    @property
    def most(self) -> int:
        """How many frames of one tensor are kept now."""
        share = self._all_frames // max(len(self._tracks), 1)
        return max(min(self._frames, share), min(LEAST_FRAMES, self._frames))

    def add(self, segment: int, step: int, histograms: Iterable[Histogram]) -> None:
        """Take a reading in."""
        tensors = len(self._tracks)
        for one in histograms:
            track = self._tracks.setdefault((one.layer, one.kind), _Track())
            track.add(Frame(segment, step, one, one.nonfinite > 0), self.most)
        if len(self._tracks) != tensors:
            for track in self._tracks.values():
                track.thin(self.most)

    def keep(self, spans: Sequence[Span]) -> None:
        """Forget what is not in these spans: it was abandoned by an undo or a restart."""
        for track in self._tracks.values():
            track.kept = [frame for frame in track.kept if _is_in(spans, frame)]
            if track.newest is not None and not _is_in(spans, track.newest):
                track.newest = track.kept[-1] if track.kept else None

    def latest(self, layer: str, kind: str) -> Histogram | None:
        """The newest histogram of a tensor."""
        track = self._tracks.get((layer, kind))
        return None if track is None or track.newest is None else track.newest.histogram

    def latest_step(self, layer: str, kind: str) -> int | None:
        """The step that the newest one is of."""
        track = self._tracks.get((layer, kind))
        return None if track is None or track.newest is None else track.newest.step

    def frames(self, layer: str, kind: str) -> list[Frame]:
        """The readings of a tensor, ascending by step; empty before there is one."""
        track = self._tracks.get((layer, kind))
        return [] if track is None else track.frames()

    def kinds(self, layer: str) -> list[str]:
        """What is known of a layer, in the order of its first appearance."""
        return [kind for name, kind in self._tracks if name == layer]

    def clear(self) -> None:
        """Begin anew: the layers are others."""
        self._tracks.clear()

    @property
    def frames_held(self) -> int:
        """Frames of all tensors together."""
        return sum(len(track.kept) + (track.newest is not None) for track in self._tracks.values())


def _is_in(spans: Sequence[Span], frame: Frame) -> bool:
    return any(
        span.segment == frame.segment
        and span.first_step - 1 <= frame.step
        and (span.last_step is None or frame.step <= span.last_step)
        for span in spans
    )


def counts_between(histogram: Histogram, edges: FloatArray) -> FloatArray:
    """A histogram's finite values as shares over other bins, with ascending `edges` (n + 1,).

    Within a bin of the histogram values are taken as evenly spread. What lies outside of its range is put at
    its ends, what lies outside of `edges` into their first and last bin: so the shares (n,) add up to 1, or
    to 0 where nothing is finite.
    """
    counts = np.asarray(histogram.counts, dtype=np.float64)
    total = counts.sum()
    if not total or edges.size < 2:
        return np.zeros(max(edges.size - 1, 0))
    own = np.linspace(histogram.low, histogram.high, counts.size + 1)
    climbing = np.concatenate([[0.0], np.cumsum(counts)]) / total
    at_edges = np.interp(edges, own, climbing)
    at_edges[0], at_edges[-1] = 0.0, 1.0
    return np.diff(at_edges)
