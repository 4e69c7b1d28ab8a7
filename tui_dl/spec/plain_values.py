"""Plain values, as TOML knows them: copied, and checked where no type says what they are."""

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from tui_dl.errors import SpecError
from tui_dl.spec.wording import joined, shown

_DEEPEST = 20


def as_table(value: Any, key: str, expected: str = "a table") -> Mapping[str, Any]:
    """Refuse what is not a table whose keys are text."""
    if not isinstance(value, Mapping):
        raise SpecError(f"must be {expected}, not {shown(value)}.", key=key)
    for name in value:
        if not isinstance(name, str):
            raise SpecError(f"a key must be text, not {shown(name)}.", key=key)
    return value


def text(value: str, key: str) -> str:
    """Refuse text that a terminal would obey rather than show, or that no file can hold."""
    for character in value:
        if character not in "\n\t" and (ord(character) < 32 or 127 <= ord(character) < 160):
            raise SpecError(f"contains the control character U+{ord(character):04X}.", key=key)
        if 0xD800 <= ord(character) < 0xE000:
            raise SpecError("is not valid UTF-8 text.", key=key)
    return value


def anything(value: Any, key: str) -> Any:
    """Check a value of a change, whose type is known only where it is applied."""
    if isinstance(value, float) and not math.isfinite(value):
        raise SpecError(f"must be finite, not {shown(value)}.", key=key)
    if isinstance(value, str):
        return text(value, key)
    if isinstance(value, Mapping):
        table = as_table(value, key)
        return {text(name, key): anything(each, joined(key, name)) for name, each in table.items()}
    if isinstance(value, list | tuple):
        return [anything(each, f"{key}[{index}]") for index, each in enumerate(value)]
    return value


def copied(value: Any, key: str, depth: int = 0) -> Any:
    """A deep copy as plain values.

    TOML has no null, so None becomes false: in a change both say that something is to be taken away.
    """
    if depth > _DEEPEST:
        raise SpecError(f"is nested deeper than {_DEEPEST} levels.", key=key)
    if isinstance(value, msgspec.Struct):
        return copied(without_none(msgspec.to_builtins(value)), key, depth)
    if isinstance(value, Mapping):
        return {name: copied(each, joined(key, str(name)), depth + 1) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [copied(each, f"{key}[{index}]", depth + 1) for index, each in enumerate(value)]
    return False if value is None else value


def without_none(value: Any) -> Any:
    """A deep copy of plain values without those that are None, as TOML has none."""
    if isinstance(value, Mapping):
        return {name: without_none(each) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [without_none(each) for each in value]
    return value
