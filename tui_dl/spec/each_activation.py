"""Activations layer by layer in a tree of plain values: how `activation` and `activations` go together."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tui_dl.errors import SpecError
from tui_dl.spec.activations import Relu
from tui_dl.spec.models import Model
from tui_dl.spec.wording import shown

ALL = "activation"
EACH = "activations"


def refuse_both(change: Mapping[str, Any]) -> None:
    """Check that a change doesn't set one activation for all and a list of all of them.

    The default beside a list is how a whole experiment says that the list counts.

    Raises:
        SpecError: if it does. One for all and then another at a place are fine.
    """
    values = dict(_values(change))
    one, every = values.get(f"model.{ALL}"), values.get(f"model.{EACH}")
    if isinstance(one, Mapping) and set(one) == {"name"}:
        one = one["name"]
    if every and one is not None and one != Relu().name:
        raise SpecError(f"model.{ALL} is set too: give one for all, or a list of all.", key=f"model.{EACH}")


def _values(change: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for path, value in change.items():
        if path == "model" and isinstance(value, Mapping):
            yield from ((f"model.{name}", each) for name, each in value.items())
        else:
            yield path, value


def forget_each(target: dict[str, Any], head: str) -> None:
    """One activation for all is being set: a list of them ends."""
    if head == ALL and target.get(EACH):
        target[EACH] = []


def set_each(target: dict[str, Any], value: Any) -> None:
    """The whole list is being set; unless it is empty, the one for all ends."""
    target[EACH] = value
    if value:
        target.pop(ALL, None)


def opened(
    target: dict[str, Any], structs: Sequence[type[msgspec.Struct]], head: str, rest: list[str], place: str
) -> tuple[dict[str, Any], str, list[str] | None]:
    """Make ready for a value at `head`, the list of activations in a model's table.

    Returns:
        A table that holds the component at the place wanted, its key there, and the path within it; None for
        that path where the whole list is set.

    Raises:
        SpecError: if there is no such place.
    """
    if not rest:
        return {}, "", None
    items = _spelt_out(target, structs, head)
    index = rest[0]
    if not index.isascii() or not index.isdigit() or len(index) > 6 or int(index) >= len(items):
        there = f"0 to {len(items) - 1}" if items else "none: there is no hidden layer"
        raise SpecError(f"no such layer: {shown(index)}; there are {there}.", key=f"{place}.{index}")
    target[head] = items
    target.pop(ALL, None)
    number = str(int(index))
    return {number: items[int(index)]}, number, rest[1:]


def _spelt_out(target: dict[str, Any], structs: Sequence[type[msgspec.Struct]], head: str) -> list[Any]:
    """The list with a component for each place, from the one for all where it is empty."""
    present = target.get(head)
    if isinstance(present, list | tuple) and present:
        return list(present)
    model = structs[0] if structs and issubclass(structs[0], Model) else None
    if model is None:
        return []
    sizes = {name: target[name] for name in ("hidden", "channels", "blocks") if name in target}
    try:
        built = model(**sizes)
        places = built.places
    except TypeError:  # sizes that are no lists or not of numbers: decoding says so
        return []
    one = target.get(ALL, getattr(built, ALL).name if hasattr(built, ALL) else None)
    return [dict(one) if isinstance(one, Mapping) else one for _ in range(places)]
