"""Learning rate over the steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_dl.spec.rates import Rates
from tui_dl.spec.schedules import Constant, Cosine, StepDecay


@given(st.integers(0, 1000), st.integers(1, 50), st.integers(0, 1100))
def test_warm_up_climbs_evenly_and_ends(start: int, steps: int, step: int) -> None:
    rates = Rates((0.1,)).warmed_up_from(start, steps)
    expected = (step - start + 1) / (steps + 1) if start <= step < start + steps else 1
    assert rates.factor(step) == pytest.approx(expected)
    assert not rates.is_constant


def test_no_warm_up_keeps_the_one_that_goes_on() -> None:
    rates = Rates((0.1,)).warmed_up_from(5, 10)
    assert rates.warmed_up_from(7, 0) is rates
    assert rates.warmed_up_from(7, 3).factor(7) == 0.25


def test_a_schedule_is_multiplied() -> None:
    assert Rates((1.0,), Constant()).is_constant
    rates = Rates((1.0,), StepDecay(step_size=10, gamma=0.5)).warmed_up_from(20, 1)
    assert [rates.factor(step) for step in (0, 10, 20, 21)] == [1.0, 0.5, 0.125, 0.25]
    assert Rates((1.0,), Cosine(), total_steps=100).factor(50) == pytest.approx(0.5)
    assert Rates((1.0,), Cosine()).factor(50) == 1
