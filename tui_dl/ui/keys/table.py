"""The one table of keys: bindings, footer and help all come from it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from textual.binding import Binding

from tui_dl.ui.hangul import with_jamo
from tui_dl.ui.keys.change import CHANGE_KEYS
from tui_dl.ui.keys.entry import KeyAction
from tui_dl.ui.keys.lecture import LECTURE_KEYS
from tui_dl.ui.keys.look import LOOK_KEYS
from tui_dl.ui.keys.plots import PLOT_KEYS
from tui_dl.ui.keys.program import PROGRAM_KEYS
from tui_dl.ui.keys.run import RUN_KEYS

if TYPE_CHECKING:
    from tui_dl.ui.run_model import RunModel

KEYS: Final[tuple[KeyAction, ...]] = (
    *RUN_KEYS,
    *CHANGE_KEYS,
    *LOOK_KEYS,
    *PLOT_KEYS,
    *LECTURE_KEYS,
    *PROGRAM_KEYS,
)


def bindings() -> list[Binding]:
    """One binding for each key of the table, the jamo of the same physical key included."""
    made: dict[tuple[str, str], Binding] = {}
    for entry in KEYS:
        for key in with_jamo(entry.keys).split(","):
            # Two entries may share a key: run and pause, whose action is one and the same; or what different
            # views do with it, of which one can be done at a time.
            made.setdefault(
                (key, entry.action),
                Binding(key, entry.action, entry.label, show=False, id=f"{entry.id}.{key}"),
            )
    return list(made.values())


def available(model: "RunModel") -> Iterator[KeyAction]:
    """What can be done now, in the order of the table."""
    return (entry for entry in KEYS if entry.when(model))


def by_action(action: str) -> list[KeyAction]:
    """The entries that lead to an action, named without its arguments."""
    return [entry for entry in KEYS if entry.action.partition("(")[0] == action]
