"""Exact values where no instrument saw the last batch: what the next one will show, found out on copies."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tui_dl.engine.probes.layers import LayersProbe
from tui_dl.engine.probes.optimizer_state import OptimizerProbe

if TYPE_CHECKING:
    from tui_dl.engine.probes.base import Probe
    from tui_dl.engine.training.trainer import Trainer
    from tui_dl.wire.snapshots import LayersRead


def of_layer(trainer: Trainer, name: str) -> float | None:
    """A value of one layer: `layers.0.grad_norm`."""
    layer, _, kind = name.rpartition(".")
    found = next((each for each in _layers(trainer).layers if each.name == layer), None)
    value: float | None = getattr(found, kind, None)
    return value


def grad_ratio(trainer: Trainer, name: str) -> float | None:
    """Gradient norm of the first layer's weights over that of the last layer's."""
    return _layers(trainer).grad_ratio


def effective_step(trainer: Trainer, name: str) -> float | None:
    """Root mean square of the update over all parameters."""
    probe = OptimizerProbe()
    _observe(trainer, probe)
    reading = probe.reading()
    return None if reading is None else reading.effective_step


def scalar(trainer: Trainer, name: str) -> float | None:
    """A number that every step reports: `grad_norm`, `data_loss`, `penalty`, `lr`."""
    copies = trainer.rehearsal()
    copies.train_batch()
    steps = copies.drain_scalars()
    value = float(steps.values[steps.names.index(name), -1]) if name in steps.names else math.nan
    return value if math.isfinite(value) else None


def _layers(trainer: Trainer) -> LayersRead:
    probe = LayersProbe()
    _observe(trainer, probe)
    reading = probe.reading()
    assert reading is not None, "a whole batch was observed"
    return reading


def _observe(trainer: Trainer, probe: Probe) -> None:
    copies = trainer.rehearsal()
    for phase in copies.phases():
        index, count = copies.batch.micro
        if index == count:
            probe.observe(copies, phase)
