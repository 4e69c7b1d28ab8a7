"""Every schedule against torch's own, value by value, and beyond where torch's goes on otherwise."""

import math
import warnings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from tests.components.catalogue import SCHEDULES, name
from tui_dl.spec import schedules as spec
from tui_dl.spec.schedule_factor import factor

BASE = 0.1


def _torchs_factors(scheduler: type[lr_scheduler.LRScheduler], steps: int, **settings: float) -> list[float]:
    """Return the factor on the base rate that torch's scheduler uses for each of so many updates."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
    rates = scheduler(optimizer, **settings)
    factors = []
    for _ in range(steps):
        factors.append(rates.get_last_lr()[0] / BASE)
        optimizer.step()
        rates.step()
    return factors


def test_constant_never_moves() -> None:
    assert [factor(spec.Constant(), step, 500) for step in range(600)] == [1.0] * 600


# Torch multiplies the rate drop by drop: rounding differs by an ulp a drop from the power.
@pytest.mark.parametrize(
    ("step_size", "gamma"), [(1, 0.99), (7, 0.5), (30, 0.1), (200, 0.3), (50, 0.0), (9, 1.5)]
)
def test_step_decay_equals_torchs(step_size: int, gamma: float) -> None:
    schedule = spec.StepDecay(step_size=step_size, gamma=gamma)
    ours = [factor(schedule, step, 0) for step in range(500)]
    assert ours == pytest.approx(
        _torchs_factors(lr_scheduler.StepLR, 500, step_size=step_size, gamma=gamma), rel=1e-13, abs=0
    )


# Torch goes from value to value: over 600 steps its rounding adds up to some 1e-13 of the base rate.
@pytest.mark.parametrize(("length", "floor"), [(1, 0.0), (2, 0.5), (100, 0.0), (599, 0.1), (600, 1.0)])
def test_cosine_equals_torchs_until_its_end_and_stays_there(length: int, floor: float) -> None:
    ours = [factor(spec.Cosine(min_factor=floor), step, length) for step in range(length + 200)]
    torchs = _torchs_factors(lr_scheduler.CosineAnnealingLR, length + 1, T_max=length, eta_min=floor * BASE)
    assert ours[: length + 1] == pytest.approx(torchs, rel=1e-12, abs=1e-12)
    assert set(ours[length:]) == {floor}


def test_cosines_own_length_comes_before_the_runs() -> None:
    assert factor(spec.Cosine(total_steps=10), 5, 1000) == pytest.approx(0.5)
    assert factor(spec.Cosine(total_steps=10), 10, 1000) == 0.0
    assert factor(spec.Cosine(), 500, 1000) == pytest.approx(0.5)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=name)
@given(step=st.integers(0, 10**13), total=st.integers(0, 10**12))
def test_any_step_of_any_run_has_a_factor_between_0_and_1(
    schedule: spec.Schedule, step: int, total: int
) -> None:
    assert 0.0 <= factor(schedule, step, total) <= 1.0
    # These begin low by nature; of a run of one step a cycle is over before it begins.
    low = {spec.OneCycle: {0: 1.0, 1: 1 / 25e4}.get(total, 1 / 25), spec.Cyclic: 0.25, spec.Warmup: 0.01}
    assert factor(schedule, 0, total) == pytest.approx(low.get(type(schedule), 1.0), rel=1e-15)


def test_a_growing_rate_becomes_infinite_instead_of_an_error() -> None:
    assert factor(spec.StepDecay(step_size=1, gamma=1000.0), 200, 0) == math.inf


def test_torchs_schedulers_are_used_as_they_want_to_be() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _torchs_factors(lr_scheduler.StepLR, 3, step_size=1)
