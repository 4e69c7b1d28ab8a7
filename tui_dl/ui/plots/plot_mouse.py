"""What the mouse does on a plot, as messages: whoever owns the shared view answers them."""

from abc import abstractmethod
from typing import ClassVar

from textual import events
from textual.message import Message
from textual.widget import Widget


class PlotMouse(Widget):
    """Hovering, clicking, dragging and turning the wheel over the curves; each of them has a key as well."""

    # A drag moves the view; it selects no text.
    ALLOW_SELECT: ClassVar[bool] = False

    class Pointed(Message):
        """The pointer is over a place on the x axis; a click means it, hovering only passes by."""

        def __init__(self, plot: "PlotMouse", x: float, *, is_click: bool) -> None:
            super().__init__()
            self.plot = plot
            self.x = x
            self.is_click = is_click

    class Dragged(Message):
        """The curves were dragged by a share of their width, to the right if positive."""

        def __init__(self, plot: "PlotMouse", share: float) -> None:
            super().__init__()
            self.plot = plot
            self.share = share

    class Wheeled(Message):
        """The wheel was turned over a place on the x axis; up, by 1, looks closer."""

        def __init__(self, plot: "PlotMouse", x: float, notches: int) -> None:
            super().__init__()
            self.plot = plot
            self.x = x
            self.notches = notches

    _pressed_at: int | None = None
    _has_dragged = False

    @abstractmethod
    def x_at(self, cell: int) -> float | None:
        """The place on the x axis that a column of the widget stands for; None beside the curves."""

    @property
    @abstractmethod
    def curve_cells(self) -> int:
        """Columns of cells that the curves have."""

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button == 1 and self.x_at(event.x) is not None:
            self._pressed_at, self._has_dragged = event.x, False
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._pressed_at is not None:
            moved = event.x - self._pressed_at
            if moved:
                self._pressed_at, self._has_dragged = event.x, True
                self.post_message(self.Dragged(self, moved / max(self.curve_cells, 1)))
            return
        x = self.x_at(event.x)
        if x is not None:
            self.post_message(self.Pointed(self, x, is_click=False))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._pressed_at is None:
            return
        self._pressed_at = None
        self.release_mouse()
        x = self.x_at(event.x)
        if x is not None and not self._has_dragged:
            self.post_message(self.Pointed(self, x, is_click=True))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._turn(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._turn(event, -1)

    def _turn(self, event: events.MouseEvent, notches: int) -> None:
        x = self.x_at(event.x)
        if x is not None:
            event.stop()
            self.post_message(self.Wheeled(self, x, notches))
