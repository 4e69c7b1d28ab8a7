"""The loss over the plane of two trained numbers: a grid about the paths, and the present place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from tui_dl.engine.probes.base import AfterUpdateProbe
from tui_dl.engine.probes.loss_grid import COLUMNS, ROWS, Grid, Surface, levels_of
from tui_dl.engine.probes.surface_limits import NEAR, Limits, limits_about
from tui_dl.engine.training.plane import plane_of
from tui_dl.wire.pictures import LossSurfaceRead

if TYPE_CHECKING:
    from tui_dl.engine.training.trainer import Trainer

MOST_SEARCHES: Final = 6
"""How often the picture grows towards the lowest place, while that lies on its edge."""
_UNKNOWN: Final = Limits((-1.0, 1.0), (-1.0, 1.0))


@final
class LossSurfaceProbe(AfterUpdateProbe):
    """Looks after the update where the model stands; the grid is made anew when what it shows has changed.

    It reaches as far as the paths on the screen do, which is asked for by `reach`; else it begins about the
    model and follows it for some way: a run that flies off would take the picture with it.
    """

    name = "loss_surface"

    def __init__(self) -> None:
        super().__init__()
        self._of: tuple[object, ...] = ()
        self._grid: Grid | None = None
        self._asked = self._home = _UNKNOWN
        self._levels = b""

    def look(self, trainer: Trainer) -> LossSurfaceRead | None:
        """One forward pass, or a whole grid of them; None unless exactly two numbers are trained."""
        experiment, splits, plane = trainer.experiment, trainer.splits, plane_of(trainer.model)
        if experiment is None or splits is None or plane is None:
            return None
        # Held here, so that nothing else can come to the same place in memory.
        of = (trainer.model, trainer.training_loss_function, splits.train.inputs, experiment.regularizers)
        if len(of) != len(self._of) or any(one is not other for one, other in zip(of, self._of, strict=True)):
            self._of, self._grid = of, None
        surface = Surface(trainer, plane, splits, experiment)
        place = plane.place()
        x, y = place.tolist()
        grid = self._showing((x, y), surface)
        return LossSurfaceRead(
            names=plane.names,
            x_range=grid.limits.x,
            y_range=grid.limits.y,
            columns=COLUMNS,
            rows=ROWS,
            levels=self._levels,
            lowest=grid.lowest,
            lowest_at=grid.lowest_at,
            highest=grid.highest,
            at=(x, y),
            loss=surface.at(place),
            samples=surface.samples,
            of_samples=len(splits.train.inputs),
            has_penalty=surface.has_penalty,
        )

    def _showing(self, place: tuple[float, float], surface: Surface) -> Grid:
        """The present grid while it does, else one that shows what is wanted now."""
        before, wanted = self._grid, self._wanted(place)
        if before is not None and wanted is None:
            return before
        self._asked = wanted or _UNKNOWN
        grid = self._grid = _with_its_lowest_inside(self._asked, surface)
        self._levels = levels_of(grid.losses)
        if before is None:
            self._home = grid.limits
        return grid

    def _wanted(self, place: tuple[float, float]) -> Limits | None:
        """What has to be shown; None while the present grid shows it at a fair size, or nothing can be."""
        grid = self._grid
        if len(self.reach) == 4:
            left, right, bottom, top = self.reach
            wanted = limits_about([(left, bottom), (right, top)])
            if wanted is None or grid is None:
                return wanted
            return None if grid.limits.holds(wanted) and not self._asked.dwarfs(wanted) else wanted
        if grid is None:
            return limits_about([place])
        if grid.limits.is_near(*place, within=0.0) or not self._home.is_near(*place, within=NEAR):
            return None
        low, high = zip(self._home.x, self._home.y, strict=True)
        return limits_about([place, low, high])


def _with_its_lowest_inside(limits: Limits, surface: Surface) -> Grid:
    grid = surface.grid(limits)
    for _ in range(MOST_SEARCHES):
        if grid.way_down == (0, 0):
            break
        grid = surface.grid(grid.limits.towards(*grid.way_down))
    return grid
