"""Inspection: it stays within its budget, starves nobody, and never changes the training."""

from typing import Any

import pytest
import torch

from tests.engine.session_bench import TOTAL_STEPS, Clock, Driver, experiment
from tui_dl.engine.probes.base import Probe
from tui_dl.engine.probes.scheduler import WINDOW_S, ProbeScheduler
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
    costs: dict[str, float], budget: float, rate_hz: float, seconds: float
) -> tuple[dict[str, int], float]:
    """How often each probe looked, and the share of the time that it all took."""
    clock = Clock()
    scheduler = ProbeScheduler(budget, clock)
    probes = [named(name) for name in costs]
    scheduler.watch(probes, rate_hz)
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


def watch(driver: Driver, *probes: str) -> None:
    driver.session.inbox.post(Ticket(Watched(probes, 10.0, "")))  # type: ignore[arg-type]
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
