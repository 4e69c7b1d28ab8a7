"""The loss over the plane of two trained numbers: a grid about the paths, and the present place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from tui_dl.engine.probes.base import AfterUpdateProbe
from tui_dl.engine.probes.loss_grid import COLUMNS, ROWS, Grid, Surface, levels_of
from tui_dl.engine.probes.surface_limits import Limits, limits_about
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

    It has to reach as far as the paths on the screen, which are asked for by `reach`; else about the model.
    """

    name = "loss_surface"

    def __init__(self) -> None:
        super().__init__()
        self._of: tuple[object, ...] = ()
        self._grid: Grid | None = None
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
        """The present grid while it shows what is wanted, else one that does."""
        before = self._grid
        limits = self._limits(place, before)
        if before is None or limits != before.limits:
            before = self._grid = _with_its_lowest_inside(limits, surface)
            self._levels = levels_of(before.losses)
        return before

    def _limits(self, place: tuple[float, float], before: Grid | None) -> Limits:
        wanted = [place]
        if len(self.reach) == 4:
            left, right, bottom, top = self.reach
            wanted = [(left, bottom), (right, top)]
        if before is None:
            return limits_about(wanted) or _UNKNOWN
        found = limits_about([*wanted, before.lowest_at])
        return before.limits if found is None else before.limits.following(found)


def _with_its_lowest_inside(limits: Limits, surface: Surface) -> Grid:
    grid = surface.grid(limits)
    for _ in range(MOST_SEARCHES):
        if grid.way_down == (0, 0):
            break
        grid = surface.grid(grid.limits.towards(*grid.way_down))
    return grid
