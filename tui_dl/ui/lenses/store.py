"""The memory of all lenses: the newest readings, completed where they were taken at rest, and all before."""

from typing import TypeVar, final

from msgspec import structs

from tui_dl.history.lineage import Lineage
from tui_dl.history.thinned import holds
from tui_dl.ui.lenses.histogram_history import HistogramHistory
from tui_dl.ui.lenses.reading_series import ReadingSeries
from tui_dl.wire.messages import PastReadings, ReadingTaken
from tui_dl.wire.snapshots import (
    HistogramsRead,
    LayerReading,
    LayersRead,
    OptimizerRead,
    OptimizerReading,
    Reading,
)

_OneLayer = TypeVar("_OneLayer", LayerReading, OptimizerReading)


@final
class Lenses:
    """Takes readings in as they come. Not thread-safe."""

    def __init__(self) -> None:
        self.histograms = HistogramHistory()
        self.series = ReadingSeries()
        self.chosen = ""
        """The layer that every lens shows; another name than any layer's stands for the first."""
        self._whole: dict[type[Reading], ReadingTaken] = {}
        self._segment: int | None = None

    def take(self, message: ReadingTaken, lineage: Lineage) -> ReadingTaken:
        """Remember a reading; returns it with what only a batch can show filled in from the last one."""
        if message.segment != self._segment:
            self._segment = message.segment
            self.histograms.keep(lineage.live(message.segment))
        self._remember(message, lineage)
        match message.reading:
            case OptimizerRead(missing=missing) | LayersRead(missing=missing) if missing:
                return self._completed(message)
            case _:
                return message

    def recall(self, past: PastReadings, lineage: Lineage) -> None:
        """Take in what was seen before this screen came; its first piece replaces all that is remembered.

        What has been abandoned meanwhile is passed over.
        """
        if past.is_first:
            self.clear()
        spans = lineage.live()
        for message in past.readings:
            if holds(spans, message):
                self._remember(message, lineage)

    def clear(self) -> None:
        """Begin anew: the layers are others."""
        self.histograms.clear()
        self.series.clear()
        self._whole.clear()

    def _remember(self, message: ReadingTaken, lineage: Lineage) -> None:
        reading, segment, step = message.reading, message.segment, message.step
        match reading:
            case HistogramsRead():
                self.histograms.add(segment, step, reading.histograms)
            case LayersRead(missing=""):
                self._whole[LayersRead] = message
                self.series.add_layers(segment, step, reading, lineage)
            case OptimizerRead():
                self.histograms.add(segment, step, reading.histograms)
                if not reading.missing:
                    self._whole[OptimizerRead] = message
                    self.series.add_optimizer(segment, step, reading, lineage)
            case _:
                pass

    def _completed(self, message: ReadingTaken) -> ReadingTaken:
        """What was taken at rest lacks what takes a batch: the last one showed it, and its step is said."""
        before = self._whole.get(type(message.reading))
        if before is None or before.segment != message.segment or before.step > message.step:
            return message
        words = f"updates and units at step {before.step:,}"
        match message.reading, before.reading:
            case LayersRead() as now, LayersRead() as then:
                layers = _filled(
                    {one.name: one for one in then.layers}, {one.name: one for one in now.layers}
                )
                ratio = then.grad_ratio if now.grad_ratio is None else now.grad_ratio
                filled: Reading = LayersRead(tuple(layers.values()), ratio, words)
            case OptimizerRead() as now, OptimizerRead() as then if now.optimizer == then.optimizer:
                states = _filled(
                    {one.layer: one for one in then.layers}, {one.layer: one for one in now.layers}
                )
                step = then.effective_step if now.effective_step is None else now.effective_step
                words = f"updates at step {before.step:,}"
                filled = structs.replace(
                    now, layers=tuple(states.values()), effective_step=step, missing=words
                )
            case _:
                return message
        return structs.replace(message, reading=filled)


def _filled(then: dict[str, _OneLayer], now: dict[str, _OneLayer]) -> dict[str, _OneLayer]:
    """Each layer as it is now, with what was not seen of it as it was then."""
    result = {}
    for name, one in now.items():
        before = then.get(name)
        gaps = [field for field in one.__struct_fields__ if getattr(one, field) is None]
        found = {field: getattr(before, field) for field in gaps} if before is not None else {}
        result[name] = structs.replace(one, **found)
    return result
