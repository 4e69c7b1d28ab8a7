"""How a mistake is said: the offending value, what is allowed, the nearest match."""

import difflib
import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

from msgspec import inspect

from tui_dl.spec.schema import choices_of, fields_of, list_choices_of, plain

_LONGEST_VALUE = 60
_LARGE = 1e300
_SYNONYMS: Mapping[str, str] = {
    "batch": "batch_size",
    "betas": "beta1",
    "ce": "cross_entropy",
    "clip": "gradient_clipping",
    "epsilon": "eps",
    "glorot_normal": "xavier_normal",
    "glorot_uniform": "xavier_uniform",
    "gpu": "cuda",
    "he_normal": "kaiming_normal",
    "he_uniform": "kaiming_uniform",
    "layers": "hidden",
    "learning_rate": "lr",
    "linear": "identity",
    "mae": "l1",
    "nll": "cross_entropy",
    "widths": "hidden",
}
"""What other programs call it."""


def shown(value: Any) -> str:
    """A value as TOML would write it, short and safe to print on a terminal."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif value is None:
        text = "nothing"
    elif isinstance(value, str):
        text = '"' + printable(value.replace("\\", "\\\\").replace('"', '\\"')) + '"'
    elif isinstance(value, int):
        # Python refuses to print integers of more than some thousand digits.
        text = str(value) if value.bit_length() < 256 else f"a whole number of {value.bit_length()} bits"
    elif isinstance(value, float):
        text = repr(value)
    elif isinstance(value, Mapping):
        text = "a table" if value else "an empty table"
    elif isinstance(value, list | tuple):
        text = "a list" if value else "an empty list"
    elif isinstance(value, datetime | date | time):
        text = f"the date or time {value}"
    else:
        text = f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def printable(text: str) -> str:
    """Text with everything escaped that a terminal would obey rather than show."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def key_part(part: str) -> str:
    """One part of a dotted key, quoted where TOML demands it."""
    bare = part and all(character.isalnum() or character in "-_" for character in part) and part.isascii()
    return part if bare else shown(part)


def joined(key: str, part: str) -> str:
    """A key one level deeper."""
    return f"{key}.{key_part(part)}" if key else key_part(part)


def nearest(word: str, options: Iterable[str]) -> str | None:
    """The option that somebody who wrote `word` most likely meant."""
    lowered = {option.lower(): option for option in options}
    synonym = _SYNONYMS.get(word.lower().replace("-", "_"))
    if synonym in lowered:
        return lowered[synonym]
    found = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    if found:
        return lowered[found[0]]
    return next(
        (option for low, option in lowered.items() if len(word) > 2 and low.startswith(word.lower())), None
    )


def suggestion(word: Any, options: Iterable[str]) -> str:
    """` Did you mean "…"?`, or nothing."""
    found = nearest(word, options) if isinstance(word, str) else None
    return f" Did you mean {shown(found)}?" if found is not None else ""


def listing(options: Iterable[str]) -> str:
    """Options in alphabetical order, separated by commas."""
    return ", ".join(sorted(options))


def number_text(value: float) -> str:
    """A number as a person would write it: 1e12, 1e-8, 0.05, 65536."""
    if isinstance(value, int) and (abs(value) < 10**6 or value % 10**6):
        return str(value)
    # Seventeen digits are enough to tell any two floats apart; bounds this large are round.
    mantissa, _, exponent = (f"{value:.16e}" if abs(value) >= 1e6 else repr(value)).partition("e")
    digits = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{digits}e{int(exponent)}" if exponent else digits


def bounds_text(node: inspect.IntType | inspect.FloatType) -> str:
    """`from 0 to 1`, `above 0, at most 1000`; empty if only finiteness is demanded."""
    if node.ge is not None and node.le is not None:
        if node.ge <= -_LARGE and node.le >= _LARGE:
            return ""
        return f"from {number_text(node.ge)} to {number_text(node.le)}"
    pairs = (("at least", node.ge), ("above", node.gt), ("at most", node.le), ("below", node.lt))
    return ", ".join(f"{word} {number_text(bound)}" for word, bound in pairs if bound is not None)


def expected(node: inspect.Type) -> str:
    """What a place takes, in words."""
    node = plain(node)
    if choices_of(node) is not None or list_choices_of(node) is not None:
        names = listing(choices_of(node) or list_choices_of(node) or ())
        what = "a name or a table with one" if choices_of(node) is not None else "a list of names or tables"
        return f"{what} ({names})"
    match node:
        case inspect.IntType() | inspect.FloatType():
            bounds = bounds_text(node)
            noun = "a whole number" if isinstance(node, inspect.IntType) else "a number"
            of = "of " if bounds.startswith("at") else ""
            return f"{noun} {of}{bounds.replace(', ', ' and ')}" if bounds else "a finite number"
        case inspect.LiteralType(values=values):
            options = ", ".join(shown(value) for value in values)
            return options if len(values) == 1 else f"one of {options}"
        case inspect.UnionType(types=types):
            return " or ".join(expected(each) for each in types if not isinstance(each, inspect.NoneType))
        case inspect.StructType(cls=cls):
            return f"a table with {', '.join(fields_of(cls))}"
        case inspect.VarTupleType(item_type=item):
            return f"a list, each item {expected(item)}"
        case _:
            return _SIMPLE.get(type(node), "a value")


_SIMPLE: Mapping[type[inspect.Type], str] = {
    inspect.BoolType: "true or false",
    inspect.StrType: "text",
    inspect.DictType: "a table",
    inspect.NoneType: "nothing",
}


def likely_meant(node: inspect.Type, value: Any) -> str:
    """` Did you mean 0.1?` for a number or truth value that was written as text, and the nearest choice."""
    node = plain(node)
    if not isinstance(value, str):
        return ""
    members = node.types if isinstance(node, inspect.UnionType) else (node,)
    for member in map(plain, members):
        if isinstance(member, inspect.LiteralType) and (found := suggestion(value, map(str, member.values))):
            return found
        if isinstance(member, inspect.BoolType) and value.lower() in ("true", "false"):
            return f" Did you mean {value.lower()}?"
        if isinstance(member, inspect.IntType | inspect.FloatType) and (number := _as_number(member, value)):
            return f" Did you mean {number}?"
    return ""


def _as_number(node: inspect.IntType | inspect.FloatType, text: str) -> str:
    """The number that a text spells, if it would be allowed at that place; else an empty text."""
    kind = int if isinstance(node, inspect.IntType) else float
    try:
        number = kind(text)
    except ValueError:
        return ""
    return number_text(number) if within(node, number) else ""


def within(node: inspect.IntType | inspect.FloatType, value: float) -> bool:
    """Whether a number is finite and inside a type's bounds."""
    return (
        (isinstance(value, int) or math.isfinite(value))
        and (node.ge is None or value >= node.ge)
        and (node.gt is None or value > node.gt)
        and (node.le is None or value <= node.le)
        and (node.lt is None or value < node.lt)
    )
