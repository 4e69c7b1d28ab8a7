"""What the Structs say about themselves: fields, choices and bounds, read by reflection."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from tui_dl.spec.component import Component, component_name


@cache
def struct_type(cls: type[msgspec.Struct]) -> inspect.StructType:
    """The reflected form of a Struct's class."""
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType), cls
    return info


def plain(node: inspect.Type) -> inspect.Type:
    """A type without its description."""
    while isinstance(node, inspect.Metadata):
        node = node.type
    return node


def described_by(node: inspect.Type) -> tuple[str, str, tuple[str, ...]]:
    """Help text, unit and examples of a type, empty where it has none."""
    help_text, unit = "", ""
    examples: tuple[str, ...] = ()
    while isinstance(node, inspect.Metadata):
        schema = node.extra_json_schema or {}
        help_text = help_text or schema.get("description", "")
        examples = tuple(schema.get("examples", examples))
        unit = unit or (node.extra or {}).get("unit", "")
        node = node.type
    return help_text, unit, examples


def nudge_of(node: inspect.Type) -> str:
    """By what a key moves a number, where its bounds don't tell."""
    found = ""
    while isinstance(node, inspect.Metadata):
        found = found or (node.extra or {}).get("nudge", "")
        node = node.type
    return found


@cache
def fields_of(struct: type[msgspec.Struct]) -> Mapping[str, inspect.Field]:
    """The fields of a Struct by their names in TOML, in the order of their declaration."""
    return {field.encode_name: field for field in struct_type(struct).fields}


def choices_of(node: inspect.Type) -> Mapping[str, type[Component]] | None:
    """The components that may stand at a place, by name; None if it is not a place for components."""
    node = plain(node)
    members = node.types if isinstance(node, inspect.UnionType) else (node,)
    choices: dict[str, type[Component]] = {}
    for member in members:
        if not isinstance(member, inspect.StructType) or not issubclass(member.cls, Component):
            return None
        choices[component_name(member.cls)] = member.cls
    return choices


def list_choices_of(node: inspect.Type) -> Mapping[str, type[Component]] | None:
    """The components that may stand in a list, each once, by name; None if it is not such a list."""
    bare = plain(node)
    return (
        choices_of(bare.item_type)
        if isinstance(bare, inspect.VarTupleType) and not _is_ordered(node)
        else None
    )


def ordered_choices_of(node: inspect.Type) -> Mapping[str, type[Component]] | None:
    """The components that may stand in a list by their places, by name; None if it is not such a list."""
    bare = plain(node)
    return (
        choices_of(bare.item_type) if isinstance(bare, inspect.VarTupleType) and _is_ordered(node) else None
    )


def _is_ordered(node: inspect.Type) -> bool:
    while isinstance(node, inspect.Metadata):
        if (node.extra or {}).get("ordered"):
            return True
        node = node.type
    return False


def default_of(field: inspect.Field) -> Any:
    """A field's default value, `msgspec.NODEFAULT` if it must be given."""
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def family_of(cls: type[Component]) -> str:
    """The kind of component: data, model, activation, init, loss, optimizer, schedule or regularizer."""
    bases = [base for base in cls.__mro__ if Component in base.__bases__]
    assert bases, cls
    return bases[0].__name__.lower()
