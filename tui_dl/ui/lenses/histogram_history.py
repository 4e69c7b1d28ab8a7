"""Histograms over time, bounded in memory: of each tensor a number of readings whose spacing doubles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np

from tui_dl.history.arrays import FloatArray
from tui_dl.history.lineage import Span
from tui_dl.history.thinned import Thinned
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


def _marked(kept: Frame, dropped: Frame) -> Frame:
    """What stays says also of what it stands for that something was not finite."""
    if kept.was_nonfinite or not dropped.was_nonfinite:
        return kept
    return replace(kept, was_nonfinite=True)


@final
class HistogramHistory:
    """The readings of each tensor, by layer and kind. Each frame is a reading as it was, never an average.

    Memory is bounded twice: by frames of a tensor and by frames in all, so that a deep net costs no more. An
    undo takes its steps out, a restart all.
    """

    def __init__(self, frames: int = FRAMES, all_frames: int = ALL_FRAMES) -> None:
        self._frames = frames
        self._all_frames = all_frames
        self._tracks: dict[tuple[str, str], Thinned[Frame]] = {}

    @property
    def most(self) -> int:
        """How many frames of one tensor are kept now."""
        share = self._all_frames // max(len(self._tracks), 1)
        return max(min(self._frames, share), min(LEAST_FRAMES, self._frames))

    def add(self, segment: int, step: int, histograms: Iterable[Histogram]) -> None:
        """Take a reading in."""
        tensors = len(self._tracks)
        for one in histograms:
            track = self._tracks.get((one.layer, one.kind))
            if track is None:
                track = self._tracks[one.layer, one.kind] = Thinned(_marked)
            track.add(Frame(segment, step, one, one.nonfinite > 0), self.most)
        if len(self._tracks) != tensors:
            for track in self._tracks.values():
                track.thin(self.most)

    def keep(self, spans: Sequence[Span]) -> None:
        """Forget what is not in these spans: it was abandoned by an undo or a restart."""
        for track in self._tracks.values():
            track.keep(spans)

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
        return [] if track is None else track.entries()

    def kinds(self, layer: str) -> list[str]:
        """What is known of a layer, in the order of its first appearance."""
        return [kind for name, kind in self._tracks if name == layer]

    def clear(self) -> None:
        """Begin anew: the layers are others."""
        self._tracks.clear()

    @property
    def frames_held(self) -> int:
        """Frames of all tensors together."""
        return sum(len(track) for track in self._tracks.values())


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
