"""The top and the notes for a projector: one number as large as the room allows, the state as a block."""

from collections.abc import Sequence
from typing import ClassVar, Final

from tui_dl.ui.ink import Line, Part, cells, wrapped
from tui_dl.ui.numerals import NOTHING, count
from tui_dl.ui.panels.lines import GrowingPanel, LinePanel
from tui_dl.ui.panels.notes import scene_lines
from tui_dl.ui.panels.status import STATES, Figure, figures
from tui_dl.ui.run_model import RunModel, Topic

# Five rows of up to three dots each.
_DOTS: Final = {
    "0": ("###", "# #", "# #", "# #", "###"),
    "1": (" # ", "## ", " # ", " # ", "###"),
    "2": ("###", "  #", "###", "#  ", "###"),
    "3": ("###", "  #", " ##", "  #", "###"),
    "4": ("# #", "# #", "###", "  #", "  #"),
    "5": ("###", "#  ", "###", "  #", "###"),
    "6": ("###", "#  ", "###", "# #", "###"),
    "7": ("###", "  #", "  #", " # ", " # "),
    "8": ("###", "# #", "###", "# #", "###"),
    "9": ("###", "# #", "###", "  #", "###"),
    "%": ("# #", "  #", " # ", "#  ", "# #"),
    "-": ("   ", "   ", "###", "   ", "   "),
    "e": ("###", "#  ", "## ", "#  ", "###"),
    "n": ("   ", "## ", "# #", "# #", "# #"),
    "a": ("   ", "###", "# #", "###", "# #"),
    "i": ("#", " ", "#", "#", "#"),
    "f": (" ##", "#  ", "## ", "#  ", "#  "),
    ".": (" ", " ", " ", " ", "#"),
}
_DOT_CELLS: Final = 2
_NUMBER_CELLS: Final = 44
_SIDE_CELLS: Final = 30
_LEAST_SIDE_CELLS: Final = 16


class PresentPanel(LinePanel):
    """The key number, readable from the last row; beside it state, step, epoch and the losses."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("link", "status", "series", "experiment"))
    DEFAULT_CSS = """
    PresentPanel { height: 7; background: $panel; }
    """

    def build(self, width: int, height: int) -> Sequence[Line]:
        """The numbers that fit, the first always, each as high as the panel is."""
        side_cells = min(_SIDE_CELLS, max(width - _NUMBER_CELLS, _LEAST_SIDE_CELLS))
        side = self._side(side_cells)
        room = width - side_cells - 2
        blocks: list[tuple[list[tuple[str, str]], int]] = []
        for figure in key_figures(self.model):
            block = _block(figure, 2 if height >= 11 and width >= 150 else 1, room)
            if block is None:
                break
            blocks.append(block)
            room -= block[1]
        lines: list[Line] = []
        for row in range(height):
            left = [rows[row] if row < len(rows) else (" " * size, "") for rows, size in blocks]
            gap = width - side_cells - sum(size for _, size in blocks)
            lines.append([*left, " " * gap, *(side[row] if row < len(side) else ())])
        return lines

    def _side(self, width: int) -> list[Line]:
        """State, step and epoch, losses and rate: six rows."""
        model, status = self.model, self.model.status
        text, style = STATES.get(model.state, (model.state.upper(), "on_info"))
        mark, _, word = text.partition(" ")
        spaced = f"{mark}  {' '.join(word)}" if 2 * len(word) + 4 <= width else text
        block: list[Line] = [[(line.center(width), style)] for line in ("", spaced, "")]
        where = f"step {count(status.step)}"
        if status.epochs and len(where) + len(f"   epoch {status.epoch}/{status.epochs}") <= width:
            where += f"   epoch {status.epoch}/{status.epochs}"
        loss, validation_loss, *_, lr, _gradient = figures(model)
        losses: list[Part] = []
        for one in (loss, validation_loss):
            pair: list[Part] = [(f"{one.label} ", "dim"), (f"{one.worded(3)}  ", one.style)]
            if cells(losses) + cells(pair) <= width + 2:
                losses += pair
        return [*block, [(where, "bold")], losses, [("rate ", "dim"), (lr.worded(), "bold")]]


class PresentNotes(GrowingPanel):
    """The scene's note below the panel; before the first scene what the experiment is about."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("status", "experiment"))
    DEFAULT_CSS = """
    PresentNotes { height: auto; max-height: 5; background: $boost; }
    """

    def build(self, width: int, height: int) -> Sequence[Line]:
        """The note at this width."""
        lines = scene_lines(self.model, width)
        experiment = self.model.experiment
        if lines or experiment is None:
            return lines
        return [[(f" {text}", "title")] for text in wrapped(experiment.title, width - 2)] + [
            [(f" {text}", "bold")] for text in wrapped(experiment.summary, width - 2)
        ]


def key_figures(model: RunModel) -> list[Figure]:
    """What a lecture is about: the task's metric on unseen data and on train, else the losses."""
    shown = figures(model)
    metric = [one for one in shown if one.label in (model.primary_metric, f"val {model.primary_metric}")]
    found = list(reversed(metric)) or [shown[1], shown[0]]
    return sorted(found, key=lambda one: one.value is None)


def _block(figure: Figure, scale: int, room: int) -> tuple[list[tuple[str, str]], int] | None:
    """A figure's label and rows of large digits, and their width; None where they don't fit."""
    for digits in (4, 3, 2):
        rows = large(figure.worded(digits), scale)
        size = max(len(rows[0]), len(figure.label)) + 4
        if size <= room:
            lines = [(f"  {figure.label}".ljust(size), figure.style)]
            return [*lines, *((f"  {row}".ljust(size), figure.style) for row in rows)], size
    return None


def large(text: str, scale: int = 1) -> list[str]:
    """A number as rows of blocks, 5 × `scale` of them; two cells a dot are about a square."""
    rows = [""] * 5
    for character in text.replace(NOTHING, "-"):
        dots = _DOTS.get(character, _DOTS["-"])
        for row in range(5):
            drawn = dots[row].replace(" ", " " * _DOT_CELLS * scale).replace("#", "█" * _DOT_CELLS * scale)
            rows[row] += drawn + " " * scale
    return [row for row in rows for _ in range(scale)]
