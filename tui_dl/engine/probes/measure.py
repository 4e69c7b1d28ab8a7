"""Exact values of named metrics at this very step, for expectations and whoever asks; no budget counts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, final

from tui_dl.wire.snapshots import LayersRead, OptimizerRead, Reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui_dl.engine.training.trainer import Trainer

Measure = Callable[["Trainer", str], float | None]
"""Of a trainer and the metric's full name: its value now, None where it is not defined. Changes nothing."""

_SPLITS: Final = ("train", "validation", "test")


@final
@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of this step already."""

    scalars: Mapping[str, float] = field(default_factory=dict)
    """The values that the last batch reported."""
    readings: Sequence[Reading] = ()
    """What the instruments saw in the very batch that led to this step."""


def instrument_of(name: str, instruments: Mapping[str, Measure]) -> Measure | None:
    """What measures a metric: one of that name, or one for all names that begin and end so."""
    first, last = name.partition(".")[0], name.rpartition(".")[2]
    return instruments.get(name) or instruments.get(f"{first}.*.{last}") or instruments.get(f"*.{last}")


@final
class Measurer:
    """Finds out the values of metrics, each split evaluated once at most."""

    def __init__(self, trainer: Trainer, evidence: Evidence, instruments: Mapping[str, Measure]) -> None:
        self._trainer = trainer
        self._evidence = evidence
        self._instruments = instruments
        self._evaluated: dict[str, dict[str, float]] = {}

    def measure(self, metrics: Sequence[str]) -> dict[str, float | None]:
        """Each metric's value; None if it is not finite or not defined here."""
        values: dict[str, float | None] = {}
        for name in metrics:
            value = self._value(name)
            values[name] = value if value is not None and math.isfinite(value) else None
        return values

    def _value(self, name: str) -> float | None:
        split, _, kind = name.partition(".")
        if split in _SPLITS:
            return self._evaluation(split).get(kind)
        if name == "gap.loss":
            train, validation = (self._evaluation(each).get("loss") for each in _SPLITS[:2])
            return None if train is None or validation is None else validation - train
        seen = self._seen(name)
        if seen is not None:
            return seen
        if name in self._evidence.scalars:
            return self._evidence.scalars[name]
        instrument = instrument_of(name, self._instruments)
        return None if instrument is None else instrument(self._trainer, name)

    def _evaluation(self, split: str) -> dict[str, float]:
        if split not in self._evaluated:
            splits = self._trainer.splits
            is_missing = split == "test" and (splits is None or splits.test is None)
            self._evaluated[split] = {} if is_missing else dict(self._trainer.evaluate(split))
        return self._evaluated[split]

    def _seen(self, name: str) -> float | None:
        """The value in a reading of this very step."""
        layer, _, kind = name.rpartition(".")
        for reading in self._evidence.readings:
            if isinstance(reading, LayersRead):
                if name == "grad_ratio":
                    return reading.grad_ratio
                for each in reading.layers:
                    if each.name == layer:
                        value: Any = getattr(each, kind, None)
                        return value if isinstance(value, float) else None
            elif isinstance(reading, OptimizerRead) and name == "optimizer.effective_step":
                return reading.effective_step
        return None
