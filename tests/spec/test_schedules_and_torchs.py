"""Every schedule against torch's scheduler of the same settings, 600 steps, value by value.

Torch goes from value to value for most of them, so its rounding adds up; ours is computed anew at each step.
The tolerance is 1e-12 relative, and 1e-12 of the base rate where a curve comes down to zero.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from tui_dl.spec import schedules as spec
from tui_dl.spec.rates import Rates
from tui_dl.spec.schedule_factor import factor

if TYPE_CHECKING:
    from collections.abc import Callable

BASE = 0.1
STEPS = 600


def _torchs(build: Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler], steps: int) -> list[float]:
    """The rate that torch uses for each of so many updates."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
    scheduler = build(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return rates


def _one_cycle(length: int, **settings: Any) -> Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler]:
    return lambda o: lr_scheduler.OneCycleLR(o, BASE, length, cycle_momentum=False, **settings)


def _cyclic(floor: float, **settings: Any) -> Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler]:
    return lambda o: lr_scheduler.CyclicLR(o, floor * BASE, BASE, cycle_momentum=False, **settings)


def _restarts(first: int, growth: int, floor: float = 0.0) -> Any:
    return lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, first, growth, floor * BASE)


def _warmed(start: float, steps: int, build: Any) -> Callable[[torch.optim.Optimizer], Any]:
    def sequence(o: torch.optim.Optimizer) -> lr_scheduler.LRScheduler:
        first = lr_scheduler.LinearLR(o, start, 1.0, steps)
        return lr_scheduler.SequentialLR(o, [first, build(o)], [steps])

    return sequence


PAIRS: list[tuple[spec.AnySchedule, Any]] = [
    (spec.MultiStep(milestones=(30, 80), gamma=0.1), lambda o: lr_scheduler.MultiStepLR(o, [30, 80])),
    (
        spec.MultiStep(milestones=(500, 7, 7, 1), gamma=0.7),
        lambda o: lr_scheduler.MultiStepLR(o, [500, 7, 7, 1], 0.7),
    ),
    (spec.MultiStep(milestones=()), lambda o: lr_scheduler.MultiStepLR(o, [])),
    (spec.Exponential(gamma=0.99), lambda o: lr_scheduler.ExponentialLR(o, 0.99)),
    (spec.Exponential(gamma=1.0), lambda o: lr_scheduler.ExponentialLR(o, 1.0)),
    (spec.Linear(total_steps=400), lambda o: lr_scheduler.LinearLR(o, 1.0, 0.0, 400)),
    (
        spec.Linear(total_steps=5, start_factor=1 / 3, end_factor=1.0),
        lambda o: lr_scheduler.LinearLR(o),
    ),
    (
        spec.Linear(total_steps=700, start_factor=0.2, end_factor=0.9),
        lambda o: lr_scheduler.LinearLR(o, 0.2, 0.9, 700),
    ),
    (spec.Polynomial(total_steps=500), lambda o: lr_scheduler.PolynomialLR(o, 500)),
    (spec.Polynomial(total_steps=500, power=2.0), lambda o: lr_scheduler.PolynomialLR(o, 500, 2.0)),
    (spec.Polynomial(total_steps=900, power=0.9), lambda o: lr_scheduler.PolynomialLR(o, 900, 0.9)),
    (spec.CosineRestarts(first_steps=50), _restarts(50, 1)),
    (spec.CosineRestarts(first_steps=7, growth=2, min_factor=0.05), _restarts(7, 2, 0.05)),
    (spec.CosineRestarts(first_steps=1, growth=3), _restarts(1, 3)),
    (spec.OneCycle(total_steps=STEPS), _one_cycle(STEPS)),
    (spec.OneCycle(total_steps=STEPS, shape="linear"), _one_cycle(STEPS, anneal_strategy="linear")),
    (
        spec.OneCycle(total_steps=STEPS, rise_share=0.4, three_phase=True, start_divisor=10, end_divisor=100),
        _one_cycle(STEPS, pct_start=0.4, three_phase=True, div_factor=10, final_div_factor=100),
    ),
    (spec.OneCycle(total_steps=STEPS, rise_share=0.0), _one_cycle(STEPS, pct_start=0.0)),
    (
        spec.OneCycle(total_steps=601, rise_share=0.123, shape="linear", three_phase=True),
        _one_cycle(601, pct_start=0.123, three_phase=True, anneal_strategy="linear"),
    ),
    (spec.Cyclic(up_steps=40), _cyclic(0.25, step_size_up=40)),
    (
        spec.Cyclic(up_steps=10, down_steps=33, min_factor=0.0),
        _cyclic(0.0, step_size_up=10, step_size_down=33),
    ),
    (
        spec.Cyclic(up_steps=30, mode="triangular2", min_factor=0.1),
        _cyclic(0.1, step_size_up=30, mode="triangular2"),
    ),
    (
        spec.Cyclic(up_steps=25, down_steps=5, mode="exp_range", gamma=0.99),
        _cyclic(0.25, step_size_up=25, step_size_down=5, mode="exp_range", gamma=0.99),
    ),
    (
        spec.Warmup(steps=50, start_factor=0.01),
        lambda o: lr_scheduler.LinearLR(o, 0.01, 1.0, 50),
    ),
    (
        spec.Warmup(steps=40, start_factor=0.1, after=spec.StepDecay(step_size=100, gamma=0.5)),
        _warmed(0.1, 40, lambda o: lr_scheduler.StepLR(o, 100, 0.5)),
    ),
    (
        spec.Warmup(steps=100, after=spec.Cosine(min_factor=0.1)),
        _warmed(0.01, 100, lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS - 100, 0.1 * BASE)),
    ),
    (
        spec.Warmup(steps=7, start_factor=0.5, after=spec.Exponential(gamma=0.995)),
        _warmed(0.5, 7, lambda o: lr_scheduler.ExponentialLR(o, 0.995)),
    ),
    (
        spec.Warmup(steps=20, after=spec.Polynomial(total_steps=300, power=2.0)),
        _warmed(0.01, 20, lambda o: lr_scheduler.PolynomialLR(o, 300, 2.0)),
    ),
]


