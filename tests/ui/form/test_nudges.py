import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_dl.spec.catalogue import FAMILIES, FieldInfo, struct_fields
from tui_dl.spec.optimizers import Adam, Sgd
from tui_dl.spec.regularizers import Dropout, EarlyStopping
from tui_dl.spec.training import Training
from tui_dl.ui.form.nudges import NudgeError, nudged, step_words

STRUCTS = [*(cls for classes in FAMILIES.values() for cls in classes), Training]
NUMBERS = [
    (cls.__name__, field) for cls in STRUCTS for field in struct_fields(cls) if field.type in ("int", "float")
]


def field_of(cls: Any, name: str) -> FieldInfo:
    return next(field for field in struct_fields(cls) if field.name == name)


def fits(field: FieldInfo, value: float) -> bool:
    return (
        math.isfinite(value)
        and (field.ge is None or value >= field.ge)
        and (field.gt is None or value > field.gt)
        and (field.le is None or value <= field.le)
        and (field.lt is None or value < field.lt)
    )


@pytest.mark.parametrize(
    ("cls", "name", "value", "steps", "wanted"),
    [
        (Adam, "lr", 0.001, 1, 0.0011),
        (Adam, "lr", 0.001, -2, 0.00082645),
        (Adam, "lr", 0.0, 1, 0.001),
        (Adam, "beta1", 0.9, 1, 0.92),
        (Adam, "beta2", 0.999, 1, 0.9992),
        (Sgd, "momentum", 0.0, 1, 0.2),
        (Sgd, "momentum", 0.0, -1, 0.0),
        (Sgd, "nesterov", False, 1, True),
        (Dropout, "p", 0.5, 1, 0.55),
        (Dropout, "p", 0.95, 1, 0.95),
        (Dropout, "p", 0.0, -1, 0.0),
        (EarlyStopping, "patience", 5, 1, 6),
        (EarlyStopping, "patience", 1, -1, 1),
        (Training, "batch_size", 64, 1, 128),
        (Training, "batch_size", 64, -2, 16),
        (Training, "batch_size", 1, -1, 1),
        (Training, "epochs", 40, 1, 44),
        (Training, "nonfinite", "stop", 1, "continue"),
    ],
)
def test_each_kind_moves_by_its_natural_step(
    cls: Any, name: str, value: Any, steps: int, wanted: Any
) -> None:
    assert nudged(field_of(cls, name), value, steps) == pytest.approx(wanted)


@given(st.data())
def test_whatever_is_moved_stays_within_its_bounds(data: st.DataObject) -> None:
    name, field = data.draw(st.sampled_from(NUMBERS), label="field")
    value = field.default
    if not isinstance(value, int | float):
        return
    for steps in data.draw(st.lists(st.integers(-400, 400), max_size=6)):
        value = nudged(field, value, steps)
        assert fits(field, value), (name, field.name, value)
        assert isinstance(value, int) == (field.type == "int")


@pytest.mark.parametrize(("name", "field"), NUMBERS)
def test_every_number_of_the_catalogue_can_be_moved_up_or_down(name: str, field: FieldInfo) -> None:
    if isinstance(field.default, int | float):
        up, down = nudged(field, field.default, 1), nudged(field, field.default, -1)
        assert up > field.default or down < field.default
        assert down <= field.default <= up
        assert step_words(field)


def test_up_and_down_again_is_where_it_was() -> None:
    for cls, name, value in ((Adam, "lr", 0.003), (Dropout, "p", 0.3), (Training, "batch_size", 32)):
        field = field_of(cls, name)
        assert nudged(field, nudged(field, value, 3), -3) == pytest.approx(value, rel=1e-3)


@pytest.mark.parametrize(
    ("cls", "name", "value"), [(Training, "device", "cpu"), (Training, "threads", "auto")]
)
def test_what_is_no_number_is_refused_in_words(cls: Any, name: str, value: Any) -> None:
    with pytest.raises(NudgeError, match="Enter opens"):
        nudged(field_of(cls, name), value, 1)
