"""What the plots of one screen share: the part of x they show, its unit, the crosshair; they only read it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, final

from tui_dl.ui.plots.axes import StepAxis
from tui_dl.ui.plots.pace import Pace
from tui_dl.ui.plots.x_units import XMap, XUnit, x_map
from tui_dl.ui.plots.x_view import ROOM_SHARE, PlotState, Reach

if TYPE_CHECKING:
    from tui_dl.history import SeriesStore

# The closest look: so many steps across a plot.
_LEAST_STEPS = 4


@final
@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What all plots show now: the range of x in its unit, and the map between steps and that unit."""

    x_range: tuple[float, float]
    map: XMap
    reach: Reach
    last_step: int
    """Of the live curve; 0 before there is one."""


@final
class PlotBoard:
    """The shared state, and what follows from it and the history; worked out once a frame for all plots."""

    def __init__(self) -> None:
        self.state = PlotState()
        self.label_cells = 0
        """The most cells that any of the plots needs left of its curves."""
        self.pace = Pace()
        """How fast the data go on along x."""
        self._unit: XUnit = "step"
        self._axis = StepAxis()
        self._train_samples = 0
        self._maps: dict[tuple[XUnit, int], XMap] = {}
        self._maps_of: tuple[object, ...] = ()
        self._sight: Sight | None = None
        self._sight_of: tuple[object, ...] = ()

    @property
    def unit(self) -> XUnit:
        """The unit that was asked for; shown in steps while there is nothing to convert by."""
        return self._unit

    def sight(self, store: "SeriesStore", train_samples: int) -> Sight:
        """What is shown now."""
        self._train_samples = train_samples
        wanted = (id(store), store.revision, self.state.view, self._unit, train_samples)
        if self._sight is None or self._sight_of != wanted:
            self._sight, self._sight_of = self._look(store), wanted
            self.pace.reached(self._sight.reach.last)
        return self._sight

    def map_of(self, store: "SeriesStore", segment: int | None = None) -> XMap:
        """The map of the live curve, or of the one that an older segment was."""
        return self._map(store, self._unit, segment)

    def all_units(self, store: "SeriesStore", step: int) -> dict[XUnit, float]:
        """A step of the live curve in every unit that there is a record of."""
        units: tuple[XUnit, ...] = ("epoch", "samples", "seconds")
        maps = {unit: self._map(store, unit, None) for unit in units}
        found: dict[XUnit, float] = {"step": float(step)}
        found.update({unit: one.at(step) for unit, one in maps.items() if one.unit == unit})
        return found

    def change_unit(self, unit: XUnit, store: "SeriesStore", train_samples: int) -> None:
        """Show x in another unit; a window and a frozen range stay where they are."""
        if unit == self._unit:
            return
        before = self.sight(store, train_samples)
        low, high = (before.map.step_at(value) for value in before.x_range)
        self._unit = unit
        after = self.map_of(store)
        self._axis = StepAxis(after.least_axis, after.least_axis)
        view = self.state.view.scaled(max(after.at(low), 0.0), after.at(high))
        self.state = replace(self.state, view=view)

    def _map(self, store: "SeriesStore", unit: XUnit, segment: int | None) -> XMap:
        if unit == "step":
            return XMap()
        wanted = (id(store), store.revision, self._train_samples)
        if self._maps_of != wanted:
            self._maps.clear()
            self._maps_of = wanted
        key = (unit, -1 if segment is None else segment)
        if key not in self._maps:
            self._maps[key] = x_map(store, unit, store.live(segment), self._train_samples)
        return self._maps[key]

    def _look(self, store: "SeriesStore") -> Sight:
        live = self.map_of(store)
        last_step = store.last_step()
        last = live.at(last_step) if last_step else 0.0
        for span in store.ghosts():
            last = max(last, self.map_of(store, span.segment).at(span.last_step or 0))
        if self._axis.least != live.least_axis:
            self._axis = StepAxis(live.least_axis, live.least_axis)
        self._axis = self._axis.reaching(last / (1 - ROOM_SHARE))
        span_of_least = live.at(max(last_step, _LEAST_STEPS)) - live.at(max(last_step - _LEAST_STEPS, 0))
        least = min(max(span_of_least, self._axis.x_max * 1e-7), self._axis.x_max)
        reach = Reach(last, self._axis.x_max, least)
        return Sight(self.state.view.shown(reach), live, reach, last_step)
