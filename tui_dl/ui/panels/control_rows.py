"""What the control panel says: a row for each part of the experiment and, on request, for each setting."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, final

import msgspec

from tui_dl.spec.catalogue import FieldInfo, struct_fields
from tui_dl.spec.component import Component
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.schema import default_of, fields_of
from tui_dl.spec.training import Training
from tui_dl.spec.validate import needs_fresh_start
from tui_dl.ui.numerals import brief, bytes_held, count, rate
from tui_dl.ui.run_model import RunModel
from tui_dl.wire.receipt_label import receipt_label

_ALWAYS: Final = frozenset({"lr", "hidden"})
_INGREDIENTS: Final = ("data", "model", "loss", "optimizer", "schedule")


@final
@dataclass(frozen=True, slots=True)
class Row:
    """One line.

    Attributes:
        label: what it is called.
        value: its present value, in words.
        path: the place whose form Enter opens; None for a line that says something only.
        head: whether it begins a part.
        differs: whether the value is not the component's default.
        setting: the dotted path of the one setting that it shows; empty for a whole component.
        field: that setting's description; None as above.
    """

    label: str
    value: str
    path: str | None = None
    head: bool = False
    differs: bool = False
    setting: str = ""
    field: FieldInfo | None = None

    @property
    def can_be_nudged(self) -> bool:
        """Whether a key moves it while training goes on."""
        return self.field is not None and not needs_fresh_start(self.setting) and _is_movable(self.field)


def _is_movable(field: FieldInfo) -> bool:
    return field.type in ("int", "float", "bool", "choice")


def rows_of(model: RunModel, *, all_settings: bool = False) -> Iterator[Row]:
    """The rows for the present experiment; without `all_settings` those that tell something."""
    experiment = model.experiment
    if experiment is None:
        yield Row("experiment", "not known yet")
        return
    for name in _INGREDIENTS:
        yield from _component_rows(name, getattr(experiment, name), name, all_settings)
        if name == "model" and model.described is not None:
            yield Row("parameters", count(model.described.parameters))
            if all_settings and model.described.multiply_adds:
                yield Row("multiply-adds", f"{brief(model.described.multiply_adds)} a sample")
                yield Row("activations", f"{bytes_held(model.described.activation_bytes)} a batch")
        if name == "data" and model.described is not None:
            described = model.described
            samples = f"{count(described.train_samples)} / {count(described.validation_samples)}"
            yield Row("train / val", samples)
    yield from _regularizer_rows(experiment, all_settings)
    yield Row("run", _batch_words(experiment.training), "training", head=True)
    yield from _training_rows(model, experiment, all_settings)
    yield Row("seed", str(experiment.seed))
    if model.receipt is not None:
        label = receipt_label(model.receipt)
        yield Row("last change", f"undone: {label}" if model.is_undone else label, "receipts")


def _batch_words(training: Training) -> str:
    several = f" × {count(training.accumulate)}" if training.accumulate > 1 else ""
    return f"batch {count(training.batch_size)}{several}"


def _component_rows(label: str, component: Component, path: str, all_settings: bool) -> Iterator[Row]:
    yield Row(label, component.name, path, head=True)
    yield from _settings(component, path, path, all_settings)


def _settings(component: Component, path: str, place: str, all_settings: bool) -> Iterator[Row]:
    """The settings of a component at a dotted path, for the form at a place."""
    for field in struct_fields(type(component)):
        value = getattr(component, fields_of(type(component))[field.name].name)
        default = default_of(fields_of(type(component))[field.name])
        setting = f"{path}.{field.name}"
        if field.name == "activation" and (each := getattr(component, "activations", ())):
            yield Row(field.name, worded(each), setting, differs=True)
        elif isinstance(value, Component):
            yield Row(field.name, brief_component(value), setting, differs=value != default)
            if all_settings:
                yield from _settings(value, setting, setting, all_settings)
        elif all_settings or (value != default and field.name != "activations") or field.name in _ALWAYS:
            yield Row(
                field.name, worded(value), place, differs=value != default, setting=setting, field=field
            )


def _regularizer_rows(experiment: Experiment, all_settings: bool) -> Iterator[Row]:
    there = len(experiment.regularizers)
    yield Row("regularizers", "none" if not there else str(there), "regularizers", head=True)
    for component in experiment.regularizers:
        path = f"regularizers.{component.name}"
        # Which layers it belongs to is said where it isn't all of them.
        fields = [field for field in struct_fields(type(component)) if field.name != "layers"]
        if (len(fields) == 1 and not getattr(component, "layers", ())) or not all_settings:
            settings = [getattr(component, name) for name in component.__struct_fields__]
            values = " ".join(worded(value) for value in settings if value != ())
            first = fields[0] if fields else None
            setting = "" if first is None else f"{path}.{first.name}"
            yield Row(component.name, values, path, differs=True, setting=setting, field=first)
            continue
        yield Row(component.name, "", path, differs=True)
        yield from _settings(component, path, path, all_settings)


def _training_rows(model: RunModel, experiment: Experiment, all_settings: bool) -> Iterator[Row]:
    training = experiment.training
    shown = {"epochs": count(model.status.epochs or training.epochs), "pace": _pace(model)}
    for field in struct_fields(Training):
        value = getattr(training, field.name)
        if all_settings or field.name == "epochs":
            text = shown.get(field.name, worded(value))
            differs = all_settings and value != field.default
            yield Row(
                field.name, text, "training", differs=differs, setting=f"training.{field.name}", field=field
            )


def _pace(model: RunModel) -> str:
    pace = model.status.pace
    return f"{pace:g}/s" if pace else "flat out"


def brief_component(component: Component) -> str:
    """A component's name, and those of its fields that are not at their defaults."""
    values = [
        f"{name}={worded(getattr(component, field.name))}"
        for name, field in fields_of(type(component)).items()
        if getattr(component, field.name) != default_of(field)
    ]
    return " ".join([component.name, *values])


def worded(value: Any) -> str:
    """A field's value as a person would write it."""
    if isinstance(value, Component):
        return brief_component(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return rate(value)
    if isinstance(value, tuple):
        return _run_lengths(value) or "none"
    return "none" if value is None or value is msgspec.NODEFAULT else str(value)


def _run_lengths(values: tuple[Any, ...]) -> str:
    """64 64 64 as 3×64: eight equal layers fit a narrow panel."""
    words: list[str] = []
    start = 0
    for end in range(1, len(values) + 1):
        if end == len(values) or values[end] != values[start]:
            word = worded(values[start])
            words.append(word if end - start == 1 else f"{end - start}×{word}")
            start = end
    return " ".join(words)
