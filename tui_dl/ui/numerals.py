"""Numbers and durations as short words of bounded width, the same everywhere on the screen."""

import math
from typing import Final

NOTHING: Final = "–"
_SI: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def number(value: float | None, digits: int = 4) -> str:
    """`value` with about `digits` significant digits, at most digits + 6 characters; – if there is none."""
    if value is None:
        return NOTHING
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 10**digits or size < 1e-3:
        return scientific(value, max(digits - 2, 1))
    decimals = max(digits - 1 - math.floor(math.log10(size)), 0)
    return f"{value:.{decimals}f}"


def scientific(value: float, decimals: int = 1) -> str:
    """1.2e-5, without the exponent's leading zero or plus."""
    mantissa, _, exponent = f"{value:.{decimals}e}".partition("e")
    return f"{mantissa}e{int(exponent)}"


def rate(value: float | None) -> str:
    """A learning rate: all the digits that somebody may have typed, 0.1 rather than 0.1000."""
    return NOTHING if value is None else f"{value:.6g}"


def share(value: float | None, decimals: int = 1) -> str:
    """A share from 0 to 1 in per cent."""
    if value is None or not math.isfinite(value):
        return number(value)
    return f"{100 * value:.{decimals}f}%"


def count(value: float) -> str:
    """A whole number with separators, 12,345,678."""
    return f"{int(value):,}"


def brief(value: float) -> str:
    """A count in at most five characters: 1437, 12.3k, 4.5M."""
    for factor, suffix in _SI:
        if abs(value) >= factor * (10 if suffix == "k" else 1):
            scaled = value / factor
            return f"{scaled:.1f}{suffix}" if abs(scaled) < 100 else f"{scaled:.0f}{suffix}"
    return f"{value:.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.1f}"


def duration(seconds: float | None) -> str:
    """42s, 3m12s, 2h05m, 4d03h."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return NOTHING
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86_400}d{whole % 86_400 // 3600:02d}h"


def bytes_held(size: float) -> str:
    """A number of bytes: 512 B, 12.3 KiB, 4.5 GiB."""
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
