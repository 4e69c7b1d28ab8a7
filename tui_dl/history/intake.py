"""Takes an engine's messages into a store, under the same names on both sides of the connection."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from tui_dl.wire.messages import (
    ELAPSED_S,
    ChangeApplied,
    ChangeUndone,
    EvaluationRecorded,
    Message,
    NonFiniteFound,
    Restarted,
    StepsRecorded,
)
from tui_dl.wire.receipt_label import receipt_label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui_dl.history.arrays import FloatArray, IntArray
    from tui_dl.history.store import SeriesStore

_WITHOUT_SPLIT: Final = frozenset({"data_loss", "penalty", "lr", "grad_norm", "epoch", "samples_seen"})


@lru_cache(maxsize=4096)
def batch_series(name: str) -> str:
    """The series of a metric that a step reports: `train.loss` of `loss`, `lr` of `lr`."""
    return name if name in _WITHOUT_SPLIT or "." in name else f"train.{name}"


def evaluation_series(split: str, name: str) -> str:
    """The series of a split's metric. The train split evaluated whole is another thing than its batches."""
    prefix = "train_split" if split == "train" else split
    return f"{prefix}.{name.rpartition('.')[2]}"


def take_in(store: SeriesStore, message: Message) -> bool:
    """Add what a message says to the store. Tells whether it was a message of the history at all."""
    match message:
        case StepsRecorded():
            matrix = np.frombuffer(message.columns, dtype="<f8").reshape(len(message.names), -1)
            steps = np.arange(message.first_step, message.first_step + matrix.shape[1])
            columns = {
                batch_series(name): matrix[row] for row, name in enumerate(message.names) if name != ELAPSED_S
            }
            store.append(message.segment, steps, columns)
            if ELAPSED_S in message.names:
                _take_in_times(store, message.segment, steps, matrix[message.names.index(ELAPSED_S)])
        case EvaluationRecorded():
            take_in_evaluations(store, [message])
        case ChangeApplied(receipt):
            store.add_mark(receipt.step, receipt.segment, receipt_label(receipt), "change")
        case ChangeUndone():
            store.branch(message.segment, message.parent_segment, message.step)
            store.add_mark(message.step, message.segment, f"undo {message.label}", "undo")
        case NonFiniteFound(step, what, layer):
            words = f"non-finite {what}" + (f" in {layer}" if layer else "")
            store.add_mark(step, store.current_segment, words, "nonfinite")
        case Restarted():
            store.begin(message.segment)
            store.add_mark(0, message.segment, message.label, "restart")
        case _:
            return False
    return True


def take_in_numbers(store: SeriesStore, messages: Iterable[StepsRecorded | EvaluationRecorded]) -> None:
    """Add many at once, in few pieces: short epochs end a hundred times a second."""
    steps: list[StepsRecorded] = []
    evaluations: list[EvaluationRecorded] = []
    for message in messages:
        if isinstance(message, StepsRecorded):
            steps.append(message)
        else:
            evaluations.append(message)
    for message in joined(steps):
        take_in(store, message)
    take_in_evaluations(store, evaluations)


def joined(steps: Iterable[StepsRecorded]) -> list[StepsRecorded]:
    """The same steps in fewer messages: one that goes on where the one before it ended becomes part of it."""
    groups: list[list[StepsRecorded]] = []
    following = -1
    for message in steps:
        behind = groups[-1][-1] if groups else None
        if (
            behind is not None
            and (behind.segment, behind.names) == (message.segment, message.names)
            and message.first_step == following
        ):
            groups[-1].append(message)
        else:
            groups.append([message])
        following = message.first_step + step_count(message)
    return [group[0] if len(group) == 1 else _joined(group) for group in groups]


def step_count(message: StepsRecorded) -> int:
    """How many steps a message holds."""
    return len(message.columns) // 8 // max(len(message.names), 1)


def take_in_evaluations(store: SeriesStore, evaluations: Iterable[EvaluationRecorded]) -> None:
    """Add many at once: what they have in common costs once."""
    rows: dict[tuple[int, tuple[str, ...]], tuple[list[int], list[list[float]]]] = {}
    for message in evaluations:
        values = {**message.metrics, **dict.fromkeys(message.nonfinite, math.nan)}
        names = tuple(evaluation_series(message.split, name) for name in values)
        steps, columns = rows.setdefault((message.segment, names), ([], []))
        steps.append(message.step)
        columns.append(list(values.values()))
    for (segment, names), (steps, columns) in rows.items():
        store.append(segment, steps, dict(zip(names, np.array(columns, dtype=np.float64).T, strict=True)))


def _take_in_times(store: SeriesStore, segment: int, steps: IntArray, elapsed_s: FloatArray) -> None:
    """Time is taken at some steps only; the others were not measured, which is no gap."""
    taken = np.isfinite(elapsed_s)
    if taken.any():
        store.append(segment, steps[taken], {ELAPSED_S: elapsed_s[taken]})


def _joined(group: list[StepsRecorded]) -> StepsRecorded:
    first = group[0]
    parts = [np.frombuffer(each.columns, dtype="<f8").reshape(len(each.names), -1) for each in group]
    nonfinite: dict[str, list[int]] = {}
    for each in group:
        for name, places in each.nonfinite.items():
            offset = each.first_step - first.first_step
            nonfinite.setdefault(name, []).extend(place + offset for place in places)
    columns = np.concatenate(parts, axis=1).tobytes()
    return StepsRecorded(first.segment, first.first_step, first.names, columns, nonfinite)
