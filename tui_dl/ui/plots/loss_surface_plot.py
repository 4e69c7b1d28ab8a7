"""The loss over the plane of two numbers as a map with bands, and the paths of runs over it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, final

import numpy as np
import numpy.typing as npt
from rich.cells import cell_len
from rich.style import Style

from tui_dl.history.arrays import BoolArray, FloatArray, IntArray
from tui_dl.ui.plots.canvas import Canvas
from tui_dl.ui.plots.data_canvas import DataCanvas
from tui_dl.ui.plots.glyph import characters, encode_dots
from tui_dl.ui.plots.line_labels import draw_centred, draw_frame
from tui_dl.ui.plots.path_dots import path_dots
from tui_dl.ui.plots.roles import ROLE_CLASSES, Role
from tui_dl.ui.plots.surface_area import GUTTER, SurfaceArea, draw_axes, longest_name
from tui_dl.ui.plots.surface_path import SurfacePath
from tui_dl.ui.plots.terrain import BANDS, path_style, terrain
from tui_dl.ui.theme import text_on
from tui_dl.ui.wrapping import shortened

LEAST_WIDTH: Final = 30
LEAST_HEIGHT: Final = 7
_OWN: Final = "#"
_UNDONE: Final = ","
"""What a path is drawn with where a cell has no dots; variants have their numbers."""
START, PRESENT, LOWEST = "o", "x", "+"
_TEXTURE: Final = " ."
_ARROWS: Final = "<>^v"


@final
@dataclass(frozen=True, slots=True, eq=False)
class SurfaceData:
    """Bands (rows, columns) of the loss, row 0 at the top; paths, the run's own last; and where it is now."""

    bands: IntArray = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int64))
    x_range: tuple[float, float] = (0.0, 1.0)
    y_range: tuple[float, float] = (0.0, 1.0)
    names: tuple[str, str] = ("x", "y")
    paths: tuple[SurfacePath, ...] = ()
    lowest: tuple[float, float] | None = None
    place: tuple[float, float] | None = None
    empty_text: str = "no reading yet"