@pytest.mark.parametrize(("schedule", "build"), PAIRS, ids=[repr(one) for one, _ in PAIRS])
def test_every_value_is_torchs(schedule: spec.AnySchedule, build: Any) -> None:
    ours = [BASE * factor(schedule, step, STEPS) for step in range(STEPS)]
    assert ours == pytest.approx(_torchs(build, STEPS), rel=1e-12, abs=1e-12 * BASE)


PER_EPOCH = 7
EPOCHS = [
    (spec.StepDecay(step_size=11, gamma=0.5, unit="epochs"), lambda o: lr_scheduler.StepLR(o, 77, 0.5)),
    (
        spec.MultiStep(milestones=(3, 30), unit="epochs"),
        lambda o: lr_scheduler.MultiStepLR(o, [21, 210]),
    ),
    (
        spec.Exponential(gamma=0.9, unit="epochs"),
        lambda o: lr_scheduler.ExponentialLR(o, 0.9 ** (1 / PER_EPOCH)),
    ),
    (spec.Linear(total_steps=50, unit="epochs"), lambda o: lr_scheduler.LinearLR(o, 1.0, 0.0, 350)),
    (
        spec.Polynomial(total_steps=40, power=2.0, unit="epochs"),
        lambda o: lr_scheduler.PolynomialLR(o, 280, 2.0),
    ),
    (
        spec.Cosine(total_steps=100, min_factor=0.1, unit="epochs"),
        lambda o: lr_scheduler.CosineAnnealingLR(o, 700, 0.1 * BASE),
    ),
    (spec.CosineRestarts(first_steps=5, growth=2, unit="epochs"), _restarts(35, 2)),
    (spec.OneCycle(total_steps=90, unit="epochs"), _one_cycle(630)),
    (
        spec.Cyclic(up_steps=4, down_steps=9, unit="epochs"),
        _cyclic(0.25, step_size_up=28, step_size_down=63),
    ),
    (
        spec.Cyclic(up_steps=4, mode="exp_range", gamma=0.9, unit="epochs"),
        _cyclic(0.25, step_size_up=28, mode="exp_range", gamma=0.9 ** (1 / PER_EPOCH)),
    ),
    (
        spec.Warmup(steps=5, unit="epochs", after=spec.StepDecay(step_size=10, gamma=0.5, unit="epochs")),
        _warmed(0.01, 35, lambda o: lr_scheduler.StepLR(o, 70, 0.5)),
    ),
    (
        spec.Warmup(steps=5, unit="epochs", after=spec.Polynomial()),
        _warmed(0.01, 35, lambda o: lr_scheduler.PolynomialLR(o, STEPS - 35)),
    ),
]


@pytest.mark.parametrize(("schedule", "build"), EPOCHS, ids=[repr(one) for one, _ in EPOCHS])
def test_in_epochs_every_value_is_torchs_with_as_many_steps(schedule: spec.AnySchedule, build: Any) -> None:
    rates = Rates((BASE,), schedule, STEPS, steps_per_epoch=PER_EPOCH)
    ours = [BASE * rates.factor(step) for step in range(STEPS)]
    assert ours == pytest.approx(_torchs(build, STEPS), rel=1e-12, abs=1e-12 * BASE)


def test_whatever_has_a_length_can_have_it_in_epochs() -> None:
    named = {type(schedule) for schedule, _ in EPOCHS}
    assert named == set(spec.AnySchedule.__args__) - {spec.Constant, spec.Plateau}  # type: ignore[attr-defined]


def test_torchs_epoch_by_epoch_is_met_at_every_epochs_beginning() -> None:
    rates = Rates((BASE,), spec.Exponential(gamma=0.8, unit="epochs"), STEPS, steps_per_epoch=PER_EPOCH)
    ours = [BASE * rates.factor(epoch * PER_EPOCH) for epoch in range(40)]
    assert ours == pytest.approx(_torchs(lambda o: lr_scheduler.ExponentialLR(o, 0.8), 40), rel=1e-12)


def test_epochs_of_unknown_length_leave_the_rate() -> None:
    assert Rates((BASE,), spec.StepDecay(step_size=1, unit="epochs")).factor(10**6) == 1.0


