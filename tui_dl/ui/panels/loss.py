"""The view of the loss: what one sample costs, the landscape along the step and over a plane; by pages."""

from collections.abc import Sequence
from typing import ClassVar, Final

import numpy as np
from textual import events
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.widget import Widget

from tui_dl.ui.ink import Line
from tui_dl.ui.panels.lines import LinePanel
from tui_dl.ui.panels.loss_surface import LossSurfacePanel, has_surface, surface_words
from tui_dl.ui.panels.loss_words import shape_words, slice_words
from tui_dl.ui.plots.loss_shape_plot import LossShapePlot, ShapeCurve, ShapeData
from tui_dl.ui.plots.loss_slice_plot import LossSlicePlot, SliceData
from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.wire.pictures import LossShapeRead, LossSliceRead

BESIDE_FROM: Final = 100
"""Columns from which both pictures stand side by side."""
ABOVE_FROM: Final = 34
"""Rows from which they stand one above the other."""
_WORDS_FROM: Final = 14
_VARIABLES: Final = {
    "error": ("prediction - target", "the prediction"),
    "lead": ("lead of the right logit", "the right logit"),
    "logit": ("the right logit", "the right logit"),
    "log_rate": ("log of the predicted count", "that logarithm"),
}


class LossView(Container):
    """One picture, or two where there is room; a key turns the page. Only what is seen is measured."""

    DEFAULT_CSS = """
    LossView {
        & > #loss-pictures { height: 1fr; layout: horizontal; }
        & > #loss-pictures.stacked { layout: vertical; }
        & LossShapePanel, & LossSlicePanel, & LossSurfacePanel { width: 1fr; height: 1fr; }
        & > #loss-pictures.beside LossSlicePanel { width: 2fr; }
        & > #loss-pictures.beside LossSurfacePanel { width: 3fr; }
        & > LossWords { height: 3; }
    }
    """

    def __init__(self, model: RunModel, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.model = model
        self._page = 0
        self._has_plane = False

    def compose(self) -> ComposeResult:
        """Plots, and words below them."""
        with _Pictures(id="loss-pictures"):
            yield LossSurfacePanel(self.model, id="loss-surface")
            yield LossShapePanel(self.model, id="loss-shape")
            yield LossSlicePanel(self.model, id="loss-slice")
        yield LossWords(self.model, id="loss-words")

    def on_resize(self, event: events.Resize) -> None:
        self._arrange(event.size.width, event.size.height)

    def follow_model(self) -> None:
        """Begin with the surface once it is known that there is one, or without it where it is gone."""
        if has_surface(self.model) != self._has_plane:
            self._page = 0
            self._arrange(*self.size)

    def enter(self) -> None:
        """On to the next page."""
        self._page += 1
        self._arrange(*self.size)

    def leave(self) -> bool:
        """Back to the first page; tells whether that was another one."""
        was_elsewhere = self._page != 0
        self._page = 0
        self._arrange(*self.size)
        return was_elsewhere

    def _arrange(self, width: int, height: int) -> None:
        is_beside, is_stacked = width >= BESIDE_FROM, height >= ABOVE_FROM
        self._has_plane = has_surface(self.model)
        pages = pages_of(has_plane=self._has_plane, has_room=is_beside or is_stacked)
        self._page %= len(pages)
        shown = pages[self._page]
        pictures = self.query_one("#loss-pictures")
        pictures.set_class(not is_beside, "stacked")
        # Told apart from a picture alone, which fills the width whatever its part of it would be.
        pictures.set_class(is_beside and shown == ("surface", "slice"), "beside")
        self.query_one(LossSurfacePanel).display = "surface" in shown
        self.query_one(LossShapePanel).display = "shape" in shown
        self.query_one(LossSlicePanel).display = "slice" in shown
        words = self.query_one(LossWords)
        words.shown, words.display = shown, height >= _WORDS_FROM
        self.call_after_refresh(self._renew_all)

    def _renew_all(self) -> None:
        # A screen may be taken apart before the next refresh.
        for panel in self.query(Widget):
            if isinstance(panel, LossSurfacePanel | LossShapePanel | LossSlicePanel | LossWords):
                panel.renew()


class _Pictures(Horizontal):
    """Holds the plots, and hears when another model is trained."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("experiment",))

    def renew(self) -> int:
        """Have the pages laid out anew where others fit the model now."""
        if isinstance(self.parent, LossView):
            self.parent.follow_model()
        return 0


def pages_of(*, has_plane: bool, has_room: bool) -> tuple[tuple[str, ...], ...]:
    """What each page shows: pairs first where there is room, and a surface first where there can be one."""
    if has_plane:
        pairs: tuple[tuple[str, ...], ...] = (("surface", "slice"), ("shape", "slice"))
        alone: tuple[tuple[str, ...], ...] = (("surface",), ("slice",), ("shape",))
    else:
        pairs, alone = (("shape", "slice"),), (("shape",), ("slice",), ("surface",))
    return (*pairs, *alone) if has_room else alone


class LossShapePanel(LossShapePlot):
    """The loss as a function, of the newest reading."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("loss", "experiment"))

    def __init__(self, model: RunModel, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.model = model

    def renew(self) -> int:
        """Show the newest reading; returns how many rows changed."""
        return self.set_data(shape_data(self.model)) if self.is_mounted and self.display else 0


class LossSlicePanel(LossSlicePlot):
    """The loss along the step, of the newest reading."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("loss", "experiment"))

    def __init__(self, model: RunModel, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.model = model

    def renew(self) -> int:
        """Show the newest reading; returns how many rows changed."""
        return self.set_data(slice_data(self.model)) if self.is_mounted and self.display else 0


class LossWords(LinePanel):
    """The numbers of what is shown, and the key that turns to another picture."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("loss", "experiment"))

    def __init__(self, model: RunModel, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(model, id=id)
        self.shown: tuple[str, ...] = ("shape",)

    def build(self, width: int, height: int) -> Sequence[Line]:
        """A line for each picture, and one of keys."""
        lines: list[Line] = []
        if "surface" in self.shown:
            lines.append(surface_words(self.model, width))
        if "shape" in self.shown:
            lines.append(shape_words(self.model.reading(LossShapeRead), width))
        if "slice" in self.shown:
            read, step = self.model.reading(LossSliceRead), self.model.reading_step(LossSliceRead)
            lines.append(slice_words(read, step, width))
        enter = self.keymap.shown("open")
        lines.append(
            [(f" {enter}", "key", "screen.enter_view"), (" another picture", "dim", "screen.enter_view")]
        )
        return lines


def shape_data(model: RunModel) -> ShapeData:
    """What the plot of the function draws."""
    read = model.reading(LossShapeRead)
    if read is None or not read.curves:
        return ShapeData(empty_text=_why_empty(model))
    variable, by = _VARIABLES[read.variable]
    xs = np.linspace(read.low, read.high, len(read.curves[0].values))
    curves = tuple(
        ShapeCurve(each.name, np.array(each.values), np.array(each.slopes)) for each in read.curves
    )
    return ShapeData(xs, curves, np.array(read.samples), variable, by)


def slice_data(model: RunModel) -> SliceData:
    """What the plot of the landscape draws."""
    read = model.reading(LossSliceRead)
    if read is None:
        return SliceData(empty_text=_why_empty(model))
    return SliceData(
        np.array(read.steps),
        np.array(read.losses),
        read.before,
        read.after,
        read.slope,
        "loss along the next step" if read.is_next else "loss along the step",
        f"steps at rate {read.lr:.4g}",
    )


def _why_empty(model: RunModel) -> str:
    if model.described is None:
        return "nothing is known yet: the engine is loading"
    if model.experiment is None:
        return "of somebody's own loss nothing is drawn"
    return f"measured with the next batch: {model.keymap.shown('step')} makes one"
