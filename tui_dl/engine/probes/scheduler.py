"""Which instruments look at the next batch, so that inspection costs at most its budget; measures itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tui_dl.engine.probes.base import Probe
    from tui_dl.wire.commands import ProbeName

WINDOW_S: Final = 2.0
"""The overhead shown is that of about this long a time."""
COST_MEMORY: Final = 0.3
"""Weight of the newest measurement in what a probe is expected to cost."""
BACKGROUND_EVERY_S: Final = 5.0
"""How long it takes at least between two looks of a probe that nobody looks at now."""
BACKGROUND_SHARE: Final = 0.1
"""Share of the budget for these, if there are any; what they leave of it is not used."""
LONGEST_STEP_S: Final = 1.0
"""No more than this long a pause between two looks earns time for inspection."""


@dataclass(slots=True)
class _Account:
    """What one probe has saved up, what it is expected to cost, and when it looked last; in seconds."""

    credit_s: float = 0.0
    cost_s: float = 0.0
    taken_at: float = -math.inf


@final
class ProbeScheduler:
    """Deals the budget out to the probes that are watched.

    Each watched probe has an account that receives an equal part of budget x time, up to what one look
    costs; what overflows goes to the others in their order of importance. A probe looks when its time has
    come and its account covers the look: a cheap one is never held up by a dear one.

    Probes in the background look seldom, so that a view that is opened has a past to show; they live on a
    small part of the budget that is set apart for them, so all together never takes more than the budget.

    Args:
        budget: share of the time, 0 to 1.
        clock: seconds, monotonic.
    """

    def __init__(self, budget: float, clock: Callable[[], float]) -> None:
        self.budget = budget
        self._clock = clock
        self._probes: tuple[Probe, ...] = ()
        self._background: tuple[Probe, ...] = ()
        self._accounts: dict[ProbeName, _Account] = {}
        self._interval_s = 0.1
        self._looked_at = clock()
        self._spent_s = 0.0
        self._window_from = clock()
        self._overhead = 0.0

    @property
    def watched(self) -> tuple[Probe, ...]:
        """What is shown somewhere now, the most important first."""
        return self._probes

    @property
    def published(self) -> tuple[Probe, ...]:
        """Whose readings somebody wants: the watched, and those in the background."""
        return self._probes + self._background

    def watch(self, probes: Iterable[Probe], rate_hz: float, background: Iterable[Probe] = ()) -> None:
        """Change what is watched, how often each may look, and who else looks now and then."""
        self._probes = tuple(probes)
        self._background = tuple(probe for probe in background if probe not in self._probes)
        for probe in self._background:
            self._accounts.setdefault(probe.name, _Account())
        self._interval_s = 1.0 / rate_hz if rate_hz > 0 else math.inf
        for probe in self._probes:
            account = self._accounts.setdefault(probe.name, _Account())
            # Whoever opens a view should not have to wait for it.
            account.taken_at = -math.inf
            account.credit_s = max(account.credit_s, account.cost_s)

    def due(self) -> tuple[Probe, ...]:
        """The probes that look at the next batch."""
        now = self._clock()
        earned_s = min(now - self._looked_at, LONGEST_STEP_S) * self.budget
        apart_s = BACKGROUND_SHARE * earned_s if self._background else 0.0
        self._earn(self._probes, earned_s - apart_s)
        self._earn(self._background, apart_s)
        self._looked_at = now
        if self.budget <= 0:
            return ()
        every_s = (self._interval_s,) * len(self._probes) + (BACKGROUND_EVERY_S,) * len(self._background)
        return tuple(
            probe
            for probe, interval_s in zip(self.published, every_s, strict=True)
            if self._may_look(self._accounts[probe.name], interval_s, now)
        )

    def charge(self, probe: Probe, cost_s: float) -> None:
        """A probe has looked and it took this long."""
        account = self._accounts.setdefault(probe.name, _Account())
        first = account.taken_at == -math.inf and account.cost_s == 0.0
        account.cost_s = cost_s if first else account.cost_s + COST_MEMORY * (cost_s - account.cost_s)
        account.credit_s -= cost_s
        account.taken_at = self._clock()
        self._spent_s += cost_s

    def overhead(self) -> float:
        """Share of the time that inspection took of late."""
        elapsed_s = self._clock() - self._window_from
        if elapsed_s >= WINDOW_S:
            self._overhead = min(self._spent_s / elapsed_s, 1.0)
            # Half of the window lives on, so that the number shown moves smoothly.
            self._spent_s /= 2
            self._window_from += elapsed_s / 2
        elif self._overhead == 0.0 and elapsed_s > 0:
            return min(self._spent_s / max(elapsed_s, WINDOW_S / 4), 1.0)
        return self._overhead

    def _may_look(self, account: _Account, interval_s: float, now: float) -> bool:
        # A rate of 10 Hz met by looks at a clock that ticks every 10 ms needs that much tolerance.
        return now - account.taken_at >= 0.9 * interval_s and account.credit_s >= account.cost_s

    def _earn(self, probes: Sequence[Probe], earned_s: float) -> None:
        accounts = [self._accounts[probe.name] for probe in probes]
        left_s = earned_s
        for position, account in enumerate(accounts):
            part_s = left_s / (len(accounts) - position)
            kept_s = min(part_s, max(account.cost_s - account.credit_s, 0.0))
            account.credit_s += kept_s
            left_s -= kept_s
        for account in accounts:
            kept_s = min(left_s, max(account.cost_s - account.credit_s, 0.0))
            account.credit_s += kept_s
            left_s -= kept_s
