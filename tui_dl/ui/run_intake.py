"""What each kind of message does to the screen's mirror of a run."""

import contextlib
from typing import TYPE_CHECKING, Final

import msgspec

from tui_dl.ui.numerals import number
from tui_dl.ui.run_log import Level, LogEntry
from tui_dl.ui.run_topics import ALL_TOPICS, Topic
from tui_dl.wire.messages import (
    AnyMessage,
    ChangeApplied,
    ChangeUndone,
    EvaluationRecorded,
    ExpectationChecked,
    HistorySent,
    NonFiniteFound,
    Noticed,
    PastReadings,
    PhaseReached,
    RateFound,
    RatesTried,
    ReadingTaken,
    RecordedEvent,
    Restarted,
    RunDescribed,
    RunFailed,
    RunFinished,
    SceneReached,
    StatusChanged,
    StepsRecorded,
    Welcomed,
)
from tui_dl.wire.pictures import LossShapeRead, LossSliceRead, LossSurfaceRead, MatrixRead
from tui_dl.wire.plans import Receipt
from tui_dl.wire.snapshots import HistogramsRead, LayersRead, OptimizerRead, Reading

if TYPE_CHECKING:
    from tui_dl.ui.run_model import RunModel

MAX_RECEIPTS: Final = 500
_SERIES: Final[frozenset[Topic]] = frozenset(("series",))
_LENSES: Final[frozenset[Topic]] = frozenset(("layers", "histograms", "optimizer"))


def take(model: "RunModel", message: AnyMessage) -> frozenset[Topic]:
    """Take a message in. Returns what it touched."""
    match message:
        case StepsRecorded() | EvaluationRecorded():
            return _add_numbers(model, message)
        case StatusChanged():
            return _take_status(model, message)
        case ReadingTaken():
            return _take_reading(model, message)
        case PastReadings():
            model.lenses.recall(message, model.history.lineage)
            return _LENSES
        case PhaseReached():
            return _add_phase(model, message)
        case Welcomed() | RunDescribed() | HistorySent():
            return _begin(model, message)
        case ChangeApplied() | ChangeUndone() | Restarted():
            return _turn(model, message)
        case _:
            return _note(model, message)


def _begin(model: "RunModel", message: Welcomed | RunDescribed | HistorySent) -> frozenset[Topic]:
    match message:
        case Welcomed():
            model.run, model.pid, model.controls = message.run, message.pid, message.controls
            model.link, model.link_detail = "live", message.refused
            return frozenset({"link", "status"})
        case RunDescribed():
            known = model.described
            model.described, model.experiment = message, message.experiment
            model.run, model.path = message.run, message.path or model.path
            if known is not None and [one.name for one in known.layers] != [
                one.name for one in message.layers
            ]:
                model.readings.clear()
                model.lenses.clear()
            return ALL_TOPICS - {"link", "events", "phase"}
        case HistorySent():
            model.restore(message.state)
            model.events.clear()
            model.receipts.clear()
            for event in message.events:
                _recall(model, event)
            return ALL_TOPICS


def _add_numbers(model: "RunModel", message: StepsRecorded | EvaluationRecorded) -> frozenset[Topic]:
    model.take_numbers(message)
    if isinstance(message, StepsRecorded):
        model.nonfinite = None
        if model.finished is not None and model.history.last_step("train.loss") > model.finished.step:
            model.finished = None
    return _SERIES


def _take_status(model: "RunModel", message: StatusChanged) -> frozenset[Topic]:
    before = model.status
    model.status = message
    model.scene, model.scene_waiting = message.scene, message.scene_waiting
    touched: set[Topic] = {"status"}
    if not message.phase and model.phases:
        model.phases.clear()
        touched.add("phase")
    if message.notice and message.notice != before.notice:
        model.log("notice", message.notice, "warning")
        touched.add("events")
    if message.state == "running":
        model.finished = model.nonfinite = None
    else:
        model.goal = None
    if message.state != before.state and model.described is not None:
        _log_state(model, message)
        touched.add("events")
    return frozenset(touched)


def _log_state(model: "RunModel", message: StatusChanged) -> None:
    """Somebody who steps by hand changes the state twice a second: one line tells the newest."""
    if model.events and model.events[-1].kind == "state":
        model.events.pop()
    model.log("state", ": ".join(filter(None, (message.state, message.detail))), "info", message.step)


def _take_reading(model: "RunModel", message: ReadingTaken) -> frozenset[Topic]:
    kind = type(message.reading)
    model.readings[kind] = model.lenses.take(message, model.history.lineage)
    topics: dict[type[Reading], Topic] = {
        LayersRead: "layers",
        HistogramsRead: "histograms",
        OptimizerRead: "optimizer",
        LossShapeRead: "loss",
        LossSliceRead: "loss",
        LossSurfaceRead: "loss",
        MatrixRead: "matrix",
    }
    return frozenset({topics.get(kind, "task")})


