"""Messages as JSON objects: the stable shapes that scripts read, one object a line."""

import math
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from tui_dl.wire.messages import (
    UNLISTED,
    ChangeApplied,
    ChangeUndone,
    EvaluationRecorded,
    ExpectationChecked,
    Message,
    Noticed,
    RateFound,
    Restarted,
    RunDescribed,
    RunFailed,
    RunFinished,
    StepsRecorded,
)

_INTEGERS = frozenset({"step", "segment", "epoch", "samples_seen"})
_LEADING = ("epoch", "samples_seen", "loss", "lr", "grad_norm")


def encode(value: dict[str, Any]) -> bytes:
    """One line, newline included; valid JSON whatever the numbers are."""
    return msgspec.json.encode(value) + b"\n"


def objects(message: Message) -> Iterator[dict[str, Any]]:
    """The objects that a message stands for: none, one, or one per step."""
    match message:
        case StepsRecorded():
            yield from _steps(message)
        case RunDescribed():
            yield _started(message)
        case EvaluationRecorded():
            yield _evaluation(message)
        case ChangeApplied(receipt):
            yield {"type": "change", **msgspec.to_builtins(receipt)}
        case ChangeUndone() | Restarted() | Noticed():
            yield msgspec.to_builtins(message)
        case ExpectationChecked():
            yield _expectation(message)
        case RateFound():
            yield from _rates(message)
        case RunFinished(reason, step):
            yield {"type": "finished", "reason": reason, "step": step}
        case RunFailed(error):
            yield {"type": "failed", "error": error}


def step_matrix(message: StepsRecorded) -> np.ndarray:
    """The message's numbers, float64, (names, steps); a read-only view."""
    return np.frombuffer(message.columns, dtype="<f8").reshape(len(message.names), -1)


def _steps(message: StepsRecorded) -> Iterator[dict[str, Any]]:
    matrix = step_matrix(message)
    names = message.names
    # The same run gives the same lines: what depends on the clock stays out, and so does what is no metric.
    known = [name for name in names if name not in UNLISTED]
    order = [name for name in _LEADING if name in known] + [name for name in known if name not in _LEADING]
    columns = {name: matrix[names.index(name)].tolist() for name in order}
    bad_at: dict[int, list[str]] = {}
    for name, positions in message.nonfinite.items():
        if name in UNLISTED:
            continue
        for position in positions:
            bad_at.setdefault(position, []).append(name)
    for position in range(matrix.shape[1]):
        row: dict[str, Any] = {
            "type": "step",
            "step": message.first_step + position,
            "segment": message.segment,
        }
        for name in order:
            value = columns[name][position]
            row[name] = int(value) if name in _INTEGERS and math.isfinite(value) else value
        # A value that was not measured (a metric that came with a later change) is left out, not null.
        bad = bad_at.get(position, [])
        row = {key: value for key, value in row.items() if not _is_missing(value, key in bad)}
        if bad:
            row.update(dict.fromkeys(bad))
            row["nonfinite"] = sorted(bad)
        yield row


def _is_missing(value: Any, known_bad: bool) -> bool:
    return isinstance(value, float) and math.isnan(value) and not known_bad


def _started(message: RunDescribed) -> dict[str, Any]:
    return {
        "type": "started",
        "run": message.run,
        "experiment": msgspec.to_builtins(message.experiment),
        "device": message.device,
        "threads": message.threads,
        "parameters": message.parameters,
        "multiply_adds": message.multiply_adds,
        "activation_bytes": message.activation_bytes,
        "versions": message.versions,
        "steps_per_epoch": message.steps_per_epoch,
        "total_steps": message.total_steps,
    }


def _evaluation(message: EvaluationRecorded) -> dict[str, Any]:
    bad = sorted(
        set(message.nonfinite) | {name for name, value in message.metrics.items() if not math.isfinite(value)}
    )
    row: dict[str, Any] = {
        "type": "evaluation",
        "split": message.split,
        "step": message.step,
        "segment": message.segment,
        "epoch": message.epoch,
        **message.metrics,
        **dict.fromkeys(bad),
    }
    if bad:
        row["nonfinite"] = bad
    return row


def _expectation(message: ExpectationChecked) -> dict[str, Any]:
    return {
        "type": "expectation",
        "passed": message.passed,
        "metric": message.metric,
        "variant": message.variant,
        "at_step": message.at_step,
        "value": message.value,
        "bound": message.bound,
        "message": message.message,
    }


def _rates(message: RateFound) -> Iterator[dict[str, Any]]:
    """A line for each rate that was tried, then what they say."""
    curve = message.curve
    points = zip(curve.rates, curve.losses, curve.smoothed, strict=True)
    for batch, (lr, loss, smoothed) in enumerate(points, start=1):
        yield {"type": "rate", "batch": batch, "lr": lr, "loss": loss, "smoothed": smoothed}
    yield {
        "type": "rate_found",
        "step": message.step,
        "suggested": message.advice.suggested,
        "tenth_of_lowest": message.advice.tenth_of_lowest,
        "reason": message.advice.reason,
        "ended": message.ended,
        **msgspec.structs.asdict(message.search),
    }


def plain(value: Any) -> Any:
    """Structs as plain dictionaries and lists."""
    return msgspec.to_builtins(value)
