"""The readings published so far, in bounded memory, for clients that come late: frames as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

from tui_dl.history.thinned import Thinned
from tui_dl.wire.framing import frame_of_past
from tui_dl.wire.snapshots import HistogramsRead, LayersRead, OptimizerRead

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tui_dl.history.lineage import Span
    from tui_dl.wire.messages import ReadingTaken
    from tui_dl.wire.snapshots import Reading

MOST_BYTES: Final = 8 * 1024 * 1024
"""Of all readings together, with what holding each takes."""
MOST_HISTOGRAMS: Final = 256
"""As many as a screen keeps of one tensor."""
MOST_NUMBERS: Final = 1024
"""… and of what is drawn as curves."""
ENTRY_BYTES: Final = 300
"""About what an entry takes in memory beside its frame."""

_Key = tuple[type, str]


@final
@dataclass(frozen=True, slots=True)
class _Entry:
    """One reading as it was sent."""

    segment: int
    step: int
    frame: bytes


def _size(entry: _Entry) -> int:
    return len(entry.frame) + ENTRY_BYTES


@final
class KeptReadings:
    """Keeps layers, histograms and the optimizer over steps; nothing is decoded: one costs microseconds.

    Of each kind the spacing doubles when there are too many, as on the screen; where all together are too
    large, it doubles for the kind that takes most. Pictures of the task have no past that is shown anywhere.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._tracks: dict[_Key, Thinned[_Entry]] = {}
        self._layers: tuple[str, ...] | None = None
        self._epoch = 0
        self.bytes_held = 0
        """About the memory in use; at most the bound once `add` has returned."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers that the readings are of; empty before they are known."""
        return self._layers or ()

    def add(self, message: ReadingTaken, body: bytes) -> None:
        """Keep a reading, given as the frame that its clients are sent; what has no past is passed over."""
        key = _key(message.reading)
        if key is None:
            return
        track = self._tracks.get(key)
        if track is None:
            track = self._tracks[key] = Thinned(weigh=_size)
        before = track.weight
        most = MOST_HISTOGRAMS if key[0] is HistogramsRead else MOST_NUMBERS
        track.add(_Entry(message.segment, message.step, body), most)
        self.bytes_held += track.weight - before
        while self.bytes_held > self._most_bytes:
            self._give_way()

    def keep(self, spans: Sequence[Span]) -> None:
        """Forget what is not in these spans: it was abandoned by an undo or a restart."""
        for track in self._tracks.values():
            track.keep(spans)
        self._tracks = {key: track for key, track in self._tracks.items() if len(track)}
        self._count()

    def describe(self, layers: tuple[str, ...]) -> None:
        """The model's layers have these names; if they are others, all begins anew, as on the screen."""
        if self._layers is not None and self._layers != layers:
            self._tracks.clear()
            self._epoch += 1
            self._count()
        self._layers = layers

    def frames(self, chunk_bytes: int) -> Iterator[bytes]:
        """All as `PastReadings`, in the order of the run, in pieces of about so many bytes.

        Only what was there when the first piece was taken; it ends early when the layers become others.
        """
        entries = sorted(
            (entry for track in self._tracks.values() for entry in track.entries()),
            key=lambda entry: (entry.segment, entry.step),
        )
        epoch, is_first, place = self._epoch, True, 0
        while place < len(entries) and epoch == self._epoch:
            piece: list[bytes] = []
            size = 0
            while place < len(entries) and size < chunk_bytes:
                piece.append(entries[place].frame)
                size += len(piece[-1])
                place += 1
            yield frame_of_past(piece, is_first=is_first)
            is_first = False

    def _give_way(self) -> None:
        """Thin out what takes most; where there is nothing to thin out, let go of what is oldest."""
        by_weight = sorted(self._tracks.items(), key=lambda item: -item[1].weight)
        key, heaviest = by_weight[0]
        long = next((track for _, track in by_weight if len(track) > 2), None)
        if len(heaviest) <= 2 and heaviest.weight > self._most_bytes // 2:
            del self._tracks[key]
        elif long is not None:
            long.halve()
        else:
            del self._tracks[min(self._tracks, key=lambda each: _newest_step(self._tracks[each]))]
        self._count()

    def _count(self) -> None:
        self.bytes_held = sum(track.weight for track in self._tracks.values())


def _newest_step(track: Thinned[_Entry]) -> int:
    return -1 if track.newest is None else track.newest.step


def _key(reading: Reading) -> _Key | None:
    """What is thinned out together; None for what is not kept."""
    match reading:
        case HistogramsRead(histograms) if histograms:
            # Of one layer, where a page about it is open or there are too many for all: another layer's
            # readings must not be those that make room for it.
            first, last = histograms[0].layer, histograms[-1].layer
            return HistogramsRead, first if first == last else ""
        case LayersRead(missing="") | OptimizerRead(missing=""):
            return type(reading), ""
        case _:
            return None
