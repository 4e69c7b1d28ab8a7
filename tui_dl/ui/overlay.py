"""A dialog over another screen: what lies below stays as it is and goes on; only the box is painted."""

from collections.abc import Iterable
from time import monotonic
from typing import Any, ClassVar, Final, Self, TypeVar

from textual import events
from textual.app import App, ReturnType
from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.widget import Widget

_LEAVES_WITHIN_S: Final = 0.25
_R = TypeVar("_R")


class Overlay(ModalScreen[_R]):
    """The base of all dialogs.

    Textual tints what is below a modal screen: it renders all of it anew, twice, before the dialog is seen,
    and again with each live update. Here the cells below are taken as they are, line by line and only where
    something else than the box is painted.
    """

    # A modal screen's keys are its own: the app's do not reach it.
    BINDINGS: ClassVar[list[Any]] = [Binding("ctrl+z", "app.suspend_process", show=False)]
    DEFAULT_CSS = """
    Overlay { background: transparent; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._was_resumed = self._is_shown = False
        self._laid_out = Size(0, 0)
        self._asked: set[Region] = set()
        """What of the screen below is to be painted anew, before the first paint here."""
        self._seen_lines: frozenset[int] | None = None
        """The lines in which something of the screen below is about to be painted; None for all."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """What lies below, in the lines that are about to be painted; the others are of no account."""
        below = _below(self)
        if below is None:
            return super().render_lines(crop)
        wanted = frozenset(crop.line_range)
        if self._seen_lines is not None:
            wanted &= self._seen_lines
        blank = Strip.blank(crop.width)
        if not wanted:
            return [blank] * crop.height
        found = lines_of(below, crop, wanted)
        return [found.get(y, blank) for y in crop.line_range]

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Textual's; once the box is shown a layout paints what it moves, and no more than that."""
        repaint = repaint and not (layout and self._is_shown and not regions)
        if not self._is_shown:
            # Only the screen below names regions: its lines are painted through this screen from now on.
            self._asked.update(regions)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def action_cancel(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)

    def _on_screen_resume(self, event: events.ScreenResume) -> None:
        # Textual would call its own handler after this one.
        event.prevent_default()
        is_first = not self._was_resumed
        self._was_resumed = True
        super()._on_screen_resume(event)
        if is_first:
            _stay_as_it_is(self)

    def post_message(self, message: Message) -> bool:
        """Textual's; an event of its own of a new size, which Textual shares with the screens below."""
        if isinstance(message, events.Resize):
            message = events.Resize(
                message.size, message.virtual_size, message.container_size, message.pixel_size
            )
        return super().post_message(message)

    async def _on_resize(self, event: events.Resize) -> None:
        # The first layout sends one too, at which Textual would lay out this and the screens below again.
        # What lies below hears of a new size by itself.
        event.prevent_default()
        event.stop()
        if event.size != self._laid_out:
            self._laid_out = event.size
            self._screen_resized(event.size)

    def _refresh_layout(self, size: Size | None = None, scroll: bool = False) -> None:
        self._laid_out = size or self.outer_size
        super()._refresh_layout(size, scroll)

    def _compositor_refresh(self) -> None:
        if self is self.app.screen and not self.app._batch_count:
            self._seen_lines = self._narrow()
        super()._compositor_refresh()
        self._seen_lines = None

    def _narrow(self) -> frozenset[int]:
        """At first paint the box, and what was asked for. Returns the lines that are painted beside a box."""
        compositor = self._compositor
        boxes = list(_boxes_of(self))
        if not self._is_shown:
            self._is_shown = True
            compositor._dirty_regions = {*boxes, *self._asked}
            self._asked.clear()
        return _lines_beside(compositor._dirty_regions, boxes)


class Covered(Screen[Any]):
    """The base of screens that dialogs are laid over: when one goes, only what its box hid is painted.

    Textual has every widget styled and painted anew. Styles are kept up below a dialog too: whatever changes
    them tells all screens.
    """

    _uncovered: tuple[Region, ...] = ()
    _settled_at = 0.0

    def uncover(self, regions: tuple[Region, ...]) -> None:
        """A dialog goes that hid these regions."""
        self._uncovered, self._settled_at = regions, monotonic() + _LEAVES_WITHIN_S

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Textual's; of those that it does by itself while a dialog goes, only what the dialog hid."""
        if regions or recompose or not self._is_uncovering:
            return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        return super().refresh(*self._uncovered)

    def _on_screen_resume(self, event: events.ScreenResume) -> None:
        if self._is_uncovering:
            # Textual would call its own handler after this one.
            event.prevent_default()
            self.stack_updates += 1
            self.app._refresh_notifications()
            self._update_auto_focus()

    @property
    def _is_uncovering(self) -> bool:
        if not self._uncovered:
            return False
        if monotonic() > self._settled_at or self._size != self.app.size:
            self._uncovered = ()
        return bool(self._uncovered)


class OverlayApp(App[ReturnType]):
    """An app that does not paint a screen anew because a dialog was laid over it, or went."""

    def pop_screen(self) -> AwaitComplete:
        """Textual's, but for the repaint of the screen below."""
        leaving = self.screen
        boxes = _boxes_of(leaving) if isinstance(leaving, Overlay) else ()
        below = _below(leaving)
        if isinstance(below, Covered):
            below.uncover(boxes)
        return super().pop_screen()

    def push_screen(self, screen: Any, *args: Any, **options: Any) -> Any:
        """Textual's, but for the repaint of the screen below."""
        below = self.screen_stack[-1] if self.screen_stack else None
        pushed = super().push_screen(screen, *args, **options)
        if below is not None and isinstance(screen, Overlay):
            _stay_as_it_is(below)
        return pushed


def lines_of(screen: Screen[Any], crop: Region, wanted: Iterable[int]) -> dict[int, Strip]:
    """Lines of a screen as they are painted there."""
    compositor, rows = screen._compositor, frozenset(wanted)
    span = Region(crop.x, min(rows), crop.width, max(rows) - min(rows) + 1)
    chops = compositor._render_chops(span.intersection(compositor.size.region), rows.__contains__)
    # A click is for the dialog: what lies below keeps its looks and loses its actions.
    return {y: Strip.join(chops[y].values()).discard_meta() for y in rows if y < len(chops)}


def _boxes_of(overlay: Screen[Any]) -> tuple[Region, ...]:
    return tuple(child.region for child in overlay.children if child.has_class("box") and child.display)


def _lines_beside(dirty: Iterable[Region], boxes: list[Region]) -> frozenset[int]:
    lines: set[int] = set()
    for region in dirty:
        if not any(box.contains_region(region) for box in boxes):
            lines.update(region.line_range)
    return frozenset(lines)


def _below(overlay: Screen[Any]) -> Screen[Any] | None:
    stack = overlay.app.screen_stack
    place = stack.index(overlay) if overlay in stack else 0
    return stack[place - 1] if place else None


def _stay_as_it_is(widget: Widget) -> None:
    widget._repaint_required = False
    widget._dirty_regions.clear()
    widget._repaint_regions.clear()
