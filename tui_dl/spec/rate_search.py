"""The rate finder: its settings, the curve that it draws, and what can be read off it. Pure numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Final

from msgspec import Struct

from tui_dl.errors import SpecError
from tui_dl.spec.component import number
from tui_dl.spec.decode import read_settings
from tui_dl.spec.wording import number_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LEAST_POINTS: Final = 5
"""A slope that is measured on fewer says nothing."""
SKIPPED_SHARE: Final = 0.1
"""Of the planned batches: the first ones, in which the smoothed loss still swings in."""


class RateSearch(Struct, frozen=True, forbid_unknown_fields=True):
    """A range test: the rate grows from batch to batch while the loss is watched (Smith, 2015, 3.3)."""

    lowest: Annotated[float, number("Rate of the first batch", gt=0, le=1e6)] = 1e-6
    highest: Annotated[float, number("Rate of the last batch", gt=0, le=1e6)] = 10.0
    batches: Annotated[int, number("Batches to try", ge=LEAST_POINTS, le=100_000, unit="batches")] = 100
    smoothing: Annotated[
        float, number("Share of the mean so far in the smoothed loss", ge=0, lt=1, nudge="decay")
    ] = 0.8
    stop_factor: Annotated[
        float, number("It ends where the smoothed loss is so many times the lowest", gt=1, le=1e6)
    ] = 4.0

    def rate(self, index: int) -> float:
        """The rate of a batch, counted from 0: equal ratios, exactly `highest` at the last."""
        share = index / (self.batches - 1)
        return self.highest if share >= 1 else self.lowest * (self.highest / self.lowest) ** share


class RateCurve(Struct, frozen=True):
    """What was tried, a point for each batch with a finite loss, which was computed before the update."""

    rates: tuple[float, ...] = ()
    losses: tuple[float, ...] = ()
    smoothed: tuple[float, ...] = ()


class RateAdvice(Struct, frozen=True):
    """What can be read off a curve.

    Attributes:
        suggested: the rate at which the smoothed loss falls fastest over the logarithm of the rate; None
            where it does not fall. It is the rule of fastai and Lightning; Smith reads it off by eye.
        tenth_of_lowest: a tenth of the rate at the lowest smoothed loss, fastai's other rule; None likewise.
        reason: why there is no suggestion, in words; empty if there is one.
    """

    suggested: float | None = None
    tenth_of_lowest: float | None = None
    reason: str = ""


def rate_search(settings: Mapping[str, Any]) -> RateSearch:
    """Settings checked, those that are missing at their defaults.

    Raises:
        SpecError: for the first mistake.
    """
    search = read_settings(RateSearch, settings, source="rate finder")
    if search.lowest >= search.highest:
        raise SpecError(
            f"{number_text(search.lowest)} is not below highest, {number_text(search.highest)}.",
            key="lowest",
            source="rate finder",
        )
    return search


class CurveBuilder:
    """Adds points to a curve, and tells when it has gone up far enough."""

    def __init__(self, search: RateSearch) -> None:
        self._search = search
        self._mean = 0.0
        self._rates: list[float] = []
        self._losses: list[float] = []
        self._smoothed: list[float] = []
        self._lowest = math.inf

    def add(self, loss: float) -> None:
        """The finite loss of the next batch; its running mean without the bias towards its beginning at 0."""
        search, count = self._search, len(self._losses) + 1
        self._mean = search.smoothing * self._mean + (1.0 - search.smoothing) * loss
        smoothed = self._mean / (1.0 - search.smoothing**count)
        self._rates.append(search.rate(count - 1))
        self._losses.append(loss)
        self._smoothed.append(smoothed)
        self._lowest = min(self._lowest, smoothed)

    @property
    def has_diverged(self) -> bool:
        """Whether the smoothed loss is far above its lowest; below 0 as far as for the opposite number."""
        bar = self._lowest + (self._search.stop_factor - 1.0) * abs(self._lowest)
        return bool(self._smoothed) and self._smoothed[-1] > bar

    @property
    def curve(self) -> RateCurve:
        """The points so far."""
        return RateCurve(tuple(self._rates), tuple(self._losses), tuple(self._smoothed))


def advice(search: RateSearch, curve: RateCurve) -> RateAdvice:
    """What the curve suggests."""
    first = math.ceil(SKIPPED_SHARE * search.batches)
    smoothed: Sequence[float] = curve.smoothed
    if len(smoothed) - first < LEAST_POINTS:
        return RateAdvice(reason="too few batches were tried; begin lower, or try more of them")
    lowest = min(range(first, len(smoothed)), key=smoothed.__getitem__)
    slopes = {at: smoothed[at + 1] - smoothed[at - 1] for at in range(max(first, 1), lowest)}
    steepest = min(slopes, key=slopes.__getitem__, default=None)
    if steepest is None or slopes[steepest] >= 0:
        return RateAdvice(reason="the loss does not fall at any of these rates; try others, or train first")
    return RateAdvice(curve.rates[steepest], curve.rates[lowest] / 10.0)
