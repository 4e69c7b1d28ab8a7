"""Lines through places as dots: no holes, nothing outside, however far they fly."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from tui_dl.ui.plots.path_dots import path_dots

places = st.floats(allow_nan=True, allow_infinity=True)
inside = st.floats(0, 1)


def dots(*at: tuple[float, float], rows: int = 8, columns: int = 10) -> np.ndarray:
    xs, ys = np.array(at, dtype=np.float64).reshape(-1, 2).T
    return path_dots(xs, ys, rows, columns)


def test_a_line_goes_through_all_that_lies_between_its_ends() -> None:
    found = dots((0.05, 0.5), (0.95, 0.5))
    assert found.sum() == 10
    assert found[4].all()
    assert dots((0.5, 0.0), (0.5, 1.0))[:, 5].all()
    assert not dots().any()
    assert dots((0.25, 0.25)).sum() == 1


def test_it_is_cut_off_at_the_edges() -> None:
    assert dots((-1e6, 0.5), (1e6, 0.5))[4].all()
    assert dots((0.05, 0.5), (1e300, 0.5)).sum() == 1, "nobody knows where that would lead through"
    across = dots((-0.5, -0.5), (1.5, 1.5), rows=10)
    assert np.diag(across).all()
    assert not dots((2.0, 0.0), (3.0, 1.0)).any()
    assert not dots((0.5, 1.5), (1.5, 0.9)).any(), "past a corner"


def test_what_is_not_finite_is_a_gap() -> None:
    found = dots((0.05, 0.5), (np.nan, np.nan), (0.95, 0.5))
    assert found[4].tolist() == [True] + [False] * 8 + [True]


@given(st.lists(st.tuples(places, places), max_size=8), st.integers(1, 9), st.integers(1, 9))
@example([(1e308, -1e308), (-1e308, 1e308)], 3, 3)
def test_any_path_is_drawn(at: list[tuple[float, float]], rows: int, columns: int) -> None:
    assert dots(*at, rows=rows, columns=columns).shape == (rows, columns)


@given(st.tuples(inside, inside), st.tuples(inside, inside))
def test_a_line_inside_has_no_holes(one: tuple[float, float], other: tuple[float, float]) -> None:
    rows, columns = np.nonzero(dots(one, other, rows=20, columns=20))
    marked = set(zip(rows.tolist(), columns.tolist(), strict=True))
    reached, edge = set[tuple[int, int]](), [next(iter(marked))]
    while edge:
        row, column = edge.pop()
        reached.add((row, column))
        near = {(row + up, column + across) for up in (-1, 0, 1) for across in (-1, 0, 1)}
        edge += list((near & marked) - reached)
    assert reached == marked