def _add_phase(model: "RunModel", message: PhaseReached) -> frozenset[Topic]:
    if model.phases and model.phases[0].step != message.step:
        model.phases.clear()
    model.phases = [
        one for one in model.phases if one.phase != message.phase and one.micro_batch == message.micro_batch
    ]
    model.phases.append(message)
    return frozenset({"phase"})


def _turn(model: "RunModel", message: ChangeApplied | ChangeUndone | Restarted) -> frozenset[Topic]:
    from tui_dl.history.intake import take_in
    from tui_dl.wire.receipt_label import receipt_label

    take_in(model.history, message)
    match message:
        case ChangeApplied(receipt):
            _keep_receipt(model, receipt)
            model.log("change", receipt_label(receipt) + _effect(receipt), "good", receipt.step)
        case ChangeUndone():
            model.ghost_labels[message.parent_segment] = message.label
            back = f"took back {message.label}: from step {message.abandoned_step} to {message.step}"
            model.log("undo", back, "good", message.step)
            model.is_undone = _is_of_change(message.label)
        case Restarted():
            model.ghost_labels.setdefault(message.segment - 1, "before the restart")
            model.log("restart", message.label or f"restart with seed {message.seed}", "good", 0)
            model.phases.clear()
    model.nonfinite = model.finished = None
    return frozenset({"series", "events", "status", "phase"})


def _note(model: "RunModel", message: AnyMessage) -> frozenset[Topic]:
    match message:
        case SceneReached():
            model.scene, model.scene_waiting = message.index, message.waiting
            scenes = model.words.scenes
            note = f": {scenes[message.index]}" if 0 <= message.index < len(scenes) else ""
            planned = () if model.experiment is None else model.experiment.scenes
            step = planned[message.index].at_step if 0 <= message.index < len(planned) else None
            model.log("scene", f"scene {message.index + 1}{note}", "info", step)
        case NonFiniteFound():
            from tui_dl.history.intake import take_in

            take_in(model.history, message)
            model.nonfinite = message
            where = f" in {message.layer}" if message.layer else ""
            words = f"non-finite {message.what}{where}; the update was not made"
            model.log("nonfinite", words, "error", message.step)
        case ExpectationChecked():
            value = "nothing" if message.value is None else f"{message.value:.4g}"
            verdict = "holds" if message.passed else "FAILS"
            text = f"{message.metric} {message.bound}: {value}, {verdict}"
            model.log("expectation", text, "good" if message.passed else "error", message.at_step)
        case RatesTried() | RateFound():
            # A dialog that was opened for it looks there.
            model.rates = message
            return frozenset()
        case Noticed():
            model.log("notice", message.text, message.level)
        case RunFinished():
            model.finished = message
            model.log("finished", f"finished ({message.reason}) at step {message.step}", "good", message.step)
        case RunFailed():
            model.failed = message
            model.log("failed", message.error, "error")
        case _:
            return frozenset()
    return frozenset({"status", "events", "series"} if model.nonfinite is message else {"status", "events"})


def _recall(model: "RunModel", event: RecordedEvent) -> None:
    levels: dict[str, Level] = {"change": "good", "undo": "good", "restart": "good", "failed": "error"}
    model.events.append(
        LogEntry(event.time_s, event.step, event.kind, event.label, levels.get(event.kind, "info"))
    )
    if event.kind == "change" and "receipt" in event.body:
        with contextlib.suppress(msgspec.ValidationError):
            _keep_receipt(model, msgspec.convert(event.body["receipt"], Receipt))
    if event.kind == "undo":
        model.is_undone = _is_of_change(event.label)
    if event.kind == "undo" and "parent_segment" in event.body:
        model.ghost_labels[int(event.body["parent_segment"])] = event.label


def _keep_receipt(model: "RunModel", receipt: Receipt) -> None:
    model.receipts.append(receipt)
    model.is_undone = False
    del model.receipts[:-MAX_RECEIPTS]


def _is_of_change(label: str) -> bool:
    """Whether what was taken back was a change, not a restart."""
    return not label.startswith("restart")


def _effect(receipt: Receipt) -> str:
    """What a change did to the loss of the fixed batch and to the size of the next update."""
    words = []
    if receipt.probe_loss_before is not None and receipt.probe_loss_after is not None:
        words.append(f"loss {number(receipt.probe_loss_before)} → {number(receipt.probe_loss_after)}")
    if receipt.relative_update is not None:
        words.append(f"next update ×{number(receipt.relative_update, 3)}")
    return f" ({', '.join(words)})" if words else ""
