"""Base of all plots: a widget that draws on a canvas when its data change and refreshes only what differs."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from rich.color import ColorSystem
from rich.style import Style
from textual.color import Color
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tui_dl.ui.plots.canvas import Canvas, Painted, paint
from tui_dl.ui.plots.glyph import FULL, Glyphs
from tui_dl.ui.plots.roles import ROLE_CLASSES
from tui_dl.ui.theme import Palette, palette_of

_DIM_BELOW = 0.7


class CanvasWidget(Widget):
    """A widget drawn as a canvas.

    Textual sends a refreshed row from the widget's left edge and does not compare frames: so rows that are
    equal to those on the screen are never refreshed, and the others only up to their last difference.
    """

    BLANKS_INHERIT: ClassVar[bool] = True
    COMPONENT_CLASSES: ClassVar[set[str]] = set(ROLE_CLASSES.values())
    DEFAULT_CSS = """
    CanvasWidget {
        width: 1fr;
        height: 1fr;
        & > .plot--frame { color: $foreground 35%; }
        & > .plot--grid { color: $foreground 18%; }
        & > .plot--mark { color: $warning 60%; }
        & > .plot--fault { color: $error 70%; }
        & > .plot--cross { color: $foreground 80%; }
        & > .plot--title { color: $foreground; text-style: bold; }
        & > .plot--axis { color: $foreground 60%; }
        & > .plot--mark-label { color: $warning; }
        & > .plot--alert { color: $error; text-style: bold; }
        &:focus > .plot--frame { color: $accent; }
    }
    """

    def __init__(
        self,
        *,
        glyphs: Glyphs | None = None,
        palette: Palette | None = None,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._own_glyphs = glyphs
        self._own_palette = palette
        self._painted: Painted | None = None
        self._table: Sequence[Style] | None = None
        self._ground: tuple[Color, Color] | None = None

    @property
    def glyphs(self) -> Glyphs:
        """The characters to draw with: given, or the app's `glyphs`, or all."""
        found = self._own_glyphs or getattr(self.app, "glyphs", None)
        return found if isinstance(found, Glyphs) else FULL

    @property
    def palette(self) -> Palette:
        """The colours to draw with: given, or those of the app's terminal and theme."""
        return self._own_palette or palette_of(self.app)

    @abstractmethod
    def draw(self, width: int, height: int) -> Canvas:
        """Draw the present data; width and height are at least 1."""

    @abstractmethod
    def style_table(self) -> Sequence[Style]:
        """The styles that the canvas' numbers stand for, under the present theme."""

    def _drawn(self, width: int, height: int) -> Canvas:
        canvas = self.draw(width, height)
        if not self.glyphs.half_block:
            # Labels say → and × wherever they come from.
            canvas.make_plain()
        return canvas

    def repaint(self) -> int:
        """Draw again and refresh the rows that changed; returns their number.

        Nothing is drawn for a widget without a size: it is drawn when it gets one.
        """
        width, height = self.content_size
        before = self._painted
        if not (self.is_attached and width and height):
            self._painted = None
            return 0
        self._painted = paint(
            self._drawn(width, height), self._styles(), before, blanks_inherit=self.BLANKS_INHERIT
        )
        changed = self._painted.changed
        if changed:
            self.refresh(*(Region(0, row, columns, 1) for row, columns in changed))
        return len(changed)

    def restyle(self) -> None:
        """Forget the styles and draw everything again: the theme, the glyphs or the palette changed."""
        self._table = self._ground = None
        self._painted = None
        self.refresh()

    @property
    def opacity(self) -> float:
        """Nothing here is ever translucent; Textual would walk up the tree for it at every paint of a row."""
        return 1.0

    @property
    def background_colors(self) -> tuple[Color, Color]:
        """Textual's, worked out once for each theme instead of at every paint."""
        if self._ground is None:
            self._ground = super().background_colors
        return self._ground

    @property
    def content_size(self) -> Size:
        """Textual's, which looks the widget up in its screen: this is asked several times a frame."""
        size, gutter = self.outer_size, self.styles.gutter
        return Size(max(size.width - gutter.width, 0), max(size.height - gutter.height, 0))

    def render_line(self, y: int) -> Strip:
        width, height = self.content_size
        painted = self._painted
        if painted is None or painted.codes.shape != (height, width):
            if not (width and height):
                return Strip.blank(width)
            # Once for each new size; Textual asks for lines before it tells about the size.
            painted = self._painted = paint(
                self._drawn(width, height), self._styles(), blanks_inherit=self.BLANKS_INHERIT
            )
        return painted.strips[y] if y < len(painted.strips) else Strip.blank(width)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._ground = None
        self._table = None
        self._painted = None

    def component_style(self, name: str) -> Style:
        """The foreground of a component class over the widget's own background."""
        styles = self.get_component_styles(name)
        text_style = styles.text_style
        if self.palette.depth == "none":
            return text_style + Style(dim=styles.color.a < _DIM_BELOW)
        background = self.background_colors[1]
        if styles.color.ansi is not None or background.ansi is not None:
            # Named colours can't be blended: what is meant to recede is dimmed instead.
            return text_style + Style(color=styles.color.rich_color, dim=styles.color.a < _DIM_BELOW)
        # Textual lays no ground below what a widget draws itself: where the theme brings one it is said.
        ground = background.rich_color
        if self.palette.depth == "256":
            ground = ground.downgrade(ColorSystem.EIGHT_BIT)
        return text_style + Style(color=(background + styles.color).rich_color, bgcolor=ground)

    def _styles(self) -> Sequence[Style]:
        if self._table is None:
            self._table = self.style_table()
        return self._table
