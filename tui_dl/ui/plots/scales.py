"""Value scales of an axis, nice ticks on them, and how a number is written in few cells."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from tui_dl.history.arrays import FloatArray

Scale = Literal["linear", "log", "symlog"]
SCALES: tuple[Scale, ...] = ("linear", "log", "symlog")

# Limits beyond these would overflow in a difference; a training run that gets here is lost anyway.
LARGEST = 1e300
SMALLEST = 1e-300


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis; `position` is in the scale's own coordinates."""

    position: float
    label: str


def forward(values: FloatArray, scale: Scale, threshold: float = 1.0) -> FloatArray:
    """Values in the coordinates of a scale.

    linear: y. log: log10 y, NaN where y ≤ 0. symlog: sign(y) · log10(1 + |y| / threshold).
    """
    if scale == "linear":
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale == "log":
            positions: FloatArray = np.where(values > 0, np.log10(np.maximum(values, SMALLEST)), np.nan)
            return positions
        return np.sign(values) * np.log10(1 + np.abs(values) / threshold)


def backward(position: float, scale: Scale, threshold: float = 1.0) -> float:
    """The value at a position: the inverse of `forward`."""
    if scale == "linear":
        return position
    with np.errstate(over="ignore"):
        power = float(np.power(10.0, min(abs(position) if scale == "symlog" else position, 307.0)))
    return power if scale == "log" else math.copysign((power - 1) * threshold, position)


def symlog_threshold(largest: float) -> float:
    """Where symlog turns from linear to logarithmic: three decades below the largest magnitude."""
    if not math.isfinite(largest) or largest <= SMALLEST:
        return 1.0
    return float(10.0 ** max(math.floor(math.log10(largest)) - 3, -300))


def refusal(values: FloatArray, scale: Scale) -> str:
    """Why a scale does not show all of these values, in words; empty if it does."""
    if scale != "log":
        return ""
    refused = int(np.count_nonzero(values <= 0))
    if not refused:
        return ""
    return f"log shows values above 0 only: {refused} not shown, symlog shows all"


def nice_step(span: float, parts: int) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that divides `span` into at most `parts` parts."""
    rough = max(span, SMALLEST) / max(parts, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    for factor in (1.0, 2.0, 2.5, 5.0, 10.0):
        if factor * power >= rough * (1 - 1e-9):
            return factor * power
    return 10.0 * power


def linear_ticks(low: float, high: float, parts: int, *, whole: bool = False) -> list[Tick]:
    """Ticks at multiples of a nice step within [low, high]; `whole` allows integers alone."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return []
    step = nice_step(high - low, parts)
    if whole:
        step = max(step if step % 1 == 0 else 2 * step, 1.0)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    if last - first > 4 * parts + 8:
        # Beyond the precision of a float the multiples are no longer distinct.
        return []
    return [Tick(index * step, format_tick(index * step, step)) for index in range(first, last + 1)]


def log_ticks(low: float, high: float, parts: int) -> list[Tick]:
    """Ticks between the exponents low and high: decades, thinned out or with 2 and 5 between them."""
    if high <= low:
        return []
    decades = high - low
    if decades < 1:
        ticks = linear_ticks(10.0**low, 10.0**high, parts)
        return [Tick(math.log10(tick.position), tick.label) for tick in ticks if tick.position > 0]
    stride = max(math.ceil(decades / parts), 1)
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    exponents = [exponent for exponent in range(first, last + 1) if exponent % stride == 0]
    ticks = [Tick(float(exponent), _power_label(exponent)) for exponent in exponents]
    if decades * 3 <= parts:
        ticks += [
            Tick(position, format_value(10.0**position, 1))
            for exponent in range(first - 1, last + 1)
            for factor in (2, 5)
            if low <= (position := exponent + math.log10(factor)) <= high
        ]
    return sorted(ticks, key=lambda tick: tick.position)


def symlog_ticks(low: float, high: float, parts: int, threshold: float) -> list[Tick]:
    """Zero and the powers of ten on both sides, thinned out, in symlog coordinates."""
    reach = max(abs(low), abs(high))
    exponent = math.floor(math.log10(threshold))
    magnitudes = [10.0**power for power in range(exponent + 1, min(exponent + 2 + math.ceil(reach), 309))]
    stride = max(math.ceil(len(magnitudes) * (2 if low < 0 < high else 1) / max(parts, 1)), 1)
    # From the largest down, so that the tick nearest to the end of the axis stays.
    chosen = magnitudes[::-1][::stride]
    values = [0.0, *chosen, *(-magnitude for magnitude in chosen)]
    positions = forward(np.array(values), "symlog", threshold)
    ticks = [
        Tick(float(position), format_value(value, 1))
        for value, position in zip(values, positions, strict=True)
        if low <= position <= high
    ]
    return sorted(ticks, key=lambda tick: tick.position)


@lru_cache(maxsize=64)
def value_ticks(
    low: float, high: float, parts: int, scale: Scale, threshold: float = 1.0
) -> tuple[Tick, ...]:
    """Ticks of a value axis whose limits are given in the scale's coordinates; the same for many frames."""
    if scale == "log":
        return tuple(log_ticks(low, high, parts))
    if scale == "symlog":
        return tuple(symlog_ticks(low, high, parts, threshold))
    return tuple(linear_ticks(low, high, parts))


def format_tick(value: float, step: float) -> str:
    """A tick's label with just the decimals that its step needs: 0.25, 1.5k, 2M, 5e-05."""
    if value == 0:
        return "0"
    magnitude = abs(value)
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if limit <= magnitude < 1e13:
            text = _decimals(value / limit, step / limit)
            return (text.rstrip("0").rstrip(".") if "." in text else text) + suffix
    if magnitude >= 1e13 or step < 1e-4:
        texts = [f"{value:.{digits}e}" for digits in range(5)]
        # As few digits as tell it from its neighbours: 1.05e-3 between 1.0e-3 and 1.1e-3.
        exact = (text for text in texts if abs(float(text) - value) <= 1e-3 * step)
        return _shorten(next(exact, texts[-1]))
    return _decimals(value, step)


def format_value(value: float, digits: int = 4) -> str:
    """A value in at most about eight cells: 0.0231, 12.3k, 1.2e-05, NaN, inf."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    magnitude = abs(value)
    if magnitude == 0:
        return "0"
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if limit <= magnitude < 1e13:
            return f"{value / (1e3 if suffix == 'k' else limit):.{max(digits, 3)}g}{suffix}"
    if magnitude >= 1e13 or magnitude < 1e-3:
        return _shorten(f"{value:.{max(digits - 2, 0)}e}")
    # Trailing zeros stay, so that a number does not change its width with every step.
    decimals = max(digits - 1 - math.floor(math.log10(magnitude)), 0)
    return f"{value:.{decimals}f}"


def _decimals(value: float, step: float) -> str:
    decimals = 0
    while decimals < 6 and abs(round(step, decimals) - step) > step * 1e-6:
        decimals += 1
    return f"{value:.{decimals}f}"


def _power_label(exponent: int) -> str:
    if -3 <= exponent < 0:
        return f"{10.0**exponent:.{-exponent}f}"
    return format_tick(10.0**exponent, 10.0**exponent) if 0 <= exponent <= 12 else f"1e{exponent}"


def _shorten(text: str) -> str:
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}"
