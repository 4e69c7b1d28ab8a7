"""The path of a run over the plane of two trained numbers, update by update, out of its history."""

from dataclasses import dataclass
from typing import Final, final

import numpy as np

from tui_dl.history import SeriesStore, Span
from tui_dl.history.arrays import FloatArray
from tui_dl.ui.plots.variant_series import look_of
from tui_dl.ui.run_model import RunModel
from tui_dl.wire.messages import PATH

GHOSTS_SHOWN: Final = 4
FARTHEST: Final = 2.0
"""Paths are followed so many times the distance from their start to the lowest place, to every side."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class SurfacePath:
    """Places (n,) in the order in which they were come to; NaN between two parts that no update joins.

    Attributes:
        name: of the run; empty for the one on the screen.
        colour: index of its series colour.
        is_undone: whether it was left by an undo or a restart.
    """

    xs: FloatArray
    ys: FloatArray
    name: str = ""
    colour: int = 0
    is_undone: bool = False

    @property
    def start(self) -> tuple[float, float] | None:
        """Its first place; None if it has none."""
        return (float(self.xs[0]), float(self.ys[0])) if self.xs.size else None

    @property
    def end(self) -> tuple[float, float] | None:
        """Where it has come to, finite or not; None if it has no place."""
        return (float(self.xs[-1]), float(self.ys[-1])) if self.xs.size else None


def paths_of(model: RunModel) -> tuple[SurfacePath, ...]:
    """What is undone, then the variants that run beside, then the run itself: the last is drawn on top."""
    store = model.history
    ghosts = [path_of(store, [span], is_undone=True) for span in store.ghosts(PATH[0])[-GHOSTS_SHOWN:]]
    beside = [
        path_of(variant.model.history, variant.model.history.live(), variant.name, look_of(place)[0])
        for place, variant in enumerate(model.beside)
    ]
    return (*ghosts, *beside, path_of(store, store.live()))


def path_of(
    store: SeriesStore, spans: list[Span], name: str = "", colour: int = 0, *, is_undone: bool = False
) -> SurfacePath:
    """All updates of some spans; of very long runs the oldest as means of several."""
    x, y, to_x, to_y = (store.held(spans, metric) for metric in PATH)
    if not x.first.size:
        return SurfacePath(np.zeros(0), np.zeros(0), name, colour, is_undone)
    xs, ys = _joined(x.mean, to_x.mean), _joined(y.mean, to_y.mean)
    # Means of several updates begin elsewhere than the ones before end, and yet they are one path.
    is_exact = (x.first == x.last)[1:] & (x.first == x.last)[:-1]
    jumps = is_exact & ((x.mean[1:] != to_x.mean[:-1]) | (y.mean[1:] != to_y.mean[:-1]))
    broken = 2 * (np.flatnonzero(jumps) + 1)
    return SurfacePath(np.insert(xs, broken, np.nan), np.insert(ys, broken, np.nan), name, colour, is_undone)


def _joined(before: FloatArray, after: FloatArray) -> FloatArray:
    return np.stack([before, after], axis=1).ravel()


def reach_of(
    paths: tuple[SurfacePath, ...], lowest: tuple[float, float] | None
) -> tuple[float, float, float, float] | tuple[()]:
    """How far paths come that are not undone: lowest and highest x, then y; empty without a place.

    One that flies off is followed for some way only: the rest of the picture would be pressed to a point.
    """
    present = [path for path in paths if not path.is_undone and path.start is not None]
    corners = [path.start for path in present if path.start is not None]
    if lowest is not None:
        corners.append(lowest)
    if not present:
        return ()
    home = np.array(corners, dtype=np.float64)
    home = home[np.isfinite(home).all(axis=1)]
    if not home.size:
        return ()
    low, high = home.min(axis=0), home.max(axis=0)
    span = np.where(high > low, high - low, np.maximum(np.abs(high), 1.0))
    places = np.stack(
        [np.concatenate([path.xs for path in present]), np.concatenate([path.ys for path in present])]
    )
    least, most = (low - FARTHEST * span)[:, None], (high + FARTHEST * span)[:, None]
    inside = ((places >= least) & (places <= most)).all(axis=0)
    places = np.concatenate([places[:, inside], home.T], axis=1)
    (left, bottom), (right, top) = places.min(axis=1).tolist(), places.max(axis=1).tolist()
    return left, right, bottom, top
