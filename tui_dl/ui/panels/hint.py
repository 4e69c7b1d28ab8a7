"""One line above the keys, where somebody may not know how to go on: what to press now."""

from collections.abc import Sequence
from typing import ClassVar, Final

from tui_dl.ui.ink import Line, Part, cells
from tui_dl.ui.keys.keymap import DEFAULT_KEYMAP, Keymap
from tui_dl.ui.panels.lines import GrowingPanel
from tui_dl.ui.run_model import RunModel, Topic

_Words = tuple[str, tuple[tuple[str, str], ...]]

_AT_START: Final[_Words] = (
    "Nothing has been trained yet.",
    (("run", "runs"), ("step", "makes one batch"), ("phase", "completes one phase of it")),
)
_FINISHED: Final[_Words] = (
    "Finished.",
    (("run", "offers to go on"), ("restart", "starts over"), ("presets", "chooses another")),
)
_WATCHING: Final[_Words] = (
    "You are watching; another steers.",
    (("control_take", "takes control"),),
)
_ENDED: Final[_Words] = (
    "The engine has ended; what was recorded can be looked at.",
    (("presets", "chooses another run"), ("leave", "leaves")),
)


class HintPanel(GrowingPanel):
    """Empty, and not there, while it is plain what can be done."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("link", "status", "experiment"))
    DEFAULT_CSS = """
    HintPanel { height: auto; max-height: 1; dock: bottom; margin-bottom: 1; background: $panel; }
    """

    def build(self, width: int, height: int) -> Sequence[Line]:
        """The hint, without its last parts where they don't fit."""
        line = hint_line(self.model, self.keymap, width)
        return [line] if line else []


def hint_line(model: RunModel, keymap: Keymap = DEFAULT_KEYMAP, width: int = 80) -> Line:
    """What to say of this state; nothing where the keys below say enough."""
    words = _words_for(model)
    if words is None:
        return ()
    text, offers = words
    keys: list[list[Part]] = []
    for entry_id, meaning in offers:
        entry = keymap.entry(entry_id)
        if entry.when(model):
            click = f"screen.{entry.action}"
            keys.append([(f"  {entry.shown}", "key", click), (f" {meaning}", "", click)])
    if not keys:
        return ()
    line: list[Part] = [(f" {text}", "info")]
    if sum(map(cells, (line, *keys))) > width:
        # What to press is more than why.
        line = []
    for part in keys:
        if cells(line) + cells(part) > width:
            break
        line += part
    return line


def _words_for(model: RunModel) -> _Words | None:
    if model.link in ("failed", "closed"):
        return _ENDED
    if model.link != "live" or model.described is None:
        return None
    if not model.controls:
        return _WATCHING
    if model.finished is not None and not model.is_running:
        return _FINISHED
    is_new = model.state == "paused" and model.status.step == 0
    return _AT_START if is_new and not model.scene_waiting and not model.phases else None
