"""Classes over a plane: what is predicted where and how surely, under the points of both splits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, final

import numpy as np
from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from textual import events
from textual.message import Message

from tui_dl.history.arrays import BoolArray, FloatArray, IntArray
from tui_dl.ui.plots.canvas import Canvas
from tui_dl.ui.plots.data_canvas import DataCanvas
from tui_dl.ui.plots.glyph import Glyphs
from tui_dl.ui.plots.line_labels import draw_centred, draw_frame
from tui_dl.ui.plots.roles import ROLE_CLASSES, Role
from tui_dl.ui.plots.scales import linear_ticks
from tui_dl.ui.theme import SERIES_COLOURS, Palette, shaded_series, text_on

SHADES: Final = 4
"""Levels of confidence: few, so that little is sent."""
TRAIN_MARKS: Final = "ox+v*zsntewarcmu"
VALIDATION_MARKS: Final = "OX#V@ZSNTEWARCMU"
_FILLS: Final = ".:-~^',_"
"""What a region is filled with where there is no colour, by class."""
_GUTTER: Final = 6
_LONG_TITLE_FROM: Final = 40
_WORDS_FROM: Final = 56
"""Columns from which the axis has room for what the shade means."""
_NO_INTS: Final = np.zeros(0, dtype=np.int64)


@final
@dataclass(frozen=True, slots=True, eq=False)
class RegionPoints:
    """Points, all arrays (n,): places as shares from the left and the top, 0 to 1; predicted -1: nothing."""

    x: FloatArray = field(default_factory=lambda: np.zeros(0))
    y: FloatArray = field(default_factory=lambda: np.zeros(0))
    classes: IntArray = field(default_factory=lambda: _NO_INTS)
    predicted: IntArray = field(default_factory=lambda: _NO_INTS)
    is_train: BoolArray = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    indices: IntArray = field(default_factory=lambda: _NO_INTS)
    """Of a validation point its place in the split; -1 for training points."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class RegionData:
    """Classes and confidences 0 to 1, both (rows, columns), row 0 at the top; class -1 is left blank."""

    classes: IntArray | None = None
    confidence: FloatArray | None = None
    x_range: tuple[float, float] = (0.0, 1.0)
    y_range: tuple[float, float] = (0.0, 1.0)
    points: RegionPoints = field(default_factory=RegionPoints)
    class_names: tuple[str, ...] = ()
    chosen: tuple[float, float] | None = None
    """Where the chosen sample lies, as the points do."""
    chosen_class: int | None = None
    """Its true class, if that is known: others may lie on its cell."""
    empty_text: str = "no data yet"


