"""Inspection: it stays within its budget, starves nobody, and never changes the training."""

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.session_bench import TOTAL_STEPS, Clock, Driver, experiment
from tui_dl.engine.probes.base import Probe
from tui_dl.engine.probes.scheduler import BACKGROUND_EVERY_S, BACKGROUND_SHARE, WINDOW_S, ProbeScheduler
from tui_dl.engine.serving.inbox import Ticket, Watched
from tui_dl.wire.commands import Run, SetBudget, Step
from tui_dl.wire.messages import ReadingTaken, StatusChanged
from tui_dl.wire.snapshots import HistogramsRead, LayersRead, OptimizerRead, Reading, RegionsView

ALL = ("layers", "histograms", "optimizer", "task")


def named(probe_name: str) -> Probe:
    class Named(Probe):
        name = probe_name  # type: ignore[assignment]

        def observe(self, trainer: Any, phase: str) -> None:
            """Nothing."""

        def reading(self) -> Reading | None:
            return None

    return Named()


def looks(
    costs: dict[str, float], budget: float, rate_hz: float, seconds: float, background: Sequence[str] = ()
) -> tuple[dict[str, int], float]:
    """How often each probe looked, and the share of the time that it all took."""
    clock = Clock()
    scheduler = ProbeScheduler(budget, clock)
    probes = [named(name) for name in costs]
    scheduler.watch(
        [probe for probe in probes if probe.name not in background],
        rate_hz,
        [probe for probe in probes if probe.name in background],
    )
    counts = dict.fromkeys(costs, 0)
    while clock.now < seconds:
        clock.now += 0.01
        for probe in scheduler.due():
            counts[probe.name] += 1
            clock.now += costs[probe.name]
            scheduler.charge(probe, costs[probe.name])
    spent = sum(counts[name] * cost for name, cost in costs.items())
    assert scheduler.overhead() == pytest.approx(spent / clock.now, abs=0.02)
    return counts, spent / clock.now


def test_cheap_instruments_look_at_the_rate_that_is_wanted() -> None:
    counts, share = looks({"layers": 1e-4, "task": 2e-4}, budget=0.05, rate_hz=10.0, seconds=20.0)
    assert all(170 <= count <= 225 for count in counts.values())
    assert share < 0.05


def test_a_dear_instrument_is_kept_within_the_budget_and_does_not_starve_a_cheap_one() -> None:
    costs = {"layers": 1e-4, "histograms": 0.05, "task": 0.2}
    counts, share = looks(costs, budget=0.05, rate_hz=10.0, seconds=60.0)
    assert share <= 0.055
    assert counts["layers"] >= 400
    assert counts["histograms"] >= 10
    assert counts["task"] >= 5


def test_without_a_budget_nobody_looks() -> None:
    counts, share = looks({"layers": 1e-4}, budget=0.0, rate_hz=10.0, seconds=5.0)
    assert (counts, share) == ({"layers": 0}, 0.0)


def test_a_whole_budget_lets_everybody_look() -> None:
    counts, _ = looks({"layers": 0.001, "task": 0.02}, budget=1.0, rate_hz=10.0, seconds=20.0)
    assert all(count >= 140 for count in counts.values())


LENSES = ("layers", "histograms", "optimizer")


def test_in_the_background_a_cheap_probe_looks_every_few_seconds() -> None:
    counts, share = looks(dict.fromkeys(LENSES, 1e-3), 0.05, 10.0, 100.0, background=LENSES)
    assert all(15 <= count <= 100 / BACKGROUND_EVERY_S / 0.9 + 1 for count in counts.values())
    assert share < 0.001


@pytest.mark.parametrize("budget", [0.01, 0.05, 0.3])
@pytest.mark.parametrize("cost_s", [1e-3, 0.02, 0.2])
def test_the_background_takes_a_tenth_of_the_budget_at_most(budget: float, cost_s: float) -> None:
    seconds = 2000.0
    counts, share = looks(dict.fromkeys(LENSES, cost_s), budget, 10.0, seconds, background=LENSES)
    # What a probe costs is known once it has looked.
    assert share * seconds <= BACKGROUND_SHARE * budget * seconds + len(LENSES) * cost_s
    assert all(counts.values())


@settings(deadline=None, max_examples=25)
@given(
    st.floats(0.01, 0.2),
    st.fixed_dictionaries({name: st.floats(1e-5, 0.1) for name in ALL}),
    st.sets(st.sampled_from(ALL)),
)
def test_background_and_foreground_together_keep_to_the_budget(
    budget: float, costs: dict[str, float], background: set[str]
) -> None:
    seconds = 300.0
    counts, share = looks(costs, budget, 10.0, seconds, background=tuple(background))
    assert share * seconds <= budget * seconds + 2 * sum(costs.values())
    assert all(counts.values())


