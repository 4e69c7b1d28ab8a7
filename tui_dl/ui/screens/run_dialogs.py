"""What the run screen asks and announces: leaving, starting over, the end, what is not finite, trouble."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui_dl.runs.folder import RunFolder
from tui_dl.ui.ink import Line
from tui_dl.ui.numerals import count, number, share
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.screens.dialog import Choice, Dialog

if TYPE_CHECKING:
    import asyncio

_REASONS: Final = {
    "epochs": "All planned epochs are done.",
    "steps": "All planned steps are done.",
    "early_stopping": "Early stopping: the validation loss has not improved for long enough.",
    "nonfinite": "Stopped on a value that is not finite.",
    "stopped": "The run was stopped.",
    "interrupted": "The run was interrupted.",
}
_LOG_LINES: Final = 12


def leave_dialog(model: RunModel, *, may_delete: bool = False) -> Dialog:
    """Detach, stop and keep, or cancel; a run that has made no step may be deleted as well."""
    run = model.run or "this run"
    choices = [
        Choice(
            "d",
            "Detach",
            "detach",
            f"It trains on without a screen; tui-dl attach {model.run} returns to it.",
        ),
        Choice(
            "s",
            "Stop and keep",
            "stop",
            f"Ends it with a checkpoint; tui-dl resume {model.run} goes on from it.",
        ),
        Choice("c", "Cancel", "cancel"),
    ]
    if may_delete:
        delete = Choice("x", "Stop and delete", "delete", "It has made no step: nothing is lost.")
        choices.insert(2, delete)
    return Dialog("Leave", [f"{run} is at step {count(model.status.step)} ({model.state})."], choices)


def stopping_dialog(model: RunModel, work: "asyncio.Future[None]") -> Dialog:
    """While the engine comes to its end: what it waits for, and a way out that does not wait."""
    from tui_dl.ui.screens.waiting import WaitDialog

    def doing() -> str:
        if model.link == "connecting" or model.state in ("starting", "loading"):
            return "The engine still loads: it ends as soon as it can."
        if model.stalled_s:
            return "The engine has fallen silent. If it is stuck, tui-dl stop ends it by force."
        return "It finishes its batch and writes a checkpoint."

    leave = Choice("l", "Leave now", "leave", "It ends by itself all the same, as soon as it can.")
    return WaitDialog("Stopping", doing, [leave], work)


def restart_dialog(model: RunModel) -> Dialog:
    """The same weights again, or others."""
    seed = 0 if model.experiment is None else model.experiment.seed
    return Dialog(
        "Start over",
        ["Training begins again at step 0. What has been stays in the plots, as a ghost."],
        [
            Choice(
                "s",
                f"Same seed ({seed})",
                "same",
                "The same initial weights and batches: compare settings fairly.",
            ),
            Choice("n", f"New seed ({seed + 1})", "new", "Other weights, split and order: was it luck?"),
            Choice("c", "Cancel", "cancel"),
        ],
    )


def finished_dialog(model: RunModel) -> Dialog:
    """What came out, and the offers to go on."""
    assert model.finished is not None
    restored = _restored(model)
    best: list[Line | str] = []
    undo: list[Choice] = []
    if restored is not None:
        _, last, kept = restored
        best = [f"The weights {kept}, the best, are back."]
        undo = [Choice("u", "Undo that", "undo", f"The weights {last} again, to look at or to go on with.")]
    epochs = max(model.status.epochs, 1)
    return Dialog(
        "Finished",
        [
            _REASONS.get(model.finished.reason, model.finished.reason),
            f"{count(model.finished.step)} steps, {epochs} epochs.",
            *best,
            *_results(model),
        ],
        [
            Choice("g", f"Go on for {epochs} more epochs", f"extend:{epochs}"),
            Choice("t", "Go on for ten more epochs", "extend:10"),
            *undo,
            *_test_choice(model),
            Choice("r", "Start over", "restart"),
            Choice("q", "Leave", "leave"),
            Choice("k", "Keep looking", "cancel"),
        ],
    )


def _restored(model: RunModel) -> tuple[str, str, str] | None:
    """What early stopping has put back: (weights, of which step, of which better one); None if nothing."""
    newest = model.receipts[-1] if model.receipts and not model.is_undone else None
    is_last = newest is not None and model.finished is not None and newest.step == model.finished.step
    return newest.edits[0] if newest is not None and is_last and newest.source == "early_stopping" else None


def _test_choice(model: RunModel) -> list[Choice]:
    """To look at the test split, where the data has one."""
    metrics = () if model.described is None else model.described.metrics
    if not any(metric.name.startswith("test.") for metric in metrics):
        return []
    warning = "Nothing should be tuned after that: it would no longer be unseen."
    return [Choice("e", "Evaluate the test split", "test", warning)]


def _results(model: RunModel) -> list[Line]:
    lines: list[Line] = []
    for split, style in (("train", "train"), ("validation", "validation"), ("test", "bold")):
        loss = model.latest(f"{split}.loss")
        if loss is None:
            continue
        metric = model.primary_metric
        value = model.latest(f"{split}.{metric}")
        text = share(value) if metric == "accuracy" else number(value)
        lines.append([(f"{split:<11}", "dim"), ("loss ", "dim"), (f"{number(loss):<10}", style),
                      (f"{metric} ", "dim"), (text, style)])  # fmt: skip
    return lines


def nonfinite_dialog(model: RunModel) -> Dialog:
    """Which value, in which layer, and what can be done before the weights are spoilt."""
    found = model.nonfinite
    assert found is not None
    where: Line = [("First bad layer: ", ""), (found.layer or "none in particular", "bad")]
    choices = [
        Choice(
            "o",
            "Change the optimizer or its rate",
            "optimizer",
            "A rate that is too large is the usual cause.",
        ),
        Choice("r", "Change the regularizers", "regularizers", "Gradient clipping bounds a step."),
        Choice("k", "Look around first", "cancel"),
    ]
    if model.status.undo_depth:
        choices.insert(
            0, Choice("u", f"Undo {model.status.undo_label}", "undo", "Back to before the last change.")
        )
    return Dialog(
        "Not a finite number",
        [
            f"In the batch after step {count(found.step)}, not finite: {found.what}.",
            where,
            "The run paused before the update that would have spread it: the weights are as they were.",
        ],
        choices,
    )


def trouble_dialog(model: RunModel, *, can_resume: bool) -> Dialog:
    """The engine failed: its reason, the end of its log, and what to do next."""
    reason = model.failed.error if model.failed is not None else model.link_detail
    tail = RunFolder(Path(model.path)).log_tail(_LOG_LINES) if model.path else []
    body: list[str | Line] = [reason or "The engine is gone."]
    if tail and not any(tail[-1] in line for line in reason.splitlines()):
        body += [[("The end of its log:", "dim")], *([(line, "dim")] for line in tail)]
    if model.path and model.path not in reason:
        body.append([(f"All of it: {model.path}/engine.log", "dim")])
    choices = [
        Choice("l", "Look at what was recorded", "cancel"),
        Choice("p", "Choose another preset or run", "presets"),
        Choice("q", "Leave", "leave"),
    ]
    if can_resume and model.run:
        choices.insert(
            0, Choice("r", "Resume from the last checkpoint", "resume", f"tui-dl resume {model.run}")
        )
    return Dialog("The engine failed", body, [*choices[:-3], *choices[-2:], choices[-3]])
