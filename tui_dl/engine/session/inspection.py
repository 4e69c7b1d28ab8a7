"""Who looks at which batch, and what they saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from tui_dl.engine.probes.measure import Evidence, Measurer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tui_dl.engine.probes.base import Probe
    from tui_dl.engine.probes.measure import Measure
    from tui_dl.engine.probes.scheduler import ProbeScheduler
    from tui_dl.engine.serving.inbox import Watched
    from tui_dl.engine.session.reports import Reports
    from tui_dl.engine.training.trainer import Trainer
    from tui_dl.wire.commands import ProbeName
    from tui_dl.wire.snapshots import Reading

EXPECTED: Final = ("layers", "optimizer")
"""Instruments whose numbers expectations may ask for."""


@final
class Inspection:
    """Lets the chosen instruments watch a batch phase by phase, times them, and keeps their last readings."""

    def __init__(
        self,
        trainer: Trainer,
        scheduler: ProbeScheduler,
        reports: Reports,
        probes: Sequence[Probe],
        instruments: Mapping[str, Measure],
        clock: Callable[[], float],
    ) -> None:
        self._trainer = trainer
        self._scheduler = scheduler
        self._reports = reports
        self._probes: dict[ProbeName, Probe] = {probe.name: probe for probe in probes}
        self._instruments = instruments
        self._clock = clock
        self._seen: dict[ProbeName, tuple[int, Reading]] = {}
        self._costs: dict[ProbeName, float] = {}
        self._refused_at = -1
        self.chosen: tuple[Probe, ...] = ()
        """Who looks at the next batch; mostly nobody."""

    def watch(self, watched: Watched) -> None:
        """What is shown somewhere has changed."""
        for probe in self._probes.values():
            probe.layer = watched.layer
            probe.sample, probe.grid, probe.reach = watched.sample, watched.grid, watched.reach
        self._scheduler.watch(
            [self._probes[name] for name in watched.probes if name in self._probes],
            watched.rate_hz,
            [self._probes[name] for name in watched.background if name in self._probes],
        )

    def choose(self, *, is_last: bool, is_watched: bool) -> None:
        """Choose who looks at the next batch; at the last one before a stop all who are watched do."""
        if not is_last:
            self.chosen = self._scheduler.due() if self._scheduler.published else ()
            return
        watched = self._scheduler.watched
        self.chosen = watched + tuple(probe for probe in self._scheduler.due() if probe not in watched)
        if not is_watched:
            expected = [self._probes[name] for name in EXPECTED if name in self._probes]
            self.chosen += tuple(probe for probe in expected if probe not in self.chosen)

    def choose_watched(self) -> None:
        """Everybody who is watched looks at the next batch, whatever the budget: someone steps by hand."""
        self.chosen = self._scheduler.watched

    def make_batch(self) -> None:
        """Make one batch, or what is left of it, with the chosen looking on."""
        for phase in self._trainer.phases():
            self.observe(phase)
        self.read()

    def observe(self, phase: str) -> None:
        """Show the chosen what a phase has done; of several micro-batches they see the last one."""
        index, count = self._trainer.batch.micro
        if index < count:
            return
        for probe in self.chosen:
            before = self._clock()
            probe.observe(self._trainer, phase)
            self._costs[probe.name] = self._costs.get(probe.name, 0.0) + self._clock() - before

    def read(self) -> None:
        """Take the readings of the batch just made, and publish what is watched."""
        step = self._trainer.step
        for probe in self.chosen:
            before = self._clock()
            reading = probe.reading()
            cost_s = self._costs.pop(probe.name, 0.0) + self._clock() - before
            self._scheduler.charge(probe, cost_s)
            if reading is None:
                continue
            self._seen[probe.name] = (step, reading)
            if probe in self._scheduler.published:
                self._reports.reading(step, reading)
        self.chosen = ()
        self._costs.clear()

    def look_at_rest(self) -> None:
        """Renew what can be seen without a batch: what was shown before may be of another step or model."""
        step = self._trainer.step
        for probe in self._scheduler.watched:
            seen_at, seen = self._seen.get(probe.name, (-1, None))
            # What a refused batch has left behind is newer than what was seen of the step before it.
            is_newest = seen_at == step and self._refused_at != step
            # Not kept as seen: expectations ask for what a batch has shown, which is more.
            reading = probe.at_rest(self._trainer, seen if is_newest else None)
            if reading is not None:
                self._reports.reading(step, reading)
        self._reports.flush()

    def measure(self, metrics: Sequence[str], scalars: Mapping[str, float]) -> dict[str, float | None]:
        """Exact values now."""
        step = self._trainer.step
        readings = tuple(reading for seen_at, reading in self._seen.values() if seen_at == step)
        return Measurer(self._trainer, Evidence(scalars, readings), self._instruments).measure(metrics)

    def abandon(self) -> None:
        """The batch will not be finished."""
        for probe in self.chosen:
            probe.release()
        self.chosen = ()
        self._costs.clear()

    def refuse(self) -> None:
        """The batch is not finite and was refused before its update: show what it has left behind."""
        self.abandon()
        self._refused_at = self._trainer.step
        self.look_at_rest()

    def forget(self) -> None:
        """The position has changed: what was seen at a step is not what is there now."""
        self._seen.clear()
        self._refused_at = -1
        for probe in self.chosen:
            probe.release()
        self.chosen = ()

    def renew(self) -> None:
        """What is trained has changed: whoever is watched should look again soon."""
        self._seen.clear()
