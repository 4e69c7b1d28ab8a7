"""Takes an engine's messages into a store, under the same names on both sides of the connection."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from tui_dl.wire.messages import (
    ChangeApplied,
    ChangeUndone,
    EvaluationRecorded,
    Message,
    Restarted,
    StepsRecorded,
)

if TYPE_CHECKING:
    from tui_dl.history.store import SeriesStore
    from tui_dl.wire.plans import Receipt

_WITHOUT_SPLIT: Final = frozenset({"data_loss", "penalty", "lr", "grad_norm", "epoch", "samples_seen"})


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
            columns = {batch_series(name): matrix[row] for row, name in enumerate(message.names)}
            store.append(message.segment, steps, columns)
        case EvaluationRecorded():
            values = {**message.metrics, **dict.fromkeys(message.nonfinite, math.nan)}
            named = {evaluation_series(message.split, name): [value] for name, value in values.items()}
            store.append(message.segment, [message.step], named)
        case ChangeApplied(receipt):
            store.add_mark(receipt.step, receipt.segment, receipt_label(receipt), "change")
        case ChangeUndone():
            store.branch(message.segment, message.parent_segment, message.step)
            store.add_mark(message.step, message.segment, f"undo {message.label}", "undo")
        case Restarted():
            store.begin(message.segment)
            store.add_mark(0, message.segment, message.label, "restart")
        case _:
            return False
    return True


def receipt_label(receipt: Receipt) -> str:
    """What a change was, short enough for a plot's mark."""
    parts = [_edit_label(path, old, new) for path, old, new in receipt.edits]
    return ", ".join(parts) or ", ".join(receipt.change)


def _edit_label(path: str, old: str, new: str) -> str:
    name = path.rpartition(".")[2]
    if old in ("", "none", "None"):
        return f"+{name} {new}".strip()
    if new in ("", "none", "None"):
        return f"-{name}"
    return f"{name} {old} → {new}"
