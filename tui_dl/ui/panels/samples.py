"""Samples of an image task, the worst first: pictures in half-blocks, true and predicted class below each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

from textual import events

from tui_dl.ui.ink import Line, Part, fitted
from tui_dl.ui.numerals import share
from tui_dl.ui.panels.judged import (
    SampleChosen,
    chosen_index,
    class_name,
    verdict_mark,
    verdict_style,
)
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.panels.pictures import picture, shrunk
from tui_dl.ui.run_model import RunModel
from tui_dl.ui.theme import Palette, palette_of
from tui_dl.wire.snapshots import SamplesView, SampleView

_CAPTION: Final = 10
"""Cells that a caption needs: mark, true and predicted class, probability."""
_SMALLEST: Final = 4
"""Pictures are made smaller by this at most."""
_WORTH_ENLARGING: Final = 12
"""Pictures are drawn larger as long as so many still fit."""


@final
@dataclass(frozen=True, slots=True)
class Grid:
    """How pictures are laid out: each in `cell` x `tall` cells, its caption in the last row."""

    scale: int
    across: int
    down: int
    cell: int
    tall: int

    @property
    def shown(self) -> int:
        """How many there are."""
        return self.across * self.down

    def place(self, x: int, y: int) -> int | None:
        """The number of the picture at a cell of the panel; None beside and between them."""
        column, row = (x - 1) // self.cell, (y - 1) // self.tall
        if x < 1 or y < 1 or column >= self.across or row >= self.down:
            return None
        return row * self.across + column


def grid_for(height: int, width: int, samples: int, columns: int, rows: int) -> Grid:
    """The layout for pictures of height x width pixels in a panel of so many columns and rows."""
    grid = _grid(1, height, width, columns, rows)
    for scale in (2, 3, 4):
        larger = _grid(scale, height, width, columns, rows)
        if larger.shown < min(_WORTH_ENLARGING, samples) or larger.cell > columns:
            break
        grid = larger
    return grid


def shrinking(height: int, width: int, columns: int, rows: int) -> int:
    """By what pictures must be made smaller so that one at least is seen whole; 1 leaves them as they are."""
    for factor in range(1, _SMALLEST):
        if -(-width // factor) < columns and (-(-height // factor) + 1) // 2 + 1 < rows:
            return factor
    return _SMALLEST


def _grid(scale: int, height: int, width: int, columns: int, rows: int) -> Grid:
    cell = max(width * scale, _CAPTION) + 1
    tall = (height * scale + 1) // 2 + 1
    across, down = max((columns - 1) // cell, 1), max((rows - 1) // tall, 1)
    # What is left over goes between them, so that the grid fills the panel.
    return Grid(scale, across, down, max((columns - 1) // across, cell), tall)


class SamplesPanel(LinePanel):
    """A grid of pictures, as many as fit and as large as there is room."""

    def __init__(self, model: RunModel, *, classes: str | None = None) -> None:
        super().__init__(model, classes=classes)
        self.pinned: int | None = None

    def build(self, width: int, height: int) -> Sequence[Line]:
        """A head, then rows of pictures with captions."""
        view = self.model.task_view
        if not isinstance(view, SamplesView):
            return []
        return sample_lines(
            view, width, height, palette_of(self.app), pinned=self.pinned, is_plain=self.is_plain
        )

    def on_click(self, event: events.Click) -> None:
        view = self.model.task_view
        if not isinstance(view, SamplesView):
            return
        size = self.content_size
        factor = shrinking(view.height, view.width, *size)
        height, width = -(-view.height // factor), -(-view.width // factor)
        place = grid_for(height, width, len(view.samples), *size).place(event.x, event.y)
        if place is not None and place < len(view.samples):
            event.stop()
            self.post_message(SampleChosen(view.samples[place].index))


def sample_lines(
    view: SamplesView,
    width: int,
    height: int,
    palette: Palette,
    *,
    pinned: int | None = None,
    is_plain: bool = False,
) -> list[Line]:
    """The grid as lines; the row that the chosen sample stands in is always among them."""
    factor = shrinking(view.height, view.width, width, height)
    rows, columns = -(-view.height // factor), -(-view.width // factor)
    grid = grid_for(rows, columns, len(view.samples), width, height)
    lines: list[Line] = [_head(view, width)]
    chosen = chosen_index(view, pinned)
    for first in range(0, min(len(view.samples), grid.shown), grid.across):
        shown = view.samples[first : first + grid.across]
        pictures = [
            picture(
                shrunk(sample.pixels, view.height, view.width, factor),
                rows,
                columns,
                palette,
                scale=grid.scale,
                is_plain=is_plain,
            )
            for sample in shown
        ]
        gap = " " * (grid.cell - columns * grid.scale)
        for row in range(grid.tall - 1):
            line: list[Part] = [" "]
            for cells in pictures:
                line += [*cells[row], gap]
            lines.append(line)
        captions: list[Part] = [" "]
        for sample in shown:
            captions += _caption(view, sample, grid.cell, is_chosen=sample.index == chosen)
        lines.append(captions)
    return lines


def _head(view: SamplesView, width: int) -> Line:
    words = "worst first: true→predicted, p(true)"
    if view.undecided:
        return [(" samples ", "title"), (f"{view.undecided} outputs not finite", "bad")]
    if width < len(words) + 10:
        words = "true→predicted, p(true)"
    return [(" samples ", "title"), (words, "dim")]


def _caption(view: SamplesView, sample: SampleView, cell: int, *, is_chosen: bool) -> list[Part]:
    names = f"{_short(view, sample.true_class)}→{_short(view, sample.predicted_class)}"
    words = f"{verdict_mark(sample)}{names} {share(sample.probability, 0)}"
    if is_chosen:
        # Told by the brackets too, where there is no colour.
        return [(fitted(f"[{words}]", min(cell - 1, len(words) + 2)), "chosen"), _blank(cell, len(words) + 2)]
    return [(fitted(words, cell - 1) + " ", verdict_style(sample))]


def _blank(cell: int, used: int) -> str:
    return " " * max(cell - min(used, cell - 1), 1)


def _short(view: SamplesView, label: int) -> str:
    return class_name(view, label)[:3]
