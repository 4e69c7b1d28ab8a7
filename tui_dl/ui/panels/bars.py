"""The bar of views and the footer with the keys that do something now."""

from collections.abc import Sequence
from typing import ClassVar, Final

from tui_dl.ui.ink import Line, Part, cells
from tui_dl.ui.keys.entry import KeyAction
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.run_model import ALL_TOPICS, RunModel, Topic

VIEWS: Final = ("overview", "layers", "histograms", "optimizer", "task", "log", "loss")
# What a presenter needs: the rest is behind the question mark.
_PRESENTED: Final = ("pause", "run", "step", "next_scene", "metric", "maximise", "help", "leave")
_LASTING: Final = ("palette", "help", "leave")
_MOST_IMPORTANT: Final = 3
_CONTROLLING: Final = (("↑↓", "choose"), ("←→", "move"), ("Enter", "form"), ("Esc", "back"))
_SHORT: Final = {"overview": "over", "histograms": "hist", "optimizer": "optim"}
_SHORTEST: Final = {
    "overview": "ovr",
    "layers": "lay",
    "histograms": "hst",
    "optimizer": "opt",
    "task": "tsk",
}


class ViewBar(LinePanel):
    """The views with their keys; the present one stands out."""

    DEFAULT_CSS = """
    ViewBar { height: 1; background: $panel; }
    """

    def __init__(self, model: RunModel, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(model, id=id)
        self.view = VIEWS[0]

    def show(self, view: str) -> None:
        """Mark another view."""
        self.view = view
        self.repaint()

    def build(self, width: int, height: int) -> Sequence[Line]:
        """All views in one line, shortened if need be."""
        whole, short = dict(zip(VIEWS, VIEWS, strict=True)), {view: _SHORT.get(view, view) for view in VIEWS}
        shortest = {view: _SHORTEST.get(view, view) for view in VIEWS}
        for names, gap in ((whole, " "), (short, " "), (short, ""), (shortest, "")):
            line: list[Part] = []
            for view in VIEWS:
                style, action = "chosen" if view == self.view else "dim", f"view('{view}')"
                line.append(
                    (f" {self.keymap.shown_for(action)} {names[view]}{gap}", style, f"screen.{action}")
                )
            if cells(line) <= width:
                break
        return [line]


class KeyBar(LinePanel):
    """What can be done now, the most important first; a click does it."""

    TOPICS: ClassVar[frozenset[Topic]] = ALL_TOPICS
    DEFAULT_CSS = """
    KeyBar { height: 1; dock: bottom; background: $panel; }
    """

    def __init__(self, model: RunModel, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(model, id=id)
        self.view = VIEWS[0]
        self.is_controlling = False
        """Whether the control panel has the keys."""

    def show(self, view: str) -> None:
        """Another view is shown, where other keys do something."""
        self.view = view
        self.repaint()

    def build(self, width: int, height: int) -> Sequence[Line]:
        """As many keys as fit; finding, help and leaving always."""
        entries = sorted(
            (entry for entry in self.keymap.available(self.model, self.view) if entry.footer), key=_rank
        )
        if self._has_app and getattr(self.app, "is_presenting", False):
            entries = [entry for entry in entries if entry.id in _PRESENTED]
        lasting = [entry for entry in entries if entry.id in _LASTING]
        line: list[Part] = []
        if self.is_controlling:
            line = [
                part for key, words in _CONTROLLING for part in ((f" {key}", "key"), (f" {words} ", "dim"))
            ]
        tail = _parts(lasting)
        if cells(tail) > width:
            tail = _parts(lasting, has_labels=False)
        for entry in entries:
            if entry in lasting:
                continue
            parts = _parts([entry])
            if cells(line) + cells(parts) + cells(tail) > width:
                break
            line += parts
        return [[*line, *tail]]


def _rank(entry: KeyAction) -> tuple[int, int]:
    """First what keeps a run going, then what only this view has, then the rest."""
    if entry.footer <= _MOST_IMPORTANT:
        return 0, entry.footer
    return (1 if entry.views else 2), entry.footer


def _parts(entries: Sequence[KeyAction], *, has_labels: bool = True) -> list[Part]:
    parts: list[Part] = []
    for entry in entries:
        click = f"screen.{entry.action}"
        parts.append((f" {entry.shown}", "key", click))
        parts.append((f" {entry.label} " if has_labels else " ", "dim", click))
    return parts
