"""The loss over the plane of two trained numbers: what is drawn, said and asked for."""

from typing import ClassVar, Final, final

import numpy as np
from textual.message import Message

from tui_dl.ui.ink import Line, Part, cells
from tui_dl.ui.numerals import count, number
from tui_dl.ui.panels.loss_words import fitting
from tui_dl.ui.plots.loss_surface_plot import LossSurfacePlot, SurfaceData
from tui_dl.ui.plots.surface_path import paths_of, reach_of
from tui_dl.ui.plots.terrain import bands_of
from tui_dl.ui.run_model import RunModel, Topic
from tui_dl.wire.messages import PATH
from tui_dl.wire.pictures import LossSurfaceRead

DIMENSIONS: Final = 2
"""Trained numbers that make a plane."""
SHRINKS_BELOW: Final = 0.25
"""Less is asked for when the paths need less than this part of what was."""

Reach = tuple[float, ...]


def has_surface(model: RunModel) -> bool:
    """Whether exactly two numbers are trained."""
    return model.described is not None and model.described.parameters == DIMENSIONS


class LossSurfacePanel(LossSurfacePlot):
    """The surface of the newest reading, and all paths as the history has them."""

    TOPICS: ClassVar[frozenset[Topic]] = frozenset(("loss", "experiment", "series"))

    @final
    class Wished(Message):
        """The engine should look at another part of the plane."""

    def __init__(self, model: RunModel, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.model = model
        self.reach: Reach = ()
        """How far the paths come, as it was asked for."""

    def renew(self) -> int:
        """Show the newest reading and all updates; returns how many rows changed."""
        if not (self.is_mounted and self.display):
            return 0
        data = surface_data(self.model)
        if data.bands.size:
            self._ask_for(data)
        return self.set_data(data)

    def _ask_for(self, data: SurfaceData) -> None:
        needed = reach_of(data.paths, data.lowest)
        wanted = next_reach(self.reach, needed, (*data.x_range, *data.y_range))
        if wanted != self.reach:
            self.reach = wanted
            self.post_message(self.Wished())


def next_reach(asked: Reach, needed: Reach, shown: Reach) -> Reach:
    """What to ask for: as before while all that is needed is shown and not too small, each axis by itself."""
    if not needed:
        return asked
    for axis in (0, 2):
        low, high = needed[axis], needed[axis + 1]
        if low < shown[axis] or high > shown[axis + 1]:
            return needed
        if asked and high - low < SHRINKS_BELOW * (asked[axis + 1] - asked[axis]):
            return needed
    return asked


def surface_data(model: RunModel) -> SurfaceData:
    """What the plot draws."""
    read = model.reading(LossSurfaceRead)
    if read is None or not has_surface(model):
        return SurfaceData(empty_text=_why_empty(model))
    paths = paths_of(model)
    _, place = present_place(model, read, model.reading_step(LossSurfaceRead) or 0)
    return SurfaceData(
        bands_of(read.levels, read.rows, read.columns),
        read.x_range,
        read.y_range,
        read.names,
        paths,
        read.lowest_at if np.isfinite(read.lowest) else None,
        place,
    )


def surface_words(model: RunModel, width: int) -> Line:
    """Where the run stands and how high, the lowest there is, and what the loss is of."""
    read, measured_at = model.reading(LossSurfaceRead), model.reading_step(LossSurfaceRead)
    if read is None or measured_at is None or not has_surface(model):
        return []
    step, place = present_place(model, read, measured_at)
    parts: list[Part] = [(f" step {count(step)}  ", "dim")]
    if not is_inside(place, read):
        parts.append(("outside of the picture  ", "bad"))
    for name, value in zip(read.names, place, strict=True):
        parts += [(f"{name} ", "dim"), (f"{number(value, 3)}  ", "bold")]
    parts += [("loss ", "dim"), (number(read.loss), "bold")]
    if step != measured_at:
        parts.append((f" at step {count(measured_at)}", "dim"))
    lowest = f", lowest here {number(read.lowest)}"
    where = f"{lowest} at " + ", ".join(number(each, 3) for each in read.lowest_at)
    of = f"   over {count(read.samples)} training samples"
    if read.samples < read.of_samples:
        of = f"   over {count(read.samples)} of {count(read.of_samples)} training samples"
    if read.has_penalty:
        of += ", with penalties"
    return fitting(
        parts,
        [where if cells(parts) + len(where) <= width else lowest, of, "   each band twice as high"],
        width,
    )


def present_place(
    model: RunModel, read: LossSurfaceRead, measured_at: int
) -> tuple[int, tuple[float, float]]:
    """The newest step and where it led to: a reading may be of an earlier one."""
    x, y = (model.latest(name) for name in PATH[2:])
    step = model.history.last_step()
    if step <= measured_at or x is None or y is None:
        return measured_at, read.at
    return step, (x, y)


def is_inside(place: tuple[float, float], read: LossSurfaceRead) -> bool:
    """Whether a place is within the picture's limits; not if it is not finite."""
    (left, right), (bottom, top) = read.x_range, read.y_range
    return left <= place[0] <= right and bottom <= place[1] <= top


def _why_empty(model: RunModel) -> str:
    if model.described is None:
        return "nothing is known yet: the engine is loading"
    if not has_surface(model):
        trained = count(model.described.parameters)
        return (
            f"a surface takes a model of two trained numbers, this has {trained}: see the loss along the step"
        )
    return f"measured with the next batch: {model.keymap.shown('step')} makes one"
