"""By how much a key moves a number: the natural step of each kind."""

import math
from typing import Any, Final, final

from tui_dl.spec.catalogue import FieldInfo

FACTOR: Final = 1.1
SHARE_STEP: Final = 0.05
_DECAY_FACTOR: Final = 1.25
_DIGITS: Final = 5
_SMALLEST: Final = 1e-4
_DOUBLED_UNITS: Final = ("samples", "steps")


@final
class NudgeError(Exception):
    """There is nothing to move, with the reason in words."""


def nudged(field: FieldInfo, value: Any, steps: int) -> Any:
    """A setting's value, moved by so many natural steps and kept within its bounds.

    Rates and strengths go by a factor of 1.1, shares and probabilities by 0.05, decays (β, momentum) by a
    factor on what is missing to 1, sizes in samples or steps by doubling, other whole numbers by one or a
    tenth, words to the next one.

    Raises:
        NudgeError: for texts, lists and components.
    """
    words = ("no", "yes") if field.type == "bool" else field.choices
    if field.type == "bool":
        return not value if steps % 2 else value
    if field.type == "choice":
        return words[(words.index(str(value)) + steps) % len(words)]
    if field.type == "int":
        if isinstance(value, str):
            raise NudgeError("a word stands here: Enter opens the form")
        return _bounded_int(field, _next_int(field, value, steps))
    if field.type == "float":
        return _bounded_float(field, _next_float(field, float(value), steps))
    raise NudgeError("not a number: Enter opens the form")


def step_words(field: FieldInfo) -> str:
    """What one step does, in a word or two; empty where a key does nothing."""
    if field.type in ("bool", "choice"):
        return "next"
    if field.type == "int":
        return "×2" if field.unit in _DOUBLED_UNITS else "±1"
    if field.type != "float":
        return ""
    return {"decay": "(1-x) ×1.25", "share": f"±{SHARE_STEP}"}.get(_kind(field), f"×{FACTOR}")


def _kind(field: FieldInfo) -> str:
    lowest, highest = field.ge, field.lt if field.lt is not None else field.le
    if lowest == 0 and highest == 1:
        return "decay" if field.nudge == "decay" else "share"
    return "signed" if lowest is not None and lowest < 0 else "factor"


def _next_int(field: FieldInfo, value: int, steps: int) -> int:
    if field.unit in _DOUBLED_UNITS:
        return _doubled(value, steps)
    for _ in range(abs(steps)):
        size = max(value // 10, 1)
        value += size if steps > 0 else -size
    return value


def _doubled(value: int, steps: int) -> int:
    if value <= 0:
        return 1 << min(steps - 1, 100) if steps > 0 else 0
    # Python's whole numbers have no end, but nobody doubles more than a hundred times.
    steps = max(min(steps, 100), -100)
    return value << steps if steps > 0 else max(value >> -steps, 1)


def _next_float(field: FieldInfo, value: float, steps: int) -> float:
    match _kind(field):
        case "share":
            return round((round(value / SHARE_STEP, 6) + steps) * SHARE_STEP, 6)
        case "decay":
            return 1.0 - (1.0 - value) * _DECAY_FACTOR**-steps
        case "signed":
            size = SHARE_STEP * max(abs(value), 1.0)
            return value + steps * size
        case _:
            if value == 0:
                start = field.default if isinstance(field.default, float) and field.default > 0 else _SMALLEST
                return start * FACTOR ** (steps - 1) if steps > 0 else 0.0
            return value * FACTOR ** max(min(steps, 1000), -1000)


def _bounded_int(field: FieldInfo, value: int) -> int:
    if field.ge is not None:
        value = max(value, math.ceil(field.ge))
    if field.gt is not None:
        value = max(value, math.floor(field.gt) + 1)
    if field.le is not None:
        value = min(value, math.floor(field.le))
    return value


def _bounded_float(field: FieldInfo, value: float) -> float:
    digits = 7 if _kind(field) == "decay" else _DIGITS
    value = float(f"{value:.{digits}g}")
    if field.ge is not None:
        value = max(value, field.ge)
    if field.le is not None:
        value = min(value, field.le)
    # An open bound is never reached: stay where the last step that fits leads.
    if field.lt is not None and value >= field.lt:
        value = field.lt - SHARE_STEP if _kind(field) == "share" else math.nextafter(field.lt, -math.inf)
    if field.gt is not None and value <= field.gt:
        value = math.nextafter(field.gt, math.inf)
    return float(value)
