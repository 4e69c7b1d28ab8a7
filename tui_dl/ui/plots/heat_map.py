"""Pictures of numbers: two values a cell by half blocks, quantised to few colours so that little is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, final

import numpy as np
from rich.cells import cell_len
from rich.color import Color
from rich.style import Style

from tui_dl.history.arrays import FloatArray, IntArray
from tui_dl.ui.plots.canvas import Canvas
from tui_dl.ui.plots.canvas_widget import CanvasWidget
from tui_dl.ui.plots.glyph import Glyphs
from tui_dl.ui.plots.line_labels import draw_centred, draw_frame
from tui_dl.ui.plots.roles import ROLE_CLASSES, Role
from tui_dl.ui.theme import Palette, shaded_series, text_on

HeatKind = Literal["magnitude", "signed", "classes"]

_LEVELS = {"truecolor": 16, "256": 8, "16": 5, "none": 8}
_CONFIDENCE_LEVELS = 4
_CLASS_MARKS = "ox+v*#@%&="


@final
@dataclass(frozen=True, slots=True)
class HeatPoint:
    """A sample on the map: x from the left and y from the top, both 0 to 1, and the class it belongs to."""

    x: float
    y: float
    class_index: int


@final
@dataclass(frozen=True, slots=True, eq=False)
class HeatMapData:
    """Values (rows, columns), row 0 at the top; NaN is left blank.

    kind: `magnitude` and `signed` are coloured by value between the limits (taken from the data by default);
    `classes` by `classes` (same shape) in the shade that a value between 0 and 1, the confidence, gives.
    `texts` are written into the cells where these are large enough, else left out.
    """

    title: str
    values: FloatArray | None = None
    kind: HeatKind = "magnitude"
    classes: IntArray | None = None
    limits: tuple[float, float] | None = None
    row_labels: tuple[str, ...] = ()
    column_labels: tuple[str, ...] = ()
    texts: tuple[tuple[str, ...], ...] = ()
    points: tuple[HeatPoint, ...] = ()
    note: str = ""
    empty_text: str = "no data yet"


def confusion_map(title: str, class_names: Sequence[str], counts: Sequence[Sequence[int]]) -> HeatMapData:
    """counts[true][predicted] as shares of each true class, the counts written into the cells."""
    table = np.array(counts, dtype=np.float64)
    if table.size == 0:
        return HeatMapData(title)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    texts = tuple(tuple(str(count) if count else "" for count in row) for row in counts)
    names = tuple(class_names)
    return HeatMapData(
        title,
        shares,
        limits=(0.0, 1.0),
        row_labels=names,
        column_labels=names,
        texts=texts,
        note="rows true, columns predicted",
    )


def _nearest(values: int, cells: int) -> IntArray:
    """Which value each cell shows: the one at its middle, so that a label's cell is its value's."""
    return (2 * np.arange(cells) + 1) * values // (2 * cells)


class HeatMap(CanvasWidget):
    """A heat map with a border; at most one frame a second of it should be asked for, it is most to send."""

    BLANKS_INHERIT: ClassVar[bool] = False

    def __init__(
        self,
        data: HeatMapData | None = None,
        *,
        glyphs: Glyphs | None = None,
        palette: Palette | None = None,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(glyphs=glyphs, palette=palette, name=name, id=id, classes=classes)
        self._data = data or HeatMapData("")
        self._numbers: dict[tuple[int, int], int] = {}
        self._styles_made: list[Style] = []
        self._colours: tuple[Color | None, ...] = ()

    @property
    def data(self) -> HeatMapData:
        """What is shown."""
        return self._data

    def set_data(self, data: HeatMapData) -> int:
        """Show other data; returns the number of rows that changed on the screen."""
        if data.kind != self._data.kind:
            self._table = None
        self._data = data
        return self.repaint()

    def style_table(self) -> Sequence[Style]:
        """The roles, then a style for each pair of colours that ever stood above each other."""
        palette = self.palette
        self._numbers = {}
        self._styles_made = [self.component_style(ROLE_CLASSES[role]) for role in Role]
        if self._data.kind == "classes":
            self._colours = shaded_series(palette, _CONFIDENCE_LEVELS)
        else:
            ramp = palette.signed if self._data.kind == "signed" else palette.magnitude
            self._colours = ramp(_LEVELS[palette.depth])
        return self._styles_made

    def draw(self, width: int, height: int) -> Canvas:
        canvas = Canvas(width, height)
        data = self._data
        if width < 4 or height < 3:
            canvas.write(0, 0, data.title, Role.TITLE)
            return canvas
        self._styles()
        draw_frame(canvas, self.glyphs)
        canvas.write(2, 0, f" {data.title} ", Role.TITLE, room=width - 4)
        values = data.values
        if values is None or values.size == 0 or not np.isfinite(values).any():
            draw_centred(canvas, data.empty_text, Role.AXIS)
            return canvas
        left = max((cell_len(label) for label in data.row_labels), default=0)
        left = min(left + 1, width // 4) if left else 0
        top = 1 if data.column_labels and height > 5 else 0
        x, y, columns, rows = 1 + left, 1 + top, width - 2 - left, height - 2 - top
        if data.note and cell_len(data.note) + 4 < width:
            canvas.write_right(width - 2, height - 1, f" {data.note} ", Role.AXIS)
        self._draw_values(canvas, values, x, y, columns, rows)
        self._draw_labels(canvas, values.shape, x, y, columns, rows)
        self._draw_points(canvas, x, y, columns, rows)
        return canvas

    def _draw_values(
        self, canvas: Canvas, values: FloatArray, x: int, y: int, columns: int, rows: int
    ) -> None:
        levels = self._levels(values)
        halves = bool(self.glyphs.half_block) and self.palette.depth != "none" and not self._data.texts
        down = 2 if halves else 1
        across = _nearest(levels.shape[1], columns)
        along = _nearest(levels.shape[0], rows * down)
        pixels = levels[np.ix_(along, across)]
        upper, lower = pixels[::down], pixels[down - 1 :: down]
        pairs = upper * (len(self._colours) + 1) + lower
        for pair in np.unique(pairs).tolist():
            above, below = divmod(pair, len(self._colours) + 1)
            here = pairs == pair
            canvas.styles[y : y + rows, x : x + columns][here] = self._number(above, below)
            canvas.codes[y : y + rows, x : x + columns][here] = ord(self._character(above, below))

    def _levels(self, values: FloatArray) -> IntArray:
        """Colour numbers from 1; 0 where there is no value."""
        data = self._data
        finite = np.isfinite(values)
        if data.kind == "classes":
            assert data.classes is not None, "a map of classes needs them"
            shade = np.clip(np.nan_to_num(values) * _CONFIDENCE_LEVELS, 0, _CONFIDENCE_LEVELS - 1).astype(
                np.int64
            )
            marks = data.classes % (len(self._colours) // _CONFIDENCE_LEVELS)
            return np.where(finite, marks * _CONFIDENCE_LEVELS + shade + 1, 0)
        low, high = data.limits or (float(values[finite].min()), float(values[finite].max()))
        if data.kind == "signed" and data.limits is None:
            high = max(abs(low), abs(high))
            low = -high
        share = np.clip((np.where(finite, values, low) / 2 - low / 2) / max(high / 2 - low / 2, 1e-300), 0, 1)
        levels = np.minimum((share * len(self._colours)).astype(np.int64), len(self._colours) - 1)
        return np.where(finite, levels + 1, 0)

    def _character(self, above: int, below: int) -> str:
        if self.palette.depth != "none":
            return " " if above == below or not self.glyphs.half_block else self.glyphs.half_block
        if not above:
            return " "
        if self._data.kind == "classes":
            mark, shade = divmod(above - 1, _CONFIDENCE_LEVELS)
            return _CLASS_MARKS[mark % len(_CLASS_MARKS)] if shade >= _CONFIDENCE_LEVELS // 2 else " "
        shades = self.glyphs.shades
        return shades[(above - 1) * (len(shades) - 1) // max(len(self._colours) - 1, 1)]

    def _number(self, above: int, below: int) -> int:
        number = self._numbers.get((above, below))
        if number is None:
            number = self._numbers[above, below] = len(self._styles_made)
            upper, lower = self._colour(above), self._colour(below)
            self._styles_made.append(Style(color=None if above == below else upper, bgcolor=lower))
        return number

    def _colour(self, level: int) -> Color | None:
        return self._colours[level - 1] if level else None

    def _text_number(self, level: int) -> int:
        # Texts on a level are styles of their own, told apart from pairs by a negative half.
        number = self._numbers.get((level, -1))
        if number is None:
            number = self._numbers[level, -1] = len(self._styles_made)
            self._styles_made.append(text_on(self._colour(level)) + Style(bold=True))
        return number

    def _draw_labels(
        self, canvas: Canvas, shape: tuple[int, ...], x: int, y: int, columns: int, rows: int
    ) -> None:
        data = self._data
        table_rows, table_columns = shape
        middles_x = [x + (2 * c + 1) * columns // (2 * table_columns) for c in range(table_columns)]
        middles_y = [y + (2 * r + 1) * rows // (2 * table_rows) for r in range(table_rows)]
        room = columns // table_columns
        for middle, label in zip(middles_y, data.row_labels, strict=False):
            size = min(cell_len(label), x - 2)
            canvas.write(x - 1 - size, middle, label, Role.AXIS, room=size)
        if y > 1:
            for middle, label in zip(middles_x, data.column_labels, strict=False):
                size = min(cell_len(label), max(room - 1, 1))
                canvas.write(middle - size // 2, 1, label, Role.AXIS, room=size)
        if not data.texts or rows < table_rows:
            return
        levels = self._levels(np.asarray(data.values))
        for middle_y, texts, row_levels in zip(middles_y, data.texts, levels.tolist(), strict=False):
            for middle_x, text, level in zip(middles_x, texts, row_levels, strict=False):
                if cell_len(text) <= room:
                    canvas.write(middle_x - cell_len(text) // 2, middle_y, text, self._text_number(level))

    def _draw_points(self, canvas: Canvas, x: int, y: int, columns: int, rows: int) -> None:
        style = self._point_style()
        for point in self._data.points:
            if 0 <= point.x <= 1 and 0 <= point.y <= 1:
                column = x + min(int(point.x * columns), columns - 1)
                row = y + min(int(point.y * rows), rows - 1)
                canvas.write(column, row, _CLASS_MARKS[point.class_index % len(_CLASS_MARKS)], style)

    def _point_style(self) -> int:
        number = self._numbers.get((-1, -1))
        if number is None:
            number = self._numbers[-1, -1] = len(self._styles_made)
            none = self.palette.depth == "none"
            self._styles_made.append(
                Style(bold=True, reverse=True)
                if none
                else Style(color="bright_white", bgcolor="black", bold=True)
            )
        return number
