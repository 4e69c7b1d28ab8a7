"""A plot's numbers as CSV: a row for each point that is held, and for each bucket of older ones."""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from tui_dl.history import HeldParts, SeriesStore, Span
from tui_dl.ui.plots.x_units import XMap

COLUMNS: Final = (
    "metric",
    "curve",
    "segment",
    "first_step",
    "last_step",
    "low",
    "mean",
    "high",
    "finite",
    "not_finite",
)
_CURVES: Final = {"live": "live", "abandoned": "undone", "earlier": "before the restart"}


def csv_of(store: SeriesStore, metrics: Sequence[str], shown: tuple[float, float], unit: XMap) -> bytes:
    """All that is held of some metrics in a range of x, which is in the unit.

    A point has first_step = last_step and low = mean = high, in the shortest form that reads back as the same
    number; a value that was not finite leaves the three empty. A bucket of older steps has its extremes.
    The unit, where it is not the step, has a column of its own: the place of last_step.
    """
    low, high = (unit.step_at(value) for value in shown)
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    names = COLUMNS if unit.unit == "step" else (*COLUMNS, unit.unit)
    writer.writerow(names)
    for metric in metrics:
        for span in (*store.live(), *store.ghosts(metric)):
            parts = store.held([span], metric).between(low, high)
            writer.writerows(_rows(metric, span, parts, unit))
    return target.getvalue().encode()


def _rows(metric: str, span: Span, parts: HeldParts, unit: XMap) -> Iterator[list[str | int]]:
    places = unit.to_unit(parts.last.astype(np.float64))
    for index in range(parts.first.size):
        row: list[str | int] = [
            metric,
            _CURVES[span.kind],
            span.segment,
            int(parts.first[index]),
            int(parts.last[index]),
            *(_number(values[index]) for values in (parts.low, parts.mean, parts.high)),
            int(parts.count[index]),
            int(parts.gaps[index]),
        ]
        yield row if unit.unit == "step" else [*row, _number(places[index])]


def _number(value: float) -> str:
    return repr(float(value)) if math.isfinite(value) else ""
