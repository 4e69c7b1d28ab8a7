"""Steps as epochs, samples or seconds: a map made from what was recorded, so that it may bend anywhere."""

from dataclasses import dataclass
from typing import Final, Literal, final

import numpy as np

from tui_dl.history import SeriesStore, Span
from tui_dl.history.arrays import FloatArray

XUnit = Literal["step", "epoch", "samples", "seconds"]
X_UNITS: Final[tuple[XUnit, ...]] = ("step", "epoch", "samples", "seconds")

_SOURCES: Final[dict[XUnit, str]] = {
    "epoch": "samples_seen",
    "samples": "samples_seen",
    "seconds": "elapsed_s",
}
# Knots of the part that is no longer held exactly: more than any plot has columns of dots.
_KNOTS: Final = 1024
_LEAST_AXIS: Final[dict[XUnit, float]] = {"step": 100.0, "epoch": 1.0, "samples": 1000.0, "seconds": 10.0}


@final
@dataclass(frozen=True, slots=True, eq=False)
class XMap:
    """A map between steps and a unit, linear between its knots and beyond them.

    steps and values have shape (n,), n ≥ 2, steps strictly ascending, values not descending; an identity
    has none.
    """

    unit: XUnit = "step"
    steps: FloatArray | None = None
    values: FloatArray | None = None

    def to_unit(self, steps: FloatArray) -> FloatArray:
        """Steps in this unit."""
        if self.steps is None or self.values is None:
            return np.asarray(steps, dtype=np.float64)
        return _through(np.asarray(steps, dtype=np.float64), self.steps, self.values)

    def to_steps(self, values: FloatArray) -> FloatArray:
        """Values of this unit as steps, fractions of them included."""
        if self.steps is None or self.values is None:
            return np.asarray(values, dtype=np.float64)
        return _through(np.asarray(values, dtype=np.float64), self.values, self.steps)

    def at(self, step: float) -> float:
        """One step in this unit."""
        return float(self.to_unit(np.array([step]))[0])

    def step_at(self, value: float) -> float:
        """The step at one value of this unit."""
        return float(self.to_steps(np.array([value]))[0])

    @property
    def least_axis(self) -> float:
        """How long an axis from 0 is at least."""
        return _LEAST_AXIS[self.unit]


def x_map(store: SeriesStore, unit: XUnit, spans: list[Span], train_samples: int) -> XMap:
    """The map of some spans; the identity, in steps, where nothing was recorded that it could be made of.

    An epoch is one pass over `train_samples` samples, so that both bend where the batch size was changed.
    Seconds count from the first step of the spans: after a restart they begin again.
    """
    source = _SOURCES.get(unit)
    if source is None or (unit == "epoch" and train_samples < 1):
        return XMap()
    steps, values = _knots(store, spans, source)
    if steps.size < 2:
        return XMap()
    if unit == "epoch":
        values = values / train_samples
    if unit == "seconds":
        values = values - max(float(_through(np.zeros(1), steps, values)[0]), 0.0)
    return XMap(unit, steps, values)


def _knots(store: SeriesStore, spans: list[Span], metric: str) -> tuple[FloatArray, FloatArray]:
    """Steps and values of a series that never falls: points where they are held, ends of buckets before."""
    exact_steps, exact = store.points(spans, metric)
    steps, values = exact_steps.astype(np.float64), exact
    last = store.last_step(metric) if not spans else int(spans[-1].last_step or store.last_step(metric))
    edges = np.linspace(0.0, max(float(last), steps[-1] if steps.size else 0.0) + 1.0, _KNOTS + 1)
    window = store.window_of(spans, metric, edges)
    held = np.diff(np.searchsorted(steps, edges))
    older = window.count > held
    if older.any():
        ends = np.maximum(np.ceil(window.edges[1:][older]) - 1, 1.0)
        steps = np.concatenate([ends, steps])
        values = np.concatenate([window.high[older], values])
    known = np.isfinite(values)
    # A point that is held replaces the end of a bucket at the same step: the later one counts.
    steps, values = steps[known][::-1], values[known][::-1]
    steps, places = np.unique(steps, return_index=True)
    values = np.maximum.accumulate(values[places]) if steps.size else values
    if metric == "samples_seen" and steps.size:
        steps, values = np.concatenate([[0.0], steps]), np.concatenate([[0.0], values])
    return steps, values


def _through(places: FloatArray, froms: FloatArray, tos: FloatArray) -> FloatArray:
    """Linear interpolation that goes on beyond both ends with the slope there."""
    found = np.interp(places, froms, tos)
    before, after = places < froms[0], places > froms[-1]
    if before.any():
        found = np.where(before, tos[0] + (places - froms[0]) * _slope(froms, tos, first=True), found)
    if after.any():
        found = np.where(after, tos[-1] + (places - froms[-1]) * _slope(froms, tos, first=False), found)
    return found


def _slope(froms: FloatArray, tos: FloatArray, *, first: bool) -> float:
    """The slope at an end, over the nearest knots that differ; over all where these do not."""
    near = (froms[:8], tos[:8]) if first else (froms[-2:], tos[-2:])
    for part_from, part_to in (near, (froms, tos)):
        rise, run = float(part_to[-1] - part_to[0]), float(part_from[-1] - part_from[0])
        if run > 0 and rise > 0:
            return rise / run
    return 1.0
