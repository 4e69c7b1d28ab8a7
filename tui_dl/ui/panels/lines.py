"""The base of all panels made of lines: built when data change, only rows that differ are painted again."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual._context import active_app
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tui_dl.ui.ink import Ink, Line, ink_for, strip_of
from tui_dl.ui.keys.keymap import DEFAULT_KEYMAP, Keymap
from tui_dl.ui.run_model import RunModel, Topic


class LinePanel(Widget):
    """A panel that says its content as lines; longer content scrolls, by wheel or `move_lines`."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset()
    """What it shows: a message that touches none of these leaves it as it is."""

    GROWS: ClassVar[bool] = False
    """Whether it takes room as it has content: it must be asked even while it has none."""

    DEFAULT_CSS = """
    LinePanel { width: 1fr; height: 1fr; }
    """

    def __init__(self, model: RunModel, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self.model = model
        self._strips: list[Strip] = []
        self._content_lines = 0
        self._top = 0

    @abstractmethod
    def build(self, width: int, height: int) -> Sequence[Line]:
        """The content at this size; may be longer than `height`."""

    @property
    def ink(self) -> Ink:
        """The present theme's styles."""
        return ink_for(self.app)

    @property
    def is_plain(self) -> bool:
        """Whether this terminal is to be given ASCII alone."""
        return bool(self._has_app and getattr(self.app, "is_plain", False))

    @property
    def keymap(self) -> Keymap:
        """The keys of this user; those of the table where there is no app."""
        return getattr(self.app, "keymap", DEFAULT_KEYMAP) if self._has_app else DEFAULT_KEYMAP

    @property
    def _has_app(self) -> bool:
        return active_app.get(None) is not None

    def renew(self) -> int:
        """Take in what changed; returns how many rows are painted again."""
        return self.repaint()

    def repaint(self) -> int:
        """Build the lines anew and paint those that differ; returns their number."""
        width, height = self.content_size
        if not width or not height:
            return 0
        lines = self.build(width, height)
        self._content_lines = len(lines)
        self._top = max(min(self._top, len(lines) - height), 0)
        shown = list(lines[self._top : self._top + height])
        shown += [()] * (height - len(shown))
        ink = self.ink
        strips = [strip_of(ink, line, width, is_plain=self.is_plain) for line in shown]
        before, self._strips = self._strips, strips
        changed = [y for y, strip in enumerate(strips) if y >= len(before) or strip != before[y]]
        if len(before) != len(strips):
            self.refresh()
        elif changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))
        return len(changed)

    @property
    def opacity(self) -> float:
        """Nothing here is ever translucent; Textual would walk up the tree for it at every paint of a row."""
        return 1.0

    def render_line(self, y: int) -> Strip:
        """Give the painter a line built before."""
        if 0 <= y < len(self._strips):
            return self._strips[y]
        return strip_of(self.ink, (), self.content_size.width)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Where the style sheet leaves the height to the content: as many lines as there are."""
        return len(self.build(width, viewport.height)) if width else 0

    def move_lines(self, lines: int) -> None:
        """Move the content up or down."""
        top = max(min(self._top + lines, self._content_lines - self.content_size.height), 0)
        if top != self._top:
            self._top = top
            self.repaint()

    def notify_style_update(self) -> None:
        """Another theme: every line has other styles."""
        super().notify_style_update()
        self._strips = []
        if self.is_mounted:
            self.repaint()

    def on_resize(self) -> None:
        self._strips = []
        self.repaint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.move_lines(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.move_lines(-3)


class GrowingPanel(LinePanel):
    """A panel as high as its content; without content it is not there."""

    GROWS: ClassVar[bool] = True
    _laid_out_lines = 0

    def renew(self) -> int:
        """Take in what changed; lay out anew when it needs another height."""
        lines = len(self.build(self.size.width or self.app.size.width, self.app.size.height))
        # A repaint in between, by a resize, has seen the new lines already, but got the old height.
        if lines != self._laid_out_lines:
            self._laid_out_lines = lines
            self.refresh(layout=True)
        return self.repaint()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as there are now."""
        self._laid_out_lines = super().get_content_height(container, viewport, width)
        return self._laid_out_lines
