"""Paths out of a history: every update, what was undone apart, and how far the picture has to reach."""

import itertools

import numpy as np
import pytest

from tui_dl.history import SeriesStore
from tui_dl.ui.plots.surface_path import SurfacePath, path_of, reach_of
from tui_dl.wire.messages import PATH

START = (0.0, 0.0)


def walked(*places: tuple[float, float]) -> dict[str, list[float]]:
    """The columns of steps from each place to the next."""
    pairs = list(itertools.pairwise(places))
    rows = [(*one, *other) for one, other in pairs]
    return {name: [row[at] for row in rows] for at, name in enumerate(PATH)}


def path(*places: tuple[float, float], is_undone: bool = False) -> SurfacePath:
    xs, ys = np.array(places, dtype=np.float64).reshape(-1, 2).T
    return SurfacePath(xs, ys, is_undone=is_undone)


def corners(found: SurfacePath) -> list[tuple[float, float]]:
    """Its places, each once where it stays."""
    both = list(zip(found.xs.tolist(), found.ys.tolist(), strict=True))
    return [one for at, one in enumerate(both) if not at or one != both[at - 1]]


def test_every_update_is_there_with_both_its_ends() -> None:
    store = SeriesStore()
    store.append(0, [1, 2, 3], walked(START, (1.0, 5.0), (-1.0, 6.0), (1.0, 7.0)))
    found = path_of(store, store.live())
    assert corners(found) == [START, (1.0, 5.0), (-1.0, 6.0), (1.0, 7.0)]
    assert (found.start, found.end) == (START, (1.0, 7.0))
    assert path_of(SeriesStore(), []).start is None


def test_what_an_undo_left_is_a_path_of_its_own() -> None:
    store = SeriesStore()
    store.append(0, [1, 2, 3], walked(START, (1.0, 0.0), (9.0, 9.0), (99.0, 9.0)))
    store.branch(1, 0, 1)
    store.append(1, [2], walked((1.0, 0.0), (1.5, 0.0)))
    assert corners(path_of(store, store.live())) == [START, (1.0, 0.0), (1.5, 0.0)]
    (ghost,) = [path_of(store, [span], is_undone=True) for span in store.ghosts(PATH[0])]
    assert corners(ghost) == [(1.0, 0.0), (9.0, 9.0), (99.0, 9.0)]


def test_where_no_update_leads_there_is_a_gap() -> None:
    store = SeriesStore()
    store.append(0, [1], walked(START, (1.0, 0.0)))
    store.append(0, [2], walked((5.0, 5.0), (6.0, 5.0)))
    found = path_of(store, store.live())
    assert np.flatnonzero(np.isnan(found.xs)).tolist() == [2]
    assert found.xs[~np.isnan(found.xs)].tolist() == [0.0, 1.0, 5.0, 6.0]


def test_a_long_past_is_there_in_less_detail() -> None:
    store = SeriesStore(ring_points=64, buckets=32)
    xs = np.linspace(0.0, 1.0, 2001)
    columns = dict(zip(PATH, (xs[:-1], -xs[:-1], xs[1:], -xs[1:]), strict=True))
    store.append(0, np.arange(1, 2001), columns)
    found = path_of(store, store.live())
    assert found.xs.size < 400
    assert not np.isnan(found.xs).any()
    assert found.xs[0] == pytest.approx(0.0, abs=0.05)
    assert found.end == (1.0, -1.0)


def test_it_reaches_from_start_to_lowest_and_as_far_as_paths_swing() -> None:
    swinging = path(START, (3.0, 1.0), (1.0, -0.5))
    assert reach_of((swinging,), (2.0, -1.0)) == (0.0, 3.0, -1.0, 1.0)
    assert reach_of((path((8.0, 8.0), (9.0, 9.0), is_undone=True), swinging), (2.0, 0.0)) == (
        0.0,
        3.0,
        -0.5,
        1.0,
    )
    assert reach_of((), (1.0, 1.0)) == ()


@pytest.mark.parametrize("far", [1e3, 1e300, np.inf, np.nan])
def test_one_that_flies_off_is_not_followed(far: float) -> None:
    flying = path(START, (3.0, 1.0), (-far, far), (far, -far))
    assert reach_of((flying,), (2.0, -1.0)) == (0.0, 3.0, -1.0, 1.0)