class LossSurfacePlot(DataCanvas[SurfaceData]):
    """Bands of height; `o` where the run began, `x` where it is, a number for a variant, `+` the lowest."""

    NOTHING = SurfaceData()
    BLANKS_INHERIT: ClassVar[bool] = False

    _numbers: dict[tuple[str, int, int], int]
    _made: list[Style]

    def style_table(self) -> Sequence[Style]:
        """The roles, then a style for each pair of bands and each path on a band that was ever drawn."""
        self._numbers = {}
        self._made = [self.component_style(ROLE_CLASSES[role]) for role in Role]
        return self._made

    def draw(self, width: int, height: int) -> Canvas:
        canvas, data = Canvas(width, height), self._data
        if width < LEAST_WIDTH or height < LEAST_HEIGHT:
            canvas.write(0, 0, "loss surface", Role.TITLE)
            canvas.write(0, 1, "needs more room", Role.AXIS)
            return canvas
        self._styles()
        draw_frame(canvas, self.glyphs)
        if not data.bands.size:
            canvas.write(2, 0, " loss surface ", Role.TITLE)
            draw_centred(canvas, data.empty_text, Role.AXIS)
            return canvas
        self._draw_legend(canvas)
        area = SurfaceArea(1 + GUTTER, 1, width - 2 - GUTTER, height - 2)
        bands = self._draw_ground(canvas, area)
        for path in data.paths:
            self._draw_path(canvas, area, bands, path)
        self._draw_marks(canvas, area, bands)
        draw_axes(canvas, area, data.names, data.x_range, data.y_range)
        return canvas

    # -- ground ----------------------------------------------------------------------------------------

    def _draw_ground(self, canvas: Canvas, area: SurfaceArea) -> IntArray:
        """Draw the bands; returns that of each cell's lower half, on which whatever lies there is drawn."""
        halves = bool(self.glyphs.half_block) and self.palette.depth != "none"
        down = 2 if halves else 1
        bands = self._data.bands
        along, across = _nearest(bands.shape[0], area.rows * down), _nearest(bands.shape[1], area.columns)
        shown = bands[np.ix_(along, across)]
        upper, lower = shown[::down], shown[down - 1 :: down]
        block = slice(area.y, area.y + area.rows), slice(area.x, area.x + area.columns)
        pairs = (upper + 1) * (BANDS + 1) + lower + 1
        for pair in np.unique(pairs).tolist():
            above, below = divmod(pair, BANDS + 1)
            here = pairs == pair
            canvas.styles[block][here] = self._number("ground", above - 1, below - 1)
            canvas.codes[block][here] = ord(self._fill(above - 1, below - 1))
        return lower

    def _fill(self, above: int, below: int) -> str:
        if above < 0 and below < 0:
            return "!"
        if self.palette.depth == "none":
            return _TEXTURE[below % 2]
        return " " if above == below or not self.glyphs.half_block else self.glyphs.half_block

    # -- paths -----------------------------------------------------------------------------------------

    def _draw_path(self, canvas: Canvas, area: SurfaceArea, bands: IntArray, path: SurfacePath) -> None:
        xs, ys = self._shares(path.xs, path.ys)
        across, down = self.glyphs.cell_dots
        if self.glyphs.dots == "ascii":
            across = down = 1
        dots = path_dots(xs, ys, area.rows * down, area.columns * across)
        here, codes = self._characters(dots, path)
        block = slice(area.y, area.y + area.rows), slice(area.x, area.x + area.columns)
        kind = "undone" if path.is_undone else "path"
        canvas.codes[block][here] = codes[here]
        for band in np.unique(bands[here]).tolist():
            canvas.styles[block][here & (bands == band)] = self._number(kind, path.colour, band)

    def _characters(self, dots: BoolArray, path: SurfacePath) -> tuple[BoolArray, npt.NDArray[np.uint32]]:
        if self.glyphs.dots == "ascii":
            # Its few patterns of dots would be lost among the ground's.
            mark = self._mark(path) if path.name else _UNDONE if path.is_undone else _OWN
            return dots, np.full(dots.shape, ord(mark), dtype=np.uint32)
        patterns = encode_dots(dots, self.glyphs.dots)
        return patterns > 0, characters(patterns, self.glyphs.dots)

    def _mark(self, path: SurfacePath) -> str:
        """Of a variant its number, from 1."""
        named = [each for each in self._data.paths if each.name]
        return str(named.index(path) + 1)

    def _draw_marks(self, canvas: Canvas, area: SurfaceArea, bands: IntArray) -> None:
        data, taken = self._data, set[tuple[int, int]]()
        own = data.paths[-1] if data.paths else None
        marks = [(data.place, PRESENT, 0), (own.start if own is not None else None, START, 0)]
        marks += [(path.end, self._mark(path), path.colour) for path in data.paths if path.name]
        marks.append((data.lowest, LOWEST, -1))
        for at, mark, colour in marks:
            cell = self._cell_of(area, at)
            if cell is None:
                continue
            column, row, arrow = cell
            shown = arrow or mark
            # Several that have come to one place stand side by side.
            while (column, row) in taken and column < area.columns - 1 and mark not in (START, LOWEST):
                column += 1
            if (column, row) in taken:
                continue
            taken.add((column, row))
            style = self._number("mark", colour, int(bands[row, column]))
            canvas.write(area.x + column, area.y + row, shown, style)

    def _cell_of(self, area: SurfaceArea, at: tuple[float, float] | None) -> tuple[int, int, str] | None:
        """Column and row of a place; outside those at the edge, with an arrow; None if it is not finite."""
        if at is None or not np.isfinite(at).all():
            return None
        (x,), (y,) = self._shares(np.array([at[0]]), np.array([at[1]]))
        arrow = ""
        for is_beyond, sign in zip((x < 0, x > 1, y < 0, y > 1), _ARROWS, strict=True):
            arrow = sign if is_beyond else arrow
        x, y = np.clip(x, 0, 1), np.clip(y, 0, 1)
        column = min(int(x * area.columns), area.columns - 1)
        return column, min(int(y * area.rows), area.rows - 1), arrow

    def _shares(self, xs: FloatArray, ys: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Places as shares from the left and from the top."""
        (left, right), (bottom, top) = self._data.x_range, self._data.y_range
        with np.errstate(over="ignore", invalid="ignore"):
            return (xs - left) / (right - left), (top - ys) / (top - bottom)

    # -- words and styles ------------------------------------------------------------------------------

    def _draw_legend(self, canvas: Canvas) -> None:
        """Title and what the marks mean; the names of variants come first, cut where there is no room."""
        data, end = self._data, canvas.width - 2
        x = canvas.write(2, 0, " loss surface ", Role.TITLE, room=end - 2)
        named = [path for path in data.paths if path.name]
        own = [(f" {PRESENT} now ", 0)] if data.paths else []
        room = end - x - sum(len(text) for text, _ in own)
        most = longest_name([path.name for path in named], room)
        entries = own + [
            (f" {self._mark(path)} {shortened(path.name, most)} ", path.colour) for path in named
        ]
        if any(path.is_undone for path in data.paths):
            entries.append((" faint: undone ", -1))
        entries += [(f" {LOWEST} lowest ", -1), (f" {START} start ", 0)]
        for text, colour in entries:
            if x + cell_len(text) <= end:
                x = canvas.write(x, 0, text, self._number("legend", colour, 0))

    def _number(self, kind: str, colour: int, band: int) -> int:
        key = (kind, colour, band)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._made)
            self._made.append(self._style(kind, colour, band))
        return number

    def _style(self, kind: str, colour: int, band: int) -> Style:
        colours = terrain(self.palette)
        ground = colours[band] if band >= 0 else None
        match kind:
            case "ground":
                above = colours[colour] if colour >= 0 else None
                is_faint = self.palette.depth == "none" or None
                return Style(color=None if colour == band else above, bgcolor=ground, dim=is_faint)
            case "undone":
                return path_style(self.palette, colour, is_faint=True) + Style(bgcolor=ground)
            case "path":
                return path_style(self.palette, colour) + Style(bgcolor=ground)
            case "legend":
                return self._made[Role.AXIS] if colour < 0 else path_style(self.palette, colour)
            case _:
                if colour < 0:
                    return text_on(ground) + Style(bold=True)
                return path_style(self.palette, colour) + Style(bgcolor=ground, bold=True, reverse=True)


def _nearest(values: int, cells: int) -> IntArray:
    """Which value each cell shows: the one at its middle."""
    return (2 * np.arange(cells) + 1) * values // (2 * cells)
