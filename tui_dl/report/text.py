"""A run as a page of text: what it was, its curves, its changes, its last numbers."""

import os
from typing import IO, Any

import numpy as np

from tui_dl.history import SeriesStore
from tui_dl.report.charts import Chart, Curve, draw
from tui_dl.report.loading import load_history
from tui_dl.runs.folder import RunFolder
from tui_dl.runs.listing import summarise
from tui_dl.runs.reader import RunReader
from tui_dl.wire.messages import EvaluationRecorded, RecordedEvent

_CHART_ROWS = 16
_SHOWN_EVENTS = frozenset({"change", "undo", "restart", "finished", "failed", "nonfinite"})
_BOOKKEEPING = frozenset({"epoch", "samples_seen", "elapsed_s"})
_IN_LOSS = frozenset({"loss", "cross_entropy"})


def write_report(folder: RunFolder, stream: IO[str], *, columns: int) -> None:
    """Write the page; colours only where the stream is a terminal that wants them."""
    colour = stream.isatty() and not os.environ.get("NO_COLOR")
    with RunReader(folder.database_path) as reader:
        meta, events, evaluations = reader.meta(), reader.events(), reader.evaluations()
        history = load_history(reader)
    stream.write(_heading(folder, meta))
    if not history.last_step():
        stream.write("\nNo step was recorded.\n")
    else:
        for chart in _charts(history, columns):
            stream.write("\n" + draw(chart, columns=columns, rows=_CHART_ROWS, colour=colour) + "\n")
    stream.write(_changes(events))
    stream.write(_numbers(history, evaluations))


def _heading(folder: RunFolder, meta: dict[str, Any]) -> str:
    summary = summarise(folder)
    lines = [str(meta.get("title") or summary.preset or folder.id)]
    facts = [folder.id, summary.state, f"{summary.step} steps", f"started {summary.started}"]
    if meta.get("device"):
        facts.append(f"on {meta['device']}")
    return "\n".join([*lines, "  ".join(facts), ""])


def _charts(history: SeriesStore, columns: int) -> list[Chart]:
    """Loss, then each metric of the task, then the rate if it moves; marks where something was changed."""
    live = history.live()
    marks = tuple(
        float(mark.step) for mark in history.marks(live) if mark.kind in ("change", "undo", "restart")
    )
    names = [name for name in history.metrics() if name not in _BOOKKEEPING]
    validation = [name.removeprefix("validation.") for name in names if name.startswith("validation.")]
    charts = [_pair(history, "loss", columns, marks, logarithmic=True)]
    # The task names what it is judged by first; its other metrics are among the last numbers.
    charts += [_pair(history, name, columns, marks) for name in validation if name not in _IN_LOSS][:1]
    if "grad_norm" in names:
        curve = _curve(history, "grad_norm", "gradient norm", columns)
        charts.append(Chart("gradient norm", (curve,), marks, logarithmic=True))
    rate = _curve(history, "lr", "learning rate", columns)
    if len(set(rate.y)) > 1:
        charts.append(Chart("learning rate", (rate,), marks))
    return charts


def _pair(
    history: SeriesStore, name: str, columns: int, marks: tuple[float, ...], *, logarithmic: bool = False
) -> Chart:
    """The batches' values and the whole validation split's in one chart."""
    curves = (
        _curve(history, name, "train (batches)", columns),
        _curve(history, f"validation.{name}", "validation", columns),
    )
    return Chart(name, curves, marks, logarithmic)


def _curve(history: SeriesStore, metric: str, label: str, columns: int) -> Curve:
    """Two points per column of the drawing, its lowest and highest: a spike of one step is seen."""
    last_step = history.last_step()
    window = history.live_window(metric, 0, max(last_step, 1), 2 * columns)
    held = window.count > 0
    centres = window.centres[held]
    x = np.repeat(centres, 2)
    y = np.stack([window.low[held], window.high[held]], axis=1).ravel()
    return Curve(label, x.tolist(), y.tolist())


def _changes(events: list[RecordedEvent]) -> str:
    shown = [event for event in events if event.kind in _SHOWN_EVENTS]
    if not shown:
        return "\nChanges: none\n"
    lines = ["", "Changes", f"{'step':>10}  {'kind':<10}what"]
    for event in shown:
        receipt = event.body.get("receipt", {})
        before, after = receipt.get("probe_loss_before"), receipt.get("probe_loss_after")
        effect = f"  (loss {before:.4g} → {after:.4g})" if before is not None and after is not None else ""
        lines.append(f"{event.step:>10}  {event.kind:<10}{event.label}{effect}")
    return "\n".join(lines) + "\n"


def _numbers(history: SeriesStore, evaluations: list[EvaluationRecorded]) -> str:
    """The last value of everything: of batches as recorded, of splits as evaluated."""
    current = history.current_segment
    last: dict[str, EvaluationRecorded] = {}
    for evaluation in evaluations:
        if evaluation.segment == current or evaluation.split not in last:
            last[evaluation.split] = evaluation
    lines = ["", "Last numbers"]
    for split, evaluation in last.items():
        values = "  ".join(f"{name} {value:.5g}" for name, value in evaluation.metrics.items())
        lines.append(f"  {split} at step {evaluation.step}: {values}")
    batch = []
    for name in history.metrics(current):
        latest = history.latest(name)
        if latest is not None and "." not in name and name not in _BOOKKEEPING:
            batch.append(f"{name} {latest[1]:.5g}")
    if batch:
        lines.append(f"  batch at step {history.last_step()}: {'  '.join(batch)}")
    return "\n".join(lines) + "\n"
