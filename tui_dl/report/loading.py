"""A run's database as messages in the order they happened, and as a bounded history."""

from collections.abc import Iterator
from heapq import merge

import msgspec
import numpy as np

from tui_dl.history import SeriesStore
from tui_dl.runs.reader import RunReader
from tui_dl.wire.json_lines import step_matrix
from tui_dl.wire.messages import (
    ChangeApplied,
    ChangeUndone,
    Message,
    RecordedEvent,
    Restarted,
    RunFailed,
    RunFinished,
    StepsRecorded,
)

_EVENTS: dict[str, type[Message]] = {
    "change": ChangeApplied,
    "undo": ChangeUndone,
    "restart": Restarted,
    "finished": RunFinished,
    "failed": RunFailed,
}
_Keyed = tuple[tuple[int, int, int], Message]


def messages(reader: RunReader) -> Iterator[Message]:
    """Steps, evaluations and events by segment and step; at one step in the order step, evaluation, event."""
    for _, message in merge(
        _steps(reader), _evaluations(reader), _events(reader), key=lambda keyed: keyed[0]
    ):
        yield message


def load_history(reader: RunReader) -> SeriesStore:
    """The run's series as the screen holds them: bounded however long the run was."""
    store = SeriesStore()
    for segment, parent, at_step in reader.segments():
        if parent is None:
            store.begin(segment)
        else:
            store.branch(segment, parent, at_step)
    for message in reader.steps():
        steps = np.arange(message.first_step, message.first_step + step_matrix(message).shape[1])
        store.append(message.segment, steps, dict(zip(message.names, step_matrix(message), strict=True)))
    for evaluation in reader.evaluations():
        columns = {f"{evaluation.split}.{name}": [value] for name, value in evaluation.metrics.items()}
        store.append(evaluation.segment, [evaluation.step], columns)
    for event in reader.events():
        store.add_mark(event.step, event.segment, event.label, event.kind)
    return store


def _steps(reader: RunReader) -> Iterator[_Keyed]:
    """One step a message: evaluations and events come between the steps of a chunk."""
    for message in reader.steps():
        matrix = step_matrix(message)
        for position in range(matrix.shape[1]):
            nonfinite = {name: [0] for name, positions in message.nonfinite.items() if position in positions}
            step = message.first_step + position
            column = np.ascontiguousarray(matrix[:, position]).tobytes()
            yield (
                (message.segment, step, 0),
                StepsRecorded(message.segment, step, message.names, column, nonfinite),
            )


def _evaluations(reader: RunReader) -> Iterator[_Keyed]:
    for evaluation in reader.evaluations():
        yield (evaluation.segment, evaluation.step, 1), evaluation


def _events(reader: RunReader) -> Iterator[_Keyed]:
    keyed = []
    for event in reader.events():
        message = _event_message(event)
        if message is not None:
            keyed.append(((event.segment, event.step, 2), message))
    # An undo is recorded with its new segment at an earlier step than what came before it.
    yield from sorted(keyed, key=lambda pair: pair[0])


def _event_message(event: RecordedEvent) -> Message | None:
    kind = _EVENTS.get(event.kind)
    if kind is None:
        return None
    try:
        return msgspec.convert(event.body, kind)
    except msgspec.ValidationError:
        # Written by a version whose event had another shape; the steps are still worth having.
        return None