class RegionMap(DataCanvas[RegionData]):
    """Decision regions. Half blocks give two values a cell; ask the engine for `grid` to have each exact."""

    BLANKS_INHERIT: ClassVar[bool] = False

    NOTHING = RegionData()

    @final
    class Sized(Message):
        """The picture has another size, and with it another `grid`."""

    @final
    class Pointed(Message):
        """Somebody pointed at a validation sample."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(
        self,
        data: RegionData | None = None,
        *,
        glyphs: Glyphs | None = None,
        palette: Palette | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(data, glyphs=glyphs, palette=palette, id=id, classes=classes)
        self._numbers: dict[tuple[str, int, int], int] = {}
        self._made: list[Style] = []
        self._colours: tuple[Color | None, ...] = ()

    @property
    def grid(self) -> tuple[int, int]:
        """Columns and rows of values that this widget shows; (0, 0) while it has no size."""
        width, height = self.content_size
        _, _, columns, rows = _inside(width, height)
        return (columns, rows * self._down) if columns > 0 and rows > 0 else (0, 0)

    def point_at(self, x: int, y: int) -> int | None:
        """The validation sample nearest to a cell, two cells away at most; None if there is none."""
        left, top, columns, rows = _inside(*self.content_size)
        points = self._data.points
        places = np.flatnonzero(~points.is_train)
        if not places.size:
            return None
        across = points.x[places] * columns + left - x - 0.5
        # A cell is about twice as high as it is wide.
        along = 2 * (points.y[places] * rows + top - y - 0.5)
        distances = np.hypot(across, along)
        nearest = int(np.argmin(distances))
        return int(points.indices[places[nearest]]) if distances[nearest] <= 2.5 else None

    def on_resize(self) -> None:
        self.post_message(self.Sized())

    def on_click(self, event: events.Click) -> None:
        index = self.point_at(event.x, event.y)
        if index is not None:
            event.stop()
            self.post_message(self.Pointed(index))

    def style_table(self) -> Sequence[Style]:
        """The roles, then a style for each pair of colours and each point that was ever drawn."""
        self._numbers = {}
        self._made = [self.component_style(ROLE_CLASSES[role]) for role in Role]
        self._colours = shaded_series(self.palette, SHADES)
        return self._made

    def draw(self, width: int, height: int) -> Canvas:
        canvas, data = Canvas(width, height), self._data
        if width < 12 or height < 4:
            canvas.write(0, 0, "decision regions", Role.TITLE)
            return canvas
        self._styles()
        draw_frame(canvas, self.glyphs)
        self._draw_legend(canvas)
        if data.classes is None or data.confidence is None or not data.classes.size:
            draw_centred(canvas, data.empty_text, Role.AXIS)
            return canvas
        x, y, columns, rows = _inside(width, height)
        levels = self._levels(data.classes, data.confidence, columns, rows)
        self._draw_cells(canvas, levels, x, y)
        _draw_axes(canvas, data, x, y, columns, rows)
        self._draw_points(canvas, levels, x, y)
        return canvas

    @property
    def _down(self) -> int:
        return 2 if self.glyphs.half_block and self.palette.depth != "none" else 1

    def _levels(self, classes: IntArray, confidence: FloatArray, columns: int, rows: int) -> IntArray:
        """Colour numbers from 1, (rows · down, columns); 0 where nothing is predicted."""
        shade = np.clip(np.nan_to_num(confidence) * SHADES, 0, SHADES - 1).astype(np.int64)
        numbers = np.where(classes >= 0, classes % SERIES_COLOURS * SHADES + shade + 1, 0)
        across = _nearest(numbers.shape[1], columns)
        along = _nearest(numbers.shape[0], rows * self._down)
        picked: IntArray = numbers[np.ix_(along, across)]
        return picked

    def _draw_cells(self, canvas: Canvas, levels: IntArray, x: int, y: int) -> None:
        down = self._down
        upper, lower = levels[::down], levels[down - 1 :: down]
        rows, columns = upper.shape
        base = len(self._colours) + 1
        pairs = upper * base + lower
        for pair in np.unique(pairs).tolist():
            above, below = divmod(pair, base)
            here = pairs == pair
            canvas.styles[y : y + rows, x : x + columns][here] = self._number("cell", above, below)
            canvas.codes[y : y + rows, x : x + columns][here] = ord(self._fill(above, below))

    def _fill(self, above: int, below: int) -> str:
        if self.palette.depth != "none":
            return " " if above == below or not self.glyphs.half_block else self.glyphs.half_block
        if not above:
            return " "
        label, shade = divmod(above - 1, SHADES)
        return _FILLS[label % len(_FILLS)] if shade >= SHADES // 2 else " "

    def _colour(self, level: int) -> Color | None:
        if not level:
            return None
        if self.palette.depth == "16" and (level - 1) % SHADES < SHADES // 2:
            # Sixteen colours have no shades: where it is less sure than not there is none at all.
            return None
        return self._colours[level - 1]

    def _number(self, kind: str, first: int, second: int) -> int:
        key = (kind, first, second)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._made)
            self._made.append(self._style(kind, first, second))
        return number

    def _style(self, kind: str, first: int, second: int) -> Style:
        none = self.palette.depth == "none"
        match kind:
            case "cell":
                upper, lower = self._colour(first), self._colour(second)
                return Style(color=None if first == second else upper, bgcolor=lower, dim=none or None)
            case "wrong":
                return Style(bold=True, reverse=True) if none else Style.parse("bold bright_white on red")
            case "chosen":
                reverse = Style(bold=True, reverse=True, underline=True)
                return reverse if none else Style.parse("bold black on bright_white")
            case "class":
                colour = self._colours[first % SERIES_COLOURS * SHADES + SHADES - 1]
                return Style(color=colour, bold=True)
            case _:
                style = text_on(self._colour(first)) if not none else Style()
                return style + Style(bold=bool(second))

    def _draw_points(self, canvas: Canvas, levels: IntArray, x: int, y: int) -> None:
        points, data = self._data.points, self._data
        down = self._down
        rows, columns = levels.shape[0] // down, levels.shape[1]
        inside = (points.x >= 0) & (points.x <= 1) & (points.y >= 0) & (points.y <= 1)
        across = np.minimum((np.nan_to_num(points.x) * columns).astype(np.int64), columns - 1)
        along = np.minimum((np.nan_to_num(points.y) * rows).astype(np.int64), rows - 1)
        wrong = points.predicted != points.classes
        # Where several fall on one cell, the wrong one is seen, and of these that of validation.
        order = np.argsort(2 * wrong + ~points.is_train, kind="stable")
        for place in order[inside[order]].tolist():
            column, row = int(across[place]), int(along[place])
            is_train = bool(points.is_train[place])
            marks = TRAIN_MARKS if is_train else VALIDATION_MARKS
            level = int(levels[(row + 1) * down - 1, column])
            style = (
                self._number("wrong", 0, 0)
                if wrong[place]
                else self._number("right", level, int(not is_train))
            )
            canvas.write(x + column, y + row, marks[int(points.classes[place]) % len(marks)], style)
        if data.chosen is not None:
            column = min(int(data.chosen[0] * columns), columns - 1)
            row = min(int(data.chosen[1] * rows), rows - 1)
            style = self._number("chosen", 0, 0)
            if column > 0:
                canvas.write(x + column - 1, y + row, "[", style)
            canvas.styles[y + row, x + column] = style
            if data.chosen_class is not None:
                mark = VALIDATION_MARKS[data.chosen_class % len(VALIDATION_MARKS)]
                canvas.write(x + column, y + row, mark, style)
            if column < columns - 1:
                canvas.write(x + column + 1, y + row, "]", style)

    def _draw_legend(self, canvas: Canvas) -> None:
        """Title, classes, what capitals mean and how many are wrong, in the upper border."""
        data, end = self._data, canvas.width - 2
        title = " decision regions " if canvas.width >= _LONG_TITLE_FROM else " regions "
        x = canvas.write(2, 0, title, Role.TITLE, room=end - 2) + 1
        for label, name in enumerate(data.class_names):
            text = f" {TRAIN_MARKS[label % len(TRAIN_MARKS)]} {name} "
            if x + cell_len(text) > end - 2 and label < len(data.class_names) - 1:
                canvas.write(x, 0, "..", Role.AXIS, room=end - x)
                return
            if x + cell_len(text) > end:
                return
            x = canvas.write(x, 0, text, self._number("class", label, 0))
        for words in _point_words(data.points):
            if x + len(words) + 2 <= end:
                canvas.write_right(end, 0, f" {words} ", Role.AXIS)
                break


def _point_words(points: RegionPoints) -> list[str]:
    """What the marks mean and how many are wrong, from many words to few."""
    if not points.classes.size:
        return []
    wrong = points.predicted != points.classes
    train, held_out = int((wrong & points.is_train).sum()), int((wrong & ~points.is_train).sum())
    if points.is_train.all():
        return [f"{train} wrong"]
    return [
        f"o train, {train} wrong; O validation, {held_out} wrong (marked)",
        f"o train {train} wrong, O validation {held_out}",
        f"O validation, {held_out} wrong",
        "O validation",
    ]


def _inside(width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, columns and rows of the cells within frame and axis."""
    gutter = _GUTTER if width >= 40 else 0
    return 1 + gutter, 1, width - 2 - gutter, height - 2


