"""Messages as rows of the database's tables, and rows as messages."""

import math
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any

from tui_dl.wire.messages import EvaluationRecorded, StepsRecorded


def step_count(steps: StepsRecorded) -> int:
    """How many steps a message holds."""
    return len(steps.columns) // 8 // max(1, len(steps.names))


def step_rows(steps: StepsRecorded, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Rows of (segment, step, nonfinite, a value for each of `names`)."""
    # Only an engine writes rows; a command that starts one should not wait for numpy.
    import numpy as np

    count = step_count(steps)
    matrix = np.frombuffer(steps.columns, dtype="<f8").reshape(len(steps.names), count)
    bad: dict[int, set[str]] = {}
    for name, positions in steps.nonfinite.items():
        for position in positions:
            bad.setdefault(position, set()).add(name)
    columns: list[list[Any]] = []
    for name in names:
        values = matrix[steps.names.index(name)]
        column: list[Any] = values.tolist()
        # sqlite3 writes a NaN as NULL, but would keep an infinity, which other readers stumble over.
        for position in np.flatnonzero(np.isinf(values)).tolist():
            bad.setdefault(position, set()).add(name)
            column[position] = None
        columns.append(column)
    nonfinite: list[str | None] = [None] * count
    for position, bad_names in bad.items():
        nonfinite[position] = ",".join(sorted(bad_names))
    numbers = range(steps.first_step, steps.first_step + count)
    return zip(repeat(steps.segment), numbers, nonfinite, *columns, strict=False)


def evaluation_rows(evaluation: EvaluationRecorded) -> Iterator[tuple[Any, ...]]:
    """Rows of the table of evaluations, one a metric."""
    values: dict[str, float | None] = dict(evaluation.metrics)
    values.update(dict.fromkeys(evaluation.nonfinite))
    for metric, value in values.items():
        finite = value if value is not None and math.isfinite(value) else None
        yield (evaluation.segment, evaluation.step, evaluation.epoch, evaluation.split, metric, finite)


def steps_messages(rows: Sequence[tuple[Any, ...]], names: Sequence[str]) -> Iterator[StepsRecorded]:
    """Messages of consecutive steps from sorted rows of (segment, step, nonfinite, values)."""
    first = 0
    for position in range(1, len(rows) + 1):
        if position == len(rows) or rows[position][:2] != (rows[position - 1][0], rows[position - 1][1] + 1):
            yield _steps_message(rows[first:position], names)
            first = position


def _steps_message(rows: Sequence[tuple[Any, ...]], names: Sequence[str]) -> StepsRecorded:
    import numpy as np

    nonfinite: dict[str, list[int]] = {}
    for position, row in enumerate(rows):
        if row[2]:
            for name in row[2].split(","):
                nonfinite.setdefault(name, []).append(position)
    values = np.array([row[3:] for row in rows], dtype=np.float64).T
    # A column that another part of the run has made says nothing about these steps.
    measured = [
        position
        for position, name in enumerate(names)
        if name in nonfinite or not bool(np.isnan(values[position]).all())
    ]
    return StepsRecorded(
        segment=rows[0][0],
        first_step=rows[0][1],
        names=tuple(names[position] for position in measured),
        columns=np.ascontiguousarray(values[measured], dtype="<f8").tobytes(),
        nonfinite=nonfinite,
    )
