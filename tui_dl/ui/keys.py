"""The one table of keys: bindings, footer and help all come from it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, final

from textual.binding import Binding

from tui_dl.ui.hangul import with_jamo

if TYPE_CHECKING:
    from tui_dl.ui.run_model import RunModel

Group = Literal["Run", "Change", "Look", "Lecture", "Program"]
Condition = Callable[["RunModel"], bool]


def _always(_model: "RunModel") -> bool:
    return True


def _steers(model: "RunModel") -> bool:
    return model.can_steer


def _running(model: "RunModel") -> bool:
    return model.can_steer and model.is_running


def _resting(model: "RunModel") -> bool:
    return model.can_steer and not model.is_running


def _changeable(model: "RunModel") -> bool:
    return model.experiment is not None


def _has_activation(model: "RunModel") -> bool:
    return model.experiment is not None and hasattr(model.experiment.model, "activation")


def _undoable(model: "RunModel") -> bool:
    return model.can_steer and model.status.undo_depth > 0


def _has_scenes(model: "RunModel") -> bool:
    return model.experiment is not None and bool(model.experiment.scenes)


@final
@dataclass(frozen=True, slots=True)
class KeyAction:
    """One thing that a key does, and when it can be done.

    `keys` are Textual's names, separated by commas; `shown` is how the first is written for people.
    """

    id: str
    keys: str
    shown: str
    label: str
    group: Group
    tooltip: str
    action: str
    when: Condition = _always
    footer: int = 0
    """Rank in the footer, 1 first; 0 keeps it out."""


KEYS: Final[tuple[KeyAction, ...]] = (
    KeyAction(
        "pause",
        "space",
        "space",
        "pause",
        "Run",
        "Stop at the next batch boundary",
        "toggle_run",
        _running,
        1,
    ),
    KeyAction(
        "run",
        "space",
        "space",
        "run",
        "Run",
        "Go on until the next scene or the planned end",
        "toggle_run",
        _resting,
        1,
    ),
    KeyAction("step", "s", "s", "step", "Run", "Make one batch, then pause", "step", _steers, 2),
    KeyAction(
        "phase",
        "p,full_stop",
        "p",
        "phase",
        "Run",
        "Complete one phase of a batch: fetch, forward, loss, zero_grad, backward, clip, update",
        "step_phase",
        _steers,
        3,
    ),
    KeyAction(
        "steps", "n", "n", "N batches", "Run", "Run that many batches, then pause", "step_many", _steers, 10
    ),
    KeyAction(
        "epoch",
        "e",
        "e",
        "to epoch end",
        "Run",
        "Run to the end of this epoch, then pause",
        "run_epoch",
        _steers,
        11,
    ),
    KeyAction(
        "faster",
        "plus,equals_sign",
        "+",
        "faster",
        "Run",
        "Raise the pace, up to flat out",
        "pace(1)",
        _steers,
        13,
    ),
    KeyAction(
        "slower", "minus", "-", "slower", "Run", "Lower the pace, down to 1 batch/s", "pace(-1)", _steers, 12
    ),
    KeyAction(
        "evaluate",
        "v",
        "v",
        "evaluate",
        "Run",
        "Evaluate the whole validation split now",
        "evaluate",
        _steers,
    ),
    KeyAction(
        "restart",
        "R",
        "R",
        "restart",
        "Run",
        "Start over, from the same weights or a new seed",
        "restart",
        _steers,
        15,
    ),
    KeyAction(
        "control",
        "c",
        "c",
        "change",
        "Change",
        "Go to the control panel; Enter opens what is chosen there",
        "control",
        _changeable,
        4,
    ),
    KeyAction(
        "activation",
        "a",
        "a",
        "activation",
        "Change",
        "Swap the activation",
        "change('model.activation')",
        _has_activation,
        6,
    ),
    KeyAction("loss", "l", "l", "loss", "Change", "Swap the loss", "change('loss')", _changeable, 7),
    KeyAction(
        "optimizer",
        "o",
        "o",
        "optimizer",
        "Change",
        "Swap the optimizer or its numbers",
        "change('optimizer')",
        _changeable,
        8,
    ),
    KeyAction(
        "regularizers",
        "r",
        "r",
        "regularizers",
        "Change",
        "Add, change or remove regularizers",
        "change('regularizers')",
        _changeable,
        9,
    ),
    KeyAction(
        "schedule",
        "d",
        "d",
        "schedule",
        "Change",
        "Swap the learning-rate schedule",
        "change('schedule')",
        _changeable,
    ),
    KeyAction(
        "batch",
        "b",
        "b",
        "batch size",
        "Change",
        "Change the batch size or the length of the run",
        "change('training')",
        _changeable,
    ),
    KeyAction(
        "rate_down",
        "left_square_bracket",
        "[",
        "rate ÷1.1",
        "Change",
        "Lower the learning rate by a tenth",
        "nudge_rate(-1)",
        _steers,
        16,
    ),
    KeyAction(
        "rate_up",
        "right_square_bracket",
        "]",
        "rate ×1.1",
        "Change",
        "Raise the learning rate by a tenth",
        "nudge_rate(1)",
        _steers,
        17,
    ),
    KeyAction(
        "undo",
        "u",
        "u",
        "undo",
        "Change",
        "Take the last change back; the abandoned branch stays as a ghost",
        "undo",
        _undoable,
        5,
    ),
    KeyAction(
        "next_view", "tab", "tab", "next view", "Look", "Show the next view", "move_view(1)", _always, 18
    ),
    KeyAction(
        "previous_view",
        "shift+tab",
        "shift+tab",
        "previous view",
        "Look",
        "Show the view before",
        "move_view(-1)",
    ),
    KeyAction(
        "overview",
        "1",
        "1",
        "overview",
        "Look",
        "The curves, and what matters beside them",
        "view('overview')",
    ),
    KeyAction(
        "layers",
        "2",
        "2",
        "layers",
        "Look",
        "Gradient norm, update ratio and dead units of each layer",
        "view('layers')",
    ),
    KeyAction(
        "histograms",
        "3",
        "3",
        "histograms",
        "Look",
        "Weights and gradients of each layer",
        "view('histograms')",
    ),
    KeyAction(
        "optimizer_view",
        "4",
        "4",
        "optimizer",
        "Look",
        "What the optimizer holds for each layer",
        "view('optimizer')",
    ),
    KeyAction("task", "5", "5", "task", "Look", "What the model makes of the data", "view('task')"),
    KeyAction("log", "6", "6", "log", "Look", "Changes, notices and the engine's words", "view('log')"),
    KeyAction(
        "metric",
        "m",
        "m",
        "next curve",
        "Look",
        "Draw another metric where there is room for one plot",
        "next_metric",
        _always,
        19,
    ),
    KeyAction("scale", "y", "y", "log scale", "Look", "Linear or logarithmic y axis", "toggle_scale"),
    KeyAction("up", "up,k", "↑", "up", "Look", "Scroll the view, or the layer before", "scroll_view(-1)"),
    KeyAction("down", "down,j", "↓", "down", "Look", "Scroll the view, or the next layer", "scroll_view(1)"),
    KeyAction(
        "next_scene",
        "pagedown",
        "PgDn",
        "next scene",
        "Lecture",
        "Go on to the next scene",
        "scene(1)",
        _has_scenes,
        2,
    ),
    KeyAction(
        "previous_scene",
        "pageup",
        "PgUp",
        "scene before",
        "Lecture",
        "Back to the scene before",
        "scene(-1)",
        _has_scenes,
    ),
    KeyAction(
        "notes", "i", "i", "notes", "Lecture", "What to look at in this preset", "notes", _changeable, 14
    ),
    KeyAction("help", "question_mark,f1", "?", "help", "Program", "All keys", "help", _always, 20),
    KeyAction("presets", "P", "P", "presets", "Program", "Leave this run and choose another", "presets"),
    KeyAction(
        "control_take",
        "T",
        "T",
        "take control",
        "Program",
        "Steer this run, when another client does or did",
        "take_control",
        lambda model: model.link == "live" and not model.controls,
    ),
    KeyAction(
        "leave",
        "q,ctrl+q,ctrl+c",
        "q",
        "leave",
        "Program",
        "Detach and let it train on, or stop it and keep it",
        "leave",
        _always,
        21,
    ),
)


def bindings() -> list[Binding]:
    """One binding for each key of the table, the jamo of the same physical key included."""
    made: dict[str, Binding] = {}
    for entry in KEYS:
        for key in with_jamo(entry.keys).split(","):
            # Two entries may share a key (run and pause): the action is one and the same.
            assert key not in made or made[key].action == entry.action, f"{key} is bound twice"
            made.setdefault(key, Binding(key, entry.action, entry.label, show=False, id=f"{entry.id}.{key}"))
    return list(made.values())


def available(model: "RunModel") -> Iterator[KeyAction]:
    """What can be done now, in the order of the table."""
    return (entry for entry in KEYS if entry.when(model))


def by_action(action: str) -> list[KeyAction]:
    """The entries that lead to an action, named without its arguments."""
    return [entry for entry in KEYS if entry.action.partition("(")[0] == action]