def test_every_schedule_is_compared_with_torchs() -> None:
    elsewhere = {spec.Constant, spec.StepDecay, spec.Cosine, spec.Plateau}
    compared = {type(schedule) for schedule, _ in PAIRS}
    assert compared | elsewhere == set(spec.AnySchedule.__args__)  # type: ignore[attr-defined]


@given(
    rule=st.builds(
        spec.Plateau,
        factor=st.sampled_from([0.0, 0.1, 0.5, 0.99]),
        patience=st.integers(0, 4),
        threshold=st.sampled_from([0.0, 1e-4, 0.1]),
        threshold_mode=st.sampled_from(["rel", "abs"]),
        cooldown=st.integers(0, 3),
        min_factor=st.sampled_from([0.0, 0.05, 1.0]),
    ),
    losses=st.lists(st.floats(-2, 4) | st.sampled_from([math.nan, math.inf, 1.0, 1.0]), max_size=60),
)
def test_a_plateau_lowers_the_rate_when_torchs_does(rule: spec.Plateau, losses: list[float]) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
    scheduler = lr_scheduler.ReduceLROnPlateau(
        optimizer,
        factor=rule.factor,
        patience=rule.patience,
        threshold=rule.threshold,
        threshold_mode=rule.threshold_mode,
        cooldown=rule.cooldown,
        min_lr=rule.min_factor * BASE,
        eps=0.0,
    )
    rates = Rates((BASE,), rule)
    for step, loss in enumerate(losses):
        rates = rates.evaluated(loss)
        scheduler.step(loss)
        assert BASE * rates.factor(step) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
        assert (rates.plateau.without, rates.plateau.cooldown) == (
            scheduler.num_bad_epochs,
            scheduler.cooldown_counter,
        )
        assert rates.plateau.best == scheduler.best


def test_after_its_last_step_a_schedule_stays_where_it_ended() -> None:
    cycle = spec.OneCycle(total_steps=50)
    assert factor(cycle, 49, 0) == factor(cycle, 50, 0) == factor(cycle, 10**9, 0) == 1 / 25 / 1e4
    assert factor(spec.Linear(total_steps=9, end_factor=0.25), 10**9, 0) == 0.25
    assert factor(spec.Polynomial(total_steps=9), 10**9, 0) == 0.0


def test_where_the_length_of_the_run_is_unknown_the_rate_stays() -> None:
    for schedule in (spec.Linear(), spec.Polynomial(), spec.OneCycle(), spec.Cosine()):
        assert factor(schedule, 500, 0) == 1.0
        assert factor(spec.Warmup(steps=10, after=schedule), 500, 0) == 1.0


def test_a_warm_up_climbs_to_where_the_next_begins_whatever_that_is() -> None:
    cycle = spec.OneCycle(start_divisor=4.0)
    warmed = spec.Warmup(steps=10, start_factor=0.5, after=cycle)
    assert factor(warmed, 0, 110) == 0.125
    assert factor(warmed, 10, 110) == 0.25
    assert factor(warmed, 39, 110) == factor(cycle, 29, 100) == 1.0


def test_a_warm_up_longer_than_the_run_leaves_the_next_at_its_beginning() -> None:
    warmed = spec.Warmup(steps=100, after=spec.Cosine())
    assert [factor(warmed, step, 50) for step in (50, 100)] == [pytest.approx(0.505), 1.0]


def test_a_rise_of_one_step_is_no_division_by_zero() -> None:
    # Torch divides by zero here: its first phase begins and ends at step 0.
    assert factor(spec.OneCycle(total_steps=10, rise_share=0.1), 0, 0) == 1.0


def test_restarts_fall_on_whole_steps_where_a_logarithm_would_miss_them() -> None:
    schedule = spec.CosineRestarts(first_steps=1, growth=10)
    at = 0
    for cycle in range(12):
        assert factor(schedule, at, 0) == 1.0, cycle
        at += 10**cycle


def test_a_plateaus_rate_is_kept_from_one_plateau_to_another_and_gone_with_the_last() -> None:
    rates = Rates((1.0,), spec.Plateau(patience=0))
    for loss in (1.0, 2.0):
        rates = rates.evaluated(loss)
    assert rates.factor(5) == 0.1
    assert rates.rescheduled(spec.Plateau(patience=3, factor=0.5)).factor(5) == 0.1
    warmed = rates.rescheduled(spec.Warmup(steps=4, after=spec.Plateau(patience=0)))
    assert warmed.factor(5) == 0.1
    assert warmed.evaluated(3.0).factor(5) == pytest.approx(0.01)
    assert rates.rescheduled(spec.Constant()).rescheduled(spec.Plateau()).factor(5) == 1.0
    assert rates.with_new_objective().factor(5) == 0.1
    assert rates.with_new_objective().evaluated(99.0).plateau.best == 99.0


def test_other_schedules_ignore_evaluations() -> None:
    rates = Rates((1.0,), spec.StepDecay())
    assert rates.evaluated(1.0) is rates
    assert not rates.follows_evaluations
