"""A modal screen over what it covers, taken as it is: all that knows of Textual's insides for that."""

from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual._context import visible_screen_stack
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import _RenderCache

if TYPE_CHECKING:
    from textual.geometry import Size

Result = TypeVar("Result")


class SeeThroughScreen(ModalScreen[Result]):
    """A dialog without a tint.

    Textual makes each segment of the screen below anew to tint it and to take its links away, twice for each
    dialog: at 160x48 more than half of the time from a key to its dialog. Only links need that.
    """

    _taken: "tuple[object, Size, list[Strip]] | None" = None
    """What was below at the first of the two paintings that an opening takes; the next one begins anew."""

    def _render_content(self) -> None:
        try:
            below = visible_screen_stack.get().pop()
        except (LookupError, IndexError):
            below = None
        if below is None or below is self or self.styles.background.a > 0:
            super()._render_content()
            return
        before, self._taken = self._taken, None
        if before is not None and before[:2] == (below, self.size):
            strips = before[2]
        else:
            strips = [_without_links(strip) for strip in below._compositor.render_strips(self.size)]
            self._taken = (below, self.size, strips)
        self._render_cache = _RenderCache(self.size, strips)
        self._dirty_regions.clear()


def _without_links(strip: Strip) -> Strip:
    """The same to look at, with nothing to click."""
    if not any(segment.style is not None and segment.style._meta for segment in strip):
        return strip
    return Strip(
        [
            Segment(segment.text, _cleared(segment.style), segment.control)
            if segment.style is not None and segment.style._meta
            else segment
            for segment in strip
        ],
        strip.cell_length,
    )


@lru_cache(maxsize=512)
def _cleared(style: Style) -> Style:
    return style.clear_meta_and_links()
