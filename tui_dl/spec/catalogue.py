"""All components by family, each described by reflection: what lists print and forms are made of."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, get_args

import msgspec
from msgspec import Struct, inspect

from tui_dl.errors import SpecError
from tui_dl.spec.activations import AnyActivation
from tui_dl.spec.component import Component, component_name
from tui_dl.spec.data import AnyData
from tui_dl.spec.inits import AnyInit
from tui_dl.spec.losses import AnyLoss
from tui_dl.spec.models import AnyModel
from tui_dl.spec.optimizers import AnyOptimizer
from tui_dl.spec.regularizers import AnyRegularizer
from tui_dl.spec.schedules import AnySchedule
from tui_dl.spec.schema import choices_of, default_of, described_by, family_of, fields_of, nudge_of, plain
from tui_dl.spec.wording import bounds_text, listing, shown, suggestion

FAMILIES: Mapping[str, tuple[type[Component], ...]] = MappingProxyType(
    {
        "data": get_args(AnyData),
        "model": get_args(AnyModel),
        "activation": get_args(AnyActivation),
        "init": get_args(AnyInit),
        "loss": get_args(AnyLoss),
        "optimizer": get_args(AnyOptimizer),
        "schedule": get_args(AnySchedule),
        "regularizer": get_args(AnyRegularizer),
    }
)
"""Every component, by its family's name."""


class FieldInfo(Struct, frozen=True):
    """One setting.

    Attributes:
        name: its name in TOML.
        type: `int`, `float`, `bool`, `text`, `choice`, `component`, or one of these in a list: `list of int`.
        default: as TOML would write it, a component by its name or table; None if it must be given.
        bounds: what is allowed, in words; empty if the type says it all.
        unit: of a number; empty for a pure one.
        help: what it does.
        choices: the values of a `choice`, the names of a `component`, or texts that may stand for a number.
        family: of a `component`.
        ge, gt, le, lt: bounds of a number, of each number in a list.
        max_length: of a list.
        nudge: by what a key moves a number, where its bounds don't tell.
    """

    name: str
    type: str
    default: Any
    bounds: str
    unit: str
    help: str
    choices: tuple[str, ...] = ()
    family: str = ""
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    max_length: int | None = None
    nudge: str = ""


class ComponentInfo(Struct, frozen=True):
    """One component: family, name in TOML, first line of its docstring, source, settings."""

    family: str
    name: str
    summary: str
    source: str
    fields: tuple[FieldInfo, ...]


@cache
def catalogue() -> tuple[ComponentInfo, ...]:
    """All components, family by family."""
    return tuple(describe(cls) for classes in FAMILIES.values() for cls in classes)


@cache
def describe(cls: type[Component]) -> ComponentInfo:
    """What a component says about itself."""
    summary = (cls.__doc__ or "").strip().partition("\n")[0]
    return ComponentInfo(family_of(cls), component_name(cls), summary, cls.source, struct_fields(cls))


def component_class(family: str, name: str) -> type[Component]:
    """The component of that name.

    Raises:
        SpecError: if there is no such family, or no such component in it.
    """
    if family not in FAMILIES:
        there = f"there are {', '.join(FAMILIES)}"
        raise SpecError(f"no family is called {shown(family)}; {there}.{suggestion(family, FAMILIES)}")
    classes = siblings(FAMILIES[family][0])
    if name not in classes:
        noun = "data set" if family == "data" else family
        there = f"there are {listing(classes)}"
        raise SpecError(f"no {noun} is called {shown(name)}; {there}.{suggestion(name, classes)}")
    return classes[name]


def siblings(cls: type[Component]) -> dict[str, type[Component]]:
    """The components of the same family, by name."""
    return {component_name(each): each for each in FAMILIES.get(family_of(cls), ())}


@cache
def struct_fields(cls: type[Struct]) -> tuple[FieldInfo, ...]:
    """The settings of a component, or of another part such as `Training`."""
    return tuple(_describe_field(name, field) for name, field in fields_of(cls).items())


def _describe_field(name: str, field: inspect.Field) -> FieldInfo:
    help_text, unit, _ = described_by(field.type)
    kind, details = _describe_type(field.type)
    bounds = details.pop("bounds", "")
    default = default_of(field)
    plain_default = None if default is msgspec.NODEFAULT else _plain_default(default)
    unit, nudge = unit or details.pop("unit", ""), nudge_of(field.type)
    return FieldInfo(name, kind, plain_default, bounds, unit, help_text, nudge=nudge, **details)


def _plain_default(default: Any) -> Any:
    """A default as TOML would write it; a component without settings of its own by its bare name."""
    if isinstance(default, Component) and default == type(default)():
        return default.name
    if isinstance(default, tuple):
        return [_plain_default(each) for each in default]
    return msgspec.to_builtins(default)


def _describe_type(node: inspect.Type) -> tuple[str, dict[str, Any]]:
    """A type's kind, and what else `FieldInfo` says of it."""
    bare = plain(node)
    choices = choices_of(bare)
    if choices is not None:
        family = family_of(next(iter(choices.values())))
        return "component", {
            "choices": tuple(choices),
            "family": family,
            "bounds": f"one of {listing(choices)}",
        }
    match bare:
        case inspect.IntType() | inspect.FloatType():
            limits = {name: getattr(bare, name) for name in ("ge", "gt", "le", "lt")}
            kind = "int" if isinstance(bare, inspect.IntType) else "float"
            return kind, {**limits, "bounds": bounds_text(bare)}
        case inspect.BoolType():
            return "bool", {}
        case inspect.StrType():
            examples = described_by(node)[2]
            return "text", {"choices": examples, "bounds": f"like {', '.join(examples)}" if examples else ""}
        case inspect.LiteralType(values=values):
            names = tuple(str(value) for value in values)
            return "choice", {
                "choices": names,
                "bounds": names[0] if len(names) == 1 else f"one of {', '.join(names)}",
            }
        case inspect.VarTupleType(item_type=item, max_length=max_length):
            return _describe_list(item, max_length)
        case inspect.UnionType(types=types):
            return _describe_union(types)
        case _:
            return "table", {}


def _describe_list(item: inspect.Type, max_length: int | None) -> tuple[str, dict[str, Any]]:
    kind, details = _describe_type(item)
    each = f"each {details.get('bounds', '')}" if details.get("bounds") else ""
    length = f"at most {max_length} items" if max_length is not None else ""
    bounds = ", ".join(part for part in (each, length) if part)
    return f"list of {kind}", {
        **details,
        "max_length": max_length,
        "bounds": bounds,
        "unit": described_by(item)[1],
    }


def _describe_union(types: tuple[inspect.Type, ...]) -> tuple[str, dict[str, Any]]:
    """A number that a word may stand for, or a value that may be missing."""
    described = [_describe_type(each) for each in types if not isinstance(plain(each), inspect.NoneType)]
    kind, details = min(described, key=lambda each: each[0] == "choice")
    choices = tuple(choice for _, other in described for choice in other.get("choices", ()))
    bounds = " or ".join(other["bounds"] for _, other in described if other.get("bounds"))
    return kind, {**details, "choices": choices, "bounds": bounds}
