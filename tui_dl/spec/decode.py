"""A tree of plain values -> an Experiment whose every part is well formed; each mistake is one message."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from tui_dl.errors import SpecError
from tui_dl.spec.component import Component, component_name
from tui_dl.spec.data import Data
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.lecture import Lecture, Translation
from tui_dl.spec.losses import CrossEntropy, Mse
from tui_dl.spec.plain_values import anything, as_table, text
from tui_dl.spec.schema import (
    choices_of,
    default_of,
    described_by,
    family_of,
    fields_of,
    list_choices_of,
    plain,
    struct_type,
)
from tui_dl.spec.unknown_keys import unknown_key
from tui_dl.spec.wording import expected, joined, likely_meant, listing, shown, suggestion, within

_S = TypeVar("_S", bound=msgspec.Struct)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*")


def decode(tree: Mapping[str, Any]) -> Experiment:
    """Read an experiment; bare names stand for components, a missing loss follows from the data's task.

    Raises:
        SpecError: for the first mistake in the order of the fields, with its dotted key.
    """
    given = dict(tree)
    _fill_loss(given)
    cleaned = _read_table(Experiment, given, "")
    return msgspec.convert(cleaned, Experiment)


def read_settings(cls: type[_S], given: Mapping[str, Any], *, source: str = "") -> _S:
    """Read the settings of something that is no part of an experiment.

    Raises:
        SpecError: for the first mistake in the order of the fields.
    """
    try:
        return msgspec.convert(_read_table(cls, as_table(given, ""), ""), cls)
    except SpecError as error:
        raise SpecError(error.problem, key=error.key, source=source) from None


def _fill_loss(tree: dict[str, Any]) -> None:
    """Name the loss that fits the data where none is named."""
    data = tree.get("data")
    name = data.get("name") if isinstance(data, Mapping) else data
    choices = choices_of(fields_of(Experiment)["data"].type) or {}
    cls = choices.get(name) if isinstance(name, str) else None
    if cls is None or not issubclass(cls, Data):
        return
    task = data.get("task", cls.fixed_task) if isinstance(data, Mapping) else cls.fixed_task
    fitting = component_name(Mse if task == "regression" else CrossEntropy)
    loss = tree.get("loss")
    if loss is None:
        tree["loss"] = fitting
    elif isinstance(loss, Mapping) and "name" not in loss:
        tree["loss"] = {"name": fitting, **loss}


def _read(node: inspect.Type, value: Any, key: str) -> Any:
    """Check a value against its place's type and return it in its cleaned form."""
    choices = choices_of(node)
    if choices is not None:
        return _read_component(choices, value, key)
    named = list_choices_of(node)
    if named is not None:
        return _read_named_list(node, named, value, key)
    bare = plain(node)
    match bare:
        case inspect.StructType(cls=cls):
            if cls is Lecture:
                return _read_lecture(value, key)
            return _read_table(cls, as_table(value, key, expected(node)), key)
        case inspect.VarTupleType():
            return _read_list(node, bare, value, key)
        case inspect.DictType(value_type=value_type):
            table = as_table(value, key, expected(node))
            return {
                text(name, key): _read(value_type, each, joined(key, name)) for name, each in table.items()
            }
        case inspect.UnionType(types=types):
            return _read_union(node, types, value, key)
        case inspect.AnyType():
            return anything(value, key)
        case _:
            return _read_scalar(node, bare, value, key)


