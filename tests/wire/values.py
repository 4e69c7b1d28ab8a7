"""Messages and commands of every kind out of thin air, drawn from the Structs themselves."""

from typing import Any, get_args

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from tests.spec.experiments import SMALL
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.preset import from_toml
from tui_dl.spec.rate_search import RateSearch
from tui_dl.wire.commands import AnyCommand
from tui_dl.wire.messages import AnyMessage

MESSAGES: tuple[type[msgspec.Struct], ...] = get_args(AnyMessage)
COMMANDS: tuple[type[msgspec.Struct], ...] = get_args(AnyCommand)

_EXPERIMENT = from_toml(SMALL, "SMALL")
_CHECKED: dict[type[msgspec.Struct], msgspec.Struct] = {
    Experiment: _EXPERIMENT,
    RateSearch: RateSearch(highest=0.5, batches=7),
}
"""What has bounds of its own."""
_INTEGERS = st.integers(-(2**63), 2**63 - 1)
_FLOATS = st.floats(allow_nan=False)
_TEXTS = st.text(max_size=12)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | _INTEGERS | _FLOATS | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)


def values(node: inspect.Type) -> st.SearchStrategy[Any]:
    """Values that a field may hold on the wire, as Python has them after decoding."""
    match node:
        case inspect.Metadata(type=inner):
            return values(inner)
        case inspect.StructType(cls=cls):
            return structs(cls)
        case inspect.UnionType(types=types):
            return st.one_of([values(each) for each in types])
        case inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(values(key), values(value), max_size=3)
        case inspect.ListType(item_type=item):
            return st.lists(values(item), max_size=3)
        case inspect.VarTupleType(item_type=item):
            return st.lists(values(item), max_size=3).map(tuple)
        case inspect.TupleType(item_types=items):
            return st.tuples(*[values(item) for item in items])
        case inspect.LiteralType(values=options):
            return st.sampled_from(options)
        case _:
            return _SCALARS[type(node)]


def structs(cls: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Instances of a Struct with all fields drawn."""
    if cls in _CHECKED:
        return st.just(_CHECKED[cls])
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    return st.builds(cls, **{field.name: values(field.type) for field in info.fields})


_SCALARS: dict[type[inspect.Type], st.SearchStrategy[Any]] = {
    inspect.IntType: _INTEGERS,
    inspect.FloatType: _FLOATS,
    inspect.StrType: _TEXTS,
    inspect.BoolType: st.booleans(),
    inspect.BytesType: st.binary(max_size=32),
    inspect.NoneType: st.none(),
    inspect.AnyType: _ANYTHING,
}
