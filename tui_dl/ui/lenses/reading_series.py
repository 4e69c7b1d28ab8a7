"""The numbers of readings as series over steps, layer by layer, within a bound of memory."""

from dataclasses import dataclass
from itertools import groupby
from typing import Final, final

from tui_dl.history import SeriesStore
from tui_dl.history.lineage import Lineage
from tui_dl.wire.snapshots import LayersRead, OptimizerRead

LAYER_KINDS: Final = ("grad_norm", "weight_norm", "update_ratio", "dead_share", "saturated_share")
STATE_KINDS: Final = ("first_moment_rms", "second_moment_rms", "effective_step")
CELLS: Final = 2**20
"""Numbers held at most, about: 8 MiB for the layers, half of that for the optimizer."""
MOST_COLUMNS: Final = 5_000
"""Of a deeper net only the first layers are followed: a table of 3,000 layers would hold too few steps."""
_LEAST_POINTS: Final = 32
_MOST_UNREAD: Final = 8192
"""Numbers that wait at most."""


@dataclass(frozen=True, slots=True)
class _Row:
    """What one reading said of all layers, not yet in a table."""

    family: str
    segment: int
    step: int
    values: dict[str, float]
    lineage: Lineage

    @property
    def place(self) -> tuple[str, int, tuple[str, ...]]:
        """Rows that follow each other at the same place go in together."""
        return self.family, self.segment, tuple(self.values)


@final
class ReadingSeries:
    """Layer metrics by their documented names (`layers.0.grad_norm`), the optimizer's likewise.

    Segments follow the run's: what an undo took back is a ghost here as there. Rows wait until somebody
    looks or many have come: one by one they took a tenth of the screen's time, for a plot that is rarely
    shown.
    """

    def __init__(self) -> None:
        self._stores: dict[str, SeriesStore] = {}
        self._unread: list[_Row] = []
        self._numbers_unread = 0
        self.empty = SeriesStore(2, 2)

    def add_layers(self, segment: int, step: int, read: LayersRead, lineage: Lineage) -> None:
        """Take in what a whole batch showed of all layers."""
        rows = {f"{one.name}.{kind}": getattr(one, kind) for one in read.layers for kind in LAYER_KINDS}
        self._add("layers", segment, step, rows, lineage)

    def add_optimizer(self, segment: int, step: int, read: OptimizerRead, lineage: Lineage) -> None:
        """Take in what a whole batch showed of the optimizer's state."""
        rows = {f"{one.layer}.{kind}": getattr(one, kind) for one in read.layers for kind in STATE_KINDS}
        rows["effective_step"] = read.effective_step
        self._add("optimizer", segment, step, rows, lineage)

    def store_of(self, metric: str) -> SeriesStore:
        """The store that has a metric's series; an empty one before there is any."""
        self._settle()
        kind = metric.rpartition(".")[2]
        return self._stores.get("layers" if kind in LAYER_KINDS else "optimizer", self.empty)

    def has(self, metric: str) -> bool:
        """Whether there was ever a number."""
        return self.store_of(metric).latest(metric) is not None

    def clear(self) -> None:
        """Begin anew: the layers are others."""
        self._unread, self._numbers_unread = [], 0
        self._stores.clear()

    @property
    def bytes_held(self) -> int:
        """Bytes in use by the numbers held."""
        self._settle()
        return sum(store.bytes_held for store in self._stores.values())

    def _add(
        self, family: str, segment: int, step: int, rows: dict[str, float | None], lineage: Lineage
    ) -> None:
        # What does not apply (saturation behind a ReLU) has no series instead of one full of gaps.
        known = {name: value for name, value in rows.items() if value is not None}
        if not known:
            return
        if len(known) > MOST_COLUMNS:
            known = dict(list(known.items())[:MOST_COLUMNS])
        self._unread.append(_Row(family, segment, step, known, lineage))
        self._numbers_unread += len(known)
        if self._numbers_unread >= _MOST_UNREAD:
            self._settle()

    def _settle(self) -> None:
        unread, self._unread, self._numbers_unread = self._unread, [], 0
        for family in dict.fromkeys(row.family for row in unread):
            own = [row for row in unread if row.family == family]
            for _, group in groupby(own, key=lambda row: row.place):
                self._append(list(group))

    def _append(self, rows: list[_Row]) -> None:
        """Rows at one place, in the order in which they came."""
        last = rows[-1]
        store = self._stores.get(last.family)
        if store is None:
            store = self._stores[last.family] = _store_for(len(last.values))
        _follow(store, last.lineage, last.segment)
        columns = {name: [row.values[name] for row in rows] for name in last.values}
        store.append(last.segment, [row.step for row in rows], columns)


def _store_for(columns: int) -> SeriesStore:
    """A ring of points and half as many buckets of four numbers: about `CELLS` numbers together."""
    points = min(max(CELLS // (3 * max(columns, 1)), _LEAST_POINTS), 4096)
    return SeriesStore(points, points // 4 * 2)


def _follow(store: SeriesStore, lineage: Lineage, segment: int) -> None:
    """Have the segments that the run has, as far as they are not known yet."""
    if segment in store.lineage.parents:
        return
    for child in sorted(lineage.parents):
        parent = lineage.parents[child]
        if child not in store.lineage.parents or (parent and store.lineage.parents[child] != parent):
            if parent is None:
                store.begin(child)
            else:
                store.branch(child, *parent)
    store.begin(segment)