def _read_table(cls: type[msgspec.Struct], table: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Read the fields of a Struct; a component's table keeps its name."""
    fields = fields_of(cls)
    own = {
        name: value for name, value in table.items() if not (name == "name" and issubclass(cls, Component))
    }
    for name in own:
        if name not in fields:
            raise SpecError(unknown_key(cls, name), key=joined(key, name))
    cleaned: dict[str, Any] = {"name": component_name(cls)} if issubclass(cls, Component) else {}
    for name, field in fields.items():
        if name in own:
            value = _read(field.type, _with_default_name(field, own[name]), joined(key, name))
            cleaned[name] = value
        elif default_of(field) is msgspec.NODEFAULT:
            raise SpecError(f"is missing; it must be {expected(field.type)}.", key=joined(key, name))
    return cleaned


def _with_default_name(field: inspect.Field, value: Any) -> Any:
    """A component's table without a name speaks of the default component."""
    default = default_of(field)
    if isinstance(default, Component) and isinstance(value, Mapping) and "name" not in value:
        return {"name": default.name, **value}
    return value


def _read_component(choices: Mapping[str, type[Component]], value: Any, key: str) -> dict[str, Any]:
    family = family_of(next(iter(choices.values())))
    there = f"there are {listing(choices)}"
    if isinstance(value, str):
        value = {"name": value}
    if not isinstance(value, Mapping):
        raise SpecError(f"must be a name or a table with one, not {shown(value)}; {there}.", key=key)
    if "name" not in value:
        raise SpecError(f"is missing; {there}.", key=joined(key, "name"))
    name = value["name"]
    if not isinstance(name, str):
        raise SpecError(f"must be a name, not {shown(name)}; {there}.", key=joined(key, "name"))
    if name not in choices:
        noun = "data set" if family == "data" else family
        problem = f"no {noun} is called {shown(name)}; {there}.{suggestion(name, choices)}"
        raise SpecError(problem, key=joined(key, "name"))
    return _read_table(choices[name], as_table(value, key), key)


def _read_named_list(
    node: inspect.Type, choices: Mapping[str, type[Component]], value: Any, key: str
) -> list[dict[str, Any]]:
    """Read components of which each may appear once; they come out in the catalogue's order."""
    if isinstance(value, Mapping):
        raise SpecError(f"must be {expected(node)}, not a table. Write [[{key}]].", key=key)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise SpecError(f"must be {expected(node)}, not {shown(value)}.", key=key)
    found: dict[str, dict[str, Any]] = {}
    for index, item in enumerate(value):
        name = item.get("name") if isinstance(item, Mapping) else item
        place = joined(key, name) if isinstance(name, str) and name in choices else f"{key}[{index}]"
        cleaned = _read_component(choices, item, place)
        if cleaned["name"] in found:
            raise SpecError("appears twice; each regularizer may be there once.", key=place)
        found[cleaned["name"]] = cleaned
    return [found[name] for name in choices if name in found]


def _read_list(node: inspect.Type, bare: inspect.VarTupleType, value: Any, key: str) -> list[Any]:
    if isinstance(value, str | Mapping) or not isinstance(value, Sequence):
        hint = f" Write [[{key}]]." if isinstance(value, Mapping) else ""
        raise SpecError(f"must be {expected(node)}, not {shown(value)}.{hint}", key=key)
    if bare.max_length is not None and len(value) > bare.max_length:
        raise SpecError(f"has {len(value)} items; at most {bare.max_length} are allowed.", key=key)
    return [_read(bare.item_type, item, f"{key}[{index}]") for index, item in enumerate(value)]


def _read_union(node: inspect.Type, types: Sequence[inspect.Type], value: Any, key: str) -> Any:
    """Read with the first member that takes this kind of value."""
    for member in types:
        bare = plain(member)
        table = isinstance(bare, inspect.StructType) and isinstance(value, Mapping)
        nothing = isinstance(bare, inspect.NoneType) and value is None
        listed = isinstance(bare, inspect.VarTupleType) and isinstance(value, list | tuple)
        scalar = not isinstance(bare, inspect.StructType | inspect.VarTupleType)
        if table or nothing or listed or (scalar and _fits(bare, value)):
            return _read(member, value, key)
    raise SpecError(f"must be {expected(node)}, not {shown(value)}.{likely_meant(node, value)}", key=key)


def _read_scalar(node: inspect.Type, bare: inspect.Type, value: Any, key: str) -> Any:
    if isinstance(bare, inspect.StrType) and isinstance(value, str):
        return _read_text(node, bare, value, key)
    if not _fits(bare, value):
        raise SpecError(f"must be {expected(node)}, not {shown(value)}.{likely_meant(node, value)}", key=key)
    return float(value) if isinstance(bare, inspect.FloatType) else value


def _fits(bare: inspect.Type, value: Any) -> bool:
    match bare:
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.IntType():
            return isinstance(value, int) and not isinstance(value, bool) and within(bare, value)
        case inspect.FloatType():
            return isinstance(value, int | float) and not isinstance(value, bool) and within(bare, value)
        case inspect.LiteralType(values=values):
            return isinstance(value, str | int) and not isinstance(value, bool) and value in values
        case inspect.NoneType():
            return value is None
        case inspect.StrType():
            return isinstance(value, str)
        case _:
            raise AssertionError(f"a field of type {bare} has no reader")


def _read_text(node: inspect.Type, bare: inspect.StrType, value: str, key: str) -> str:
    text(value, key)
    if bare.max_length is not None and len(value) > bare.max_length:
        raise SpecError(f"has {len(value)} characters; at most {bare.max_length} are allowed.", key=key)
    if bare.pattern is not None and not re.search(bare.pattern, value):
        _, _, examples = described_by(node)
        options = ", ".join(map(shown, examples))
        raise SpecError(f"must be like {options}, not {shown(value)}.{suggestion(value, examples)}", key=key)
    return value


def _read_lecture(value: Any, key: str) -> dict[str, Any]:
    """Read notes and, under each further key, a language's words."""
    table = as_table(value, key)
    languages = {name: each for name, each in table.items() if name != "notes"}
    cleaned: dict[str, Any] = {"translations": {}}
    if "notes" in table:
        cleaned["notes"] = _read(fields_of(Lecture)["notes"].type, table["notes"], joined(key, "notes"))
    for name, words in languages.items():
        place = joined(key, name)
        if not _LANGUAGE.fullmatch(name):
            problem = "is neither notes nor a language such as ko or pt-BR."
            raise SpecError(problem + suggestion(name, ["notes"]), key=place)
        translation = as_table(words, place, expected(struct_type(Translation)))
        cleaned["translations"][name] = _read_table(Translation, translation, place)
    return cleaned
