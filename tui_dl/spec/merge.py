"""A change laid over a tree of plain values: the meaning of dotted paths."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import inspect

from tui_dl.errors import SpecError
from tui_dl.spec.component import Component
from tui_dl.spec.each_activation import EACH, forget_each, opened, refuse_both, set_each
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.plain_values import copied, without_none
from tui_dl.spec.schema import choices_of, fields_of, list_choices_of, ordered_choices_of, plain
from tui_dl.spec.wording import joined, listing, printable, shown, suggestion

Change = Mapping[str, Any]
"""Dotted paths, or tables of them, to values."""

_Structs = tuple[type[msgspec.Struct], ...]
"""The Structs that a table may become: one, or several while its component isn't named."""


def to_tree(experiment: Experiment) -> dict[str, Any]:
    """An experiment as plain values under its TOML names; what is None is left out."""
    tree = without_none(msgspec.to_builtins(experiment))
    assert isinstance(tree, dict)
    lecture = tree["lecture"]
    lecture.update(lecture.pop("translations"))
    return tree


def merge(tree: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """A copy of the tree with the change laid over it.

    Setting ``X.name``, or a table with a new ``name``, replaces the component by its defaults and the given
    fields; everything else merges. Names go before other keys and shorter paths before longer ones, whatever
    their order.

    Raises:
        SpecError: for a path that leads through something that has no parts. Unknown keys and values that
            do not fit are laid over as they are: decoding finds them.
    """
    if not isinstance(change, Mapping):
        raise SpecError(f"a change must be a mapping of dotted paths to values, not {shown(change)}.")
    merged = without_none(tree)
    assert isinstance(merged, dict)
    refuse_both(change)
    _lay_table(merged, (Experiment,), _copied_change(change), "")
    return merged


def _copied_change(change: Change) -> dict[str, Any]:
    """A deep copy of a change as plain values."""
    for path in change:
        if not isinstance(path, str):
            raise SpecError(f"a path must be text, not {shown(path)}.")
    return {path: copied(value, printable(path)) for path, value in change.items()}


def _ordered(table: Mapping[str, Any], key: str) -> Iterator[tuple[list[str], Any]]:
    """Paths and values: names first, then shorter paths before longer ones."""

    def rank(item: tuple[list[str], Any]) -> tuple[int, bool, bool]:
        parts = item[0]
        if parts[-1] == "name":
            return len(parts) - 1, False, False
        # After the one for all, whatever the order in which they are given.
        return len(parts), True, parts[-1] == EACH

    items = []
    for path, value in table.items():
        parts = path.split(".")
        place = f"{key}.{printable(path)}" if key else printable(path)
        if not all(parts):
            raise SpecError("is not a path: a part between two dots is empty.", key=place)
        if len(parts) > 20:
            raise SpecError("is a path of more than 20 parts.", key=place)
        items.append((parts, value))
    yield from sorted(items, key=rank)


def _lay_table(target: dict[str, Any], structs: _Structs, table: Mapping[str, Any], key: str) -> None:
    for parts, value in _ordered(table, key):
        _put(target, structs, parts, value, key)


def _field_type(structs: _Structs, name: str) -> inspect.Type | None:
    return next((fields_of(struct)[name].type for struct in structs if name in fields_of(struct)), None)


def _put(target: dict[str, Any], structs: _Structs, parts: list[str], value: Any, key: str) -> None:
    """Set the value at a path below a table."""
    head, rest = parts[0], parts[1:]
    place = joined(key, head)
    node = _field_type(structs, head)
    if node is not None and (choices := choices_of(node)) is not None:
        forget_each(target, head)
        _put_component(target, head, choices, rest, value, place)
    elif node is not None and (placed := ordered_choices_of(node)) is not None:
        holder, item, deeper = opened(target, structs, head, rest, place)
        if deeper is None:
            set_each(target, value)
        else:
            _put_component(holder, item, placed, deeper, value, joined(place, item))
            target[head][int(item)] = holder[item]
    elif (
        node is not None
        and (named := list_choices_of(node)) is not None
        and (rest or isinstance(value, Mapping))
    ):
        _put_named(target, head, named, rest, value, place)
    elif rest or (isinstance(value, Mapping) and _is_table(node, target.get(head))):
        table = _step_into(target, head, node, rest, place)
        bare = None if node is None else plain(node)
        inner: _Structs = (bare.cls,) if isinstance(bare, inspect.StructType) else ()
        if rest:
            _put(table, inner, rest, value, place)
        else:
            _lay_table(table, inner, value, place)
    else:
        target[head] = value


def _step_into(
    target: dict[str, Any], head: str, node: inspect.Type | None, rest: list[str], place: str
) -> dict[str, Any]:
    """The table at a key, made if it is not there yet."""
    present = target.get(head, {} if node is None or _is_table(node, None) else None)
    if not isinstance(present, dict):
        listed = isinstance(present, list) or (
            node is not None and isinstance(plain(node), inspect.VarTupleType)
        )
        what = "a list; set the whole of it" if listed else "not a table; it has no parts"
        raise SpecError(f"{place} is {what}.", key=".".join([place, *map(printable, rest)]))
    target[head] = present
    return present


def _is_table(node: inspect.Type | None, present: Any) -> bool:
    """Whether a mapping merges here rather than replaces."""
    if node is None:
        return isinstance(present, dict)
    return isinstance(plain(node), inspect.StructType | inspect.DictType)


def _put_component(
    target: dict[str, Any],
    head: str,
    choices: Mapping[str, type[Component]],
    rest: list[str],
    value: Any,
    place: str,
) -> None:
    present = target.get(head)
    table = {"name": present} if isinstance(present, str) else present
    if rest == ["name"]:
        target[head] = {"name": value}
        return
    if not rest and isinstance(value, str):
        value = {"name": value}
    if not rest and not isinstance(value, Mapping):
        target[head] = value
        return
    if not isinstance(table, dict):
        table = {}
    if not rest and "name" in value and value["name"] != table.get("name"):
        table = {}
    named = value.get("name") if not rest else None
    name = table.get("name", named)
    known = choices.get(name) if isinstance(name, str) else None
    structs: _Structs = (known,) if known is not None else tuple(choices.values())
    if rest:
        _put(table, structs, rest, value, place)
    else:
        if "name" in value:
            table["name"] = value["name"]
        _lay_table(table, structs, {name: each for name, each in value.items() if name != "name"}, place)
    target[head] = table


def _put_named(
    target: dict[str, Any],
    head: str,
    choices: Mapping[str, type[Component]],
    rest: list[str],
    value: Any,
    place: str,
) -> None:
    """Add, edit or remove components of a list by their names."""
    if not rest:
        for parts, each in _ordered(value, place):
            _put_named(target, head, choices, parts, each, place)
        return
    name, deeper = rest[0], rest[1:]
    where = joined(place, name)
    if name not in choices:
        problem = f"no {place.removesuffix('s')} is called {shown(name)}; there are {listing(choices)}."
        raise SpecError(problem + suggestion(name, choices), key=where)
    items = _named_items(target.get(head, []), place)
    present = next((item for item in items if item["name"] == name), None)
    if not deeper and value is False:
        target[head] = [item for item in items if item["name"] != name]
        return
    table = {"name": name} if present is None else present
    _edit_named(table, choices[name], deeper, value, where)
    target[head] = items if present is not None else [*items, table]


def _edit_named(
    table: dict[str, Any], cls: type[Component], deeper: list[str], value: Any, where: str
) -> None:
    name = table["name"]
    if deeper == ["name"] or (isinstance(value, Mapping) and "name" in value and not deeper):
        wanted = value if deeper else value["name"]
        if wanted != name:
            raise SpecError(f"must be {shown(name)} here, not {shown(wanted)}.", key=joined(where, "name"))
        if deeper:
            return
    if deeper:
        _put(table, (cls,), deeper, value, where)
    elif isinstance(value, Mapping):
        _lay_table(table, (cls,), {each: setting for each, setting in value.items() if each != "name"}, where)
    elif value is not True and value != name:
        raise SpecError(f"must be a table of settings, true or false, not {shown(value)}.", key=where)


def _named_items(items: Any, place: str) -> list[dict[str, Any]]:
    """A list of components with bare names spelt out."""
    if isinstance(items, list):
        tables = [{"name": item} if isinstance(item, str) else item for item in items]
        if all(isinstance(item, dict) and "name" in item for item in tables):
            return tables
    raise SpecError("must be a list of names or of tables with a name.", key=place)
