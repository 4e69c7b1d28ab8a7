"""What is thinned out: bounded, evenly spread, its ends always there, and never of an abandoned branch."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_dl.history.lineage import Lineage, Span
from tui_dl.history.thinned import Thinned


@dataclass(frozen=True)
class Entry:
    segment: int
    step: int
    size: int = 1


def sized() -> Thinned[Entry]:
    return Thinned(weigh=lambda entry: entry.size)


def steps(track: Thinned[Entry]) -> list[int]:
    return [entry.step for entry in track.entries()]


@given(
    st.lists(st.tuples(st.integers(1, 10_000), st.integers(1, 99)), min_size=1, max_size=300),
    st.integers(2, 40),
)
def test_first_and_newest_stay_and_no_more_than_there_is_room_for(
    coming: list[tuple[int, int]], most: int
) -> None:
    track, step, taken = sized(), 0, []
    for gap, size in coming:
        step += gap
        taken.append(step)
        track.add(Entry(0, step, size), most)
        kept = steps(track)
        assert len(kept) == len(track) <= most + 1
        assert (kept[0], kept[-1]) == (taken[0], step)
        assert kept == sorted(set(kept))
        assert track.weight == sum(entry.size for entry in track.entries())
    assert set(kept) <= set(taken)


@pytest.mark.parametrize("last", [10**3, 10**5])
def test_what_stays_is_spread_evenly_however_long_it_goes_on(last: int) -> None:
    track = sized()
    for step in range(1, last + 1):
        track.add(Entry(0, step), 64)
    spacings = np.diff(steps(track)[1:-1])
    assert 30 <= len(track) <= 65
    assert spacings.min() == spacings.max() == track.stride


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=200))
def test_halving_comes_to_an_end_at_the_first_and_the_newest(gaps: list[int]) -> None:
    track = sized()
    taken = np.cumsum(gaps).tolist()
    for step in taken:
        track.add(Entry(0, step), 1000)
    for _ in range(12):
        track.halve()
    assert steps(track) == sorted({taken[0], taken[-1]})


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 50)), max_size=60))
def test_any_undos_and_restarts_leave_what_lies_on_the_live_curve(moves: list[tuple[bool, int]]) -> None:
    track, lineage, segment, step = sized(), Lineage({0: None}), 0, 0
    for goes_back, by in moves:
        if goes_back:
            back = max(step - by, 0)
            segment += 1
            lineage.parents[segment] = (segment - 1, back) if back else None
            step = back
            track.keep(lineage.live(segment))
            assert all(kept <= step for kept in steps(track))
        step += by
        track.add(Entry(segment, step, by), 10)
        assert track.weight == sum(entry.size for entry in track.entries())
    kept = steps(track)
    assert kept == sorted(set(kept))
    assert not moves or kept[-1] == step


def test_after_a_restart_the_spacing_begins_anew() -> None:
    track = sized()
    for step in range(1, 1001):
        track.add(Entry(0, step), 8)
    track.keep([Span(1, 1, None)])
    assert (len(track), track.weight, track.newest) == (0, 0, None)
    for step in range(1, 6):
        track.add(Entry(1, step), 8)
    assert steps(track) == [1, 2, 3, 4, 5]