def _nearest(values: int, cells: int) -> IntArray:
    """Which value each cell shows: the one at its middle."""
    return (2 * np.arange(cells) + 1) * values // (2 * cells)


def _draw_axes(canvas: Canvas, data: RegionData, x: int, y: int, columns: int, rows: int) -> None:
    """Numbers of both inputs, left and in the lower border."""
    low, high = data.y_range
    if x > 1 and high > low:
        for tick in linear_ticks(low, high, max(rows // 4, 2)):
            row = y + min(int((high - tick.position) / (high - low) * rows), rows - 1)
            canvas.write_right(x - 1, row, tick.label[: x - 2], Role.AXIS)
    low, high = data.x_range
    if not high > low:
        return
    words = " paler: less sure "
    end = canvas.width - 1
    if columns >= _WORDS_FROM:
        end = canvas.write_right(end - 1, canvas.height - 1, words, Role.AXIS)
    free_from = x - 1
    for tick in linear_ticks(low, high, max(columns // 10, 2)):
        text = f" {tick.label} "
        start = x + min(int((tick.position - low) / (high - low) * columns), columns - 1) - len(text) // 2
        start = max(start, x - 1)
        if start >= free_from and start + len(text) < end:
            free_from = canvas.write(start, canvas.height - 1, text, Role.AXIS) + 1