def test_what_is_shown_is_hardly_held_up_by_the_background() -> None:
    costs = {"task": 0.02, "histograms": 0.5}
    alone, _ = looks({"task": 0.02}, 0.05, 10.0, 200.0)
    beside, share = looks(costs, 0.05, 10.0, 200.0, background=("histograms",))
    assert beside["task"] >= 0.85 * alone["task"]
    assert share <= 0.055


def test_without_a_budget_the_background_does_not_look_either() -> None:
    assert looks({"layers": 1e-4}, 0.0, 10.0, 50.0, background=("layers",)) == ({"layers": 0}, 0.0)


def test_the_overhead_that_is_shown_forgets() -> None:
    clock = Clock()
    scheduler = ProbeScheduler(0.5, clock)
    probe = named("layers")
    scheduler.watch([probe], 10.0)
    scheduler.charge(probe, 1.0)
    clock.now = WINDOW_S
    assert scheduler.overhead() == pytest.approx(0.5)
    for _ in range(20):
        clock.now += WINDOW_S
        scheduler.overhead()
    assert scheduler.overhead() < 0.01


def watch(driver: Driver, *probes: str, background: tuple[str, ...] = ()) -> None:
    watched = Watched(probes, 10.0, "", background=background)  # type: ignore[arg-type]
    driver.session.inbox.post(Ticket(watched))
    driver.session.advance()


def test_watched_or_not_the_training_is_bit_identical() -> None:
    text = '[[regularizers]]\nname = "dropout"\n'
    plain = Driver(experiment(text))
    plain.do(Run())
    watched = Driver(experiment("overhead_budget = 1.0\n" + text))
    watch(watched, *ALL)
    for _ in range(TOTAL_STEPS):
        watched.do(Step())
    assert watched.sink.column("loss") == plain.sink.column("loss")
    assert torch.equal(watched.weights(), plain.weights())
    for kind in (LayersRead, HistogramsRead, OptimizerRead, RegionsView):
        steps = [each.step for each in watched.sink.of(ReadingTaken) if isinstance(each.reading, kind)]
        assert set(range(1, TOTAL_STEPS + 1)) <= set(steps)


def test_in_the_background_something_is_measured_and_the_training_is_bit_identical() -> None:
    plain = Driver(experiment())
    plain.do(Run())
    behind = Driver(experiment(), interactive=True)
    watch(behind, background=LENSES)
    assert not behind.sink.of(ReadingTaken)
    for _ in range(TOTAL_STEPS):
        behind.do(Step())
        behind.clock.now += 1.0
    assert behind.sink.column("loss") == plain.sink.column("loss")
    assert torch.equal(behind.weights(), plain.weights())
    for kind in (LayersRead, HistogramsRead, OptimizerRead):
        steps = [each.step for each in behind.sink.of(ReadingTaken) if isinstance(each.reading, kind)]
        assert steps == [1, 6, 11, 16]


def test_what_is_opened_is_no_longer_in_the_background_and_the_other_way_round() -> None:
    driver = Driver(experiment())
    watch(driver, "layers", background=LENSES)
    for _ in range(4):
        driver.do(Step())
    readings = driver.sink.of(ReadingTaken)
    assert [each.step for each in readings if isinstance(each.reading, LayersRead)] == [0, 1, 2, 3, 4]
    assert [each.step for each in readings if isinstance(each.reading, HistogramsRead)] == [1]
    watch(driver, background=LENSES)
    driver.clock.now += 5.0
    driver.do(Step())
    assert [each.step for each in driver.sink.of(ReadingTaken) if isinstance(each.reading, LayersRead)][
        5:
    ] == [5]
    watch(driver)
    driver.clock.now += 50.0
    driver.do(Step())
    assert driver.sink.of(ReadingTaken)[-1].step == 5


def test_nobody_watching_means_nothing_is_measured() -> None:
    driver = Driver(experiment(), interactive=True)
    driver.do(Run())
    assert not driver.sink.of(ReadingTaken)
    assert driver.sink.last(StatusChanged).overhead == 0.0


def test_the_budget_can_be_set_and_must_be_a_share() -> None:
    driver = Driver(experiment())
    answer = driver.tell(SetBudget(0.2))
    assert answer is not None
    assert answer.error == ""
    assert driver.session.scheduler.budget == 0.2
    for share in (-0.1, 1.5, float("nan")):
        answer = driver.tell(SetBudget(share))
        assert answer is not None
        assert "share" in answer.error
