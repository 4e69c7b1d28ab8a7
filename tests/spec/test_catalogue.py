import json
import math
from collections.abc import Iterator
from typing import get_args

import msgspec
import pytest

from tests.spec.listings import named
from tui_dl.errors import SpecError
from tui_dl.spec.catalogue import FAMILIES, FieldInfo, catalogue, component_class, describe, struct_fields
from tui_dl.spec.component import Component
from tui_dl.spec.data import AnyData
from tui_dl.spec.models import Mlp
from tui_dl.spec.optimizers import Sgd
from tui_dl.spec.preset import from_toml, to_toml
from tui_dl.spec.schema import default_of, fields_of
from tui_dl.spec.training import Training

COMPONENTS = [
    pytest.param(cls, id=f"{family}-{cls.__name__}") for family, each in FAMILIES.items() for cls in each
]

TYPES = (
    "int",
    "float",
    "bool",
    "choice",
    "component",
    "list of int",
    "list of float",
    "text",
    "list of text",
    "list of component",
)


def _descendants(cls: type[Component]) -> Iterator[type[Component]]:
    for each in cls.__subclasses__():
        if each.__module__.startswith("tui_dl."):
            yield each
            yield from _descendants(each)


def test_every_declared_component_is_listed() -> None:
    # Bases have no name of their own in TOML.
    declared = {leaf for leaf in _descendants(Component) if leaf.__struct_config__.tag != leaf.__name__}
    assert declared == {cls for classes in FAMILIES.values() for cls in classes}
    assert len(catalogue()) == len(declared)


@pytest.mark.parametrize("cls", COMPONENTS)
def test_every_component_explains_itself(cls: type[Component]) -> None:
    info = describe(cls)
    assert info.summary.endswith(".")
    assert info.source
    assert component_class(info.family, info.name) is cls
    for field in info.fields:
        assert field.help
        assert field.type in TYPES
        assert field.default is not None
        if field.type in ("int", "float", "list of int", "list of float"):
            low = field.ge if field.gt is None else field.gt
            high = field.le if field.lt is None else field.lt
            assert low is not None
            assert math.isfinite(low)
            assert high is not None
            assert math.isfinite(high)
        assert field.bounds or field.type == "bool"


@pytest.mark.parametrize("cls", COMPONENTS)
def test_defaults_are_what_an_empty_table_gives(cls: type[Component]) -> None:
    """Every default lies within its own bounds: the constructors of Structs don't check."""
    assert msgspec.convert(msgspec.to_builtins(cls()), cls) == cls()
    info = describe(cls)
    assert (
        msgspec.convert(
            {"name": info.name} | {f.name: f.default for f in info.fields if f.type != "component"}, cls
        )
        == cls()
    )


def test_a_field_in_full() -> None:
    assert struct_fields(Sgd)[1] == FieldInfo(
        name="momentum",
        type="float",
        default=0.0,
        bounds="at least 0, below 1",
        unit="",
        help="Share of the last step that is carried on",
        ge=0,
        lt=1,
        nudge="decay",
    )
    hidden, activation, _, activations, _ = struct_fields(Mlp)
    assert (hidden.type, hidden.default, hidden.unit, hidden.ge, hidden.le, hidden.max_length) == (
        "list of int", [64, 64], "units", 1, 65_536, 1000,
    )  # fmt: skip
    assert (activation.type, activation.family, activation.default) == ("component", "activation", "relu")
    assert "leaky_relu" in activation.choices
    assert (activations.type, activations.default) == ("list of component", [])
    assert activations.choices == activation.choices


def test_fields_of_the_training() -> None:
    fields = {field.name: field for field in struct_fields(Training)}
    assert fields["threads"].type == "int"
    assert fields["threads"].choices == ("auto",)
    assert fields["threads"].bounds == "auto or from 1 to 1024"
    assert fields["nonfinite"].choices == ("continue", "stop")
    assert fields["pace"].unit == "batches/s"


def test_the_catalogue_is_plain_json() -> None:
    decoded = json.loads(msgspec.json.encode(catalogue()))
    assert {component["family"] for component in decoded} == set(FAMILIES)
    sgd = next(component for component in decoded if component["name"] == "sgd")
    assert {"name", "type", "default", "bounds", "unit", "help"} <= set(sgd["fields"][0])


@pytest.mark.parametrize(
    ("family", "name", "message"),
    [
        (
            "optimizer",
            "sdg",
            f'no optimizer is called "sdg"; there are {named("optimizer")}. Did you mean "sgd"?',
        ),
        (
            "data",
            "minst",
            f'no data set is called "minst"; there are {named("data")}. Did you mean "mnist"?',
        ),
        ("optimiser", "sgd", "no family is called"),
    ],
)
def test_what_is_not_there(family: str, name: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        component_class(family, name)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("cls", get_args(AnyData))
def test_any_component_by_its_bare_name(cls: type[Component]) -> None:
    if default_of(fields_of(cls).get("path", fields_of(cls)["normalise"])) == "":
        with pytest.raises(SpecError, match=r"data\.path: is missing"):
            from_toml(f'data = "{describe(cls).name}"\nmodel = "mlp"', "bare.toml")
        return
    experiment = from_toml(f'data = "{describe(cls).name}"\nmodel = "mlp"', "bare.toml")
    assert experiment.data == cls()
    assert from_toml(to_toml(experiment), "again.toml") == experiment
