"""Steps to record, and recorded ones put together again."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tui_dl.wire.messages import StepsRecorded

Row = dict[str, float | None]


def steps(segment: int, first: int, columns: Mapping[str, Sequence[float]]) -> StepsRecorded:
    """A message as an engine makes it: what is not finite is NaN and listed."""
    matrix = np.array(list(columns.values()), dtype="<f8").reshape(len(columns), -1)
    nonfinite = {
        name: np.flatnonzero(~np.isfinite(matrix[row])).tolist()
        for row, name in enumerate(columns)
        if not np.isfinite(matrix[row]).all()
    }
    plain = np.where(np.isfinite(matrix), matrix, np.nan)
    return StepsRecorded(segment, first, tuple(columns), plain.tobytes(), nonfinite)


def losses(segment: int, first: int, count: int) -> StepsRecorded:
    """Some steps whose loss is their number."""
    numbers = [float(first + offset) for offset in range(count)]
    return steps(segment, first, {"loss": numbers, "lr": [0.1] * count})


def rows(messages: Iterable[StepsRecorded]) -> dict[tuple[int, int], Row]:
    """(segment, step) → values by name, None where not finite; what was not measured is left out."""
    found: dict[tuple[int, int], Row] = {}
    for message in messages:
        matrix = np.frombuffer(message.columns, "<f8").reshape(len(message.names), -1)
        for position in range(matrix.shape[1]):
            key = (message.segment, message.first_step + position)
            assert key not in found, f"{key} came twice"
            row: Row = {}
            for name, value in zip(message.names, matrix[:, position].tolist(), strict=True):
                if position in message.nonfinite.get(name, []):
                    row[name] = None
                elif not np.isnan(value):
                    row[name] = value
            found[key] = row
    return found
