"""What one entry of the table of keys says, and the conditions under which a key does something."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, final

if TYPE_CHECKING:
    from tui_dl.ui.run_model import RunModel

Group = Literal["Run", "Change", "Look", "Plots", "Lecture", "Program"]
Condition = Callable[["RunModel"], bool]


def always(_model: "RunModel") -> bool:
    """Whatever the state of the run."""
    return True


def steers(model: "RunModel") -> bool:
    """While a command would be obeyed."""
    return model.can_steer


def running(model: "RunModel") -> bool:
    """While batches are made and this screen may stop them."""
    return model.can_steer and model.is_running


def resting(model: "RunModel") -> bool:
    """While no batches are made and this screen may start them."""
    return model.can_steer and not model.is_running


def changeable(model: "RunModel") -> bool:
    """Once the experiment is known."""
    return model.experiment is not None


def has_activation(model: "RunModel") -> bool:
    """Where the model has an activation to swap."""
    return model.experiment is not None and hasattr(model.experiment.model, "activation")


def undoable(model: "RunModel") -> bool:
    """While there is a change to take back."""
    return model.can_steer and model.status.undo_depth > 0


def has_layers(model: "RunModel") -> bool:
    """Once the model has been built."""
    return bool(model.layers)


def has_scenes(model: "RunModel") -> bool:
    """Where the preset has scenes."""
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
    when: Condition = always
    footer: int = 0
    """Rank in the footer, 1 first; 0 keeps it out."""
    views: tuple[str, ...] = ()
    """The views in which it does something; all if empty. There the footer puts it before the others."""

    def can(self, model: "RunModel", view: str = "") -> bool:
        """Whether it does something now; no view asks about the state of the run alone."""
        return self.when(model) and (not view or not self.views or view in self.views)
