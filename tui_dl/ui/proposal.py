"""A change being written in a form: texts to values, values to a change, mistakes to their fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, final

from tui_dl.errors import SpecError
from tui_dl.spec.catalogue import FAMILIES, FieldInfo, component_class, struct_fields
from tui_dl.spec.change import apply_change
from tui_dl.spec.component import Component, component_name
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.lecture import OptimizerState
from tui_dl.spec.schedules import Warmup
from tui_dl.spec.training import Training
from tui_dl.spec.wording import number_text

_YES: Final = frozenset({"yes", "true", "on", "y", "1"})
_NO: Final = frozenset({"no", "false", "off", "n", "0"})
TITLES: Final = {
    "data": "Data",
    "model": "Model",
    "model.activation": "Activation",
    "model.init": "Initial weights",
    "loss": "Loss",
    "optimizer": "Optimizer",
    "schedule": "Schedule of the rate",
    "schedule.after": "After the warm-up",
    "regularizers": "Regularizers",
    "training": "Batches and length",
}
_FAMILIES: Final = {
    "data": "data",
    "model": "model",
    "model.activation": "activation",
    "model.init": "init",
    "loss": "loss",
    "optimizer": "optimizer",
    "schedule": "schedule",
    "schedule.after": "schedule",
    "regularizers": "regularizer",
}


@final
@dataclass(frozen=True, slots=True)
class Proposal:
    """A change, and how the optimizer's state should fare if it changes."""

    change: Mapping[str, Any]
    state: OptimizerState | None = None
    warmup_steps: int = 0


@final
@dataclass(frozen=True, slots=True)
class Verdict:
    """What validation says of a change: each field's problem by name, that of the whole under no name."""

    problems: Mapping[str, str]

    @property
    def is_good(self) -> bool:
        """Whether the change says something possible."""
        return not self.problems


def names_for(path: str) -> tuple[str, ...]:
    """The components that may stand at a place; none for `training`."""
    if path == "schedule.after":
        # Not the warm-up itself.
        return next(field.choices for field in struct_fields(Warmup) if field.name == "after")
    return tuple(component_name(cls) for cls in FAMILIES[_FAMILIES[path]]) if path in _FAMILIES else ()


def family_at(path: str) -> str:
    """The family of the components that may stand at a place."""
    return _FAMILIES[path]


def summary_of(path: str, name: str) -> str:
    """What a component says of itself in a line."""
    return (component_class(_FAMILIES[path], name).__doc__ or "").strip().partition("\n")[0]


def fields_at(path: str, name: str) -> tuple[FieldInfo, ...]:
    """The settings to fill in."""
    return struct_fields(component_class(_FAMILIES[path], name) if path in _FAMILIES else Training)


def present_at(experiment: Experiment, path: str) -> Any:
    """What stands at a place now."""
    value: Any = experiment
    for part in path.split("."):
        value = getattr(value, part)
    return value


def is_layerwise(experiment: Experiment, path: str) -> bool:
    """Whether the layers have activations one by one, so that none of them is the one for all."""
    return path == "model.activation" and bool(getattr(experiment.model, "activations", ()))


def texts_at(experiment: Experiment, path: str, name: str) -> dict[str, str]:
    """Each field as text: its present value where that component stands there, else its default."""
    present = present_at(experiment, path)
    if path == "regularizers":
        present = next((one for one in present if one.name == name), None)
    stands = not isinstance(present, Component | None) or (present is not None and present.name == name)
    return {
        field.name: to_text(getattr(present, field.name) if stands else field.default)
        for field in fields_at(path, name)
    }


def to_text(value: Any) -> str:
    """A value as one would type it."""
    if isinstance(value, Component):
        return value.name
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, tuple | list):
        return (", " if any(isinstance(one, str) for one in value) else " ").join(
            to_text(one) for one in value
        )
    if isinstance(value, Mapping):
        return str(value.get("name", ""))
    return "" if value is None else str(value)


def to_value(field: FieldInfo, text: str) -> Any:
    """What was typed, as the field's type wants it; what cannot be so stays text: validation names it."""
    text = text.strip()
    if field.type.startswith("list of ") and text not in field.choices:
        if field.type == "list of text":
            return [word.strip() for word in text.split(",") if word.strip()]
        words = text.replace(",", " ").strip("[]").split()
        return [_number(word, "int" if field.type.endswith("int") else "float") for word in words]
    if field.type == "bool":
        lowered = text.lower()
        return True if lowered in _YES else False if lowered in _NO else text
    return _number(text, field.type) if field.type in ("int", "float") else text


def _number(text: str, kind: str) -> Any:
    try:
        return int(text.replace("_", "")) if kind == "int" else float(text)
    except ValueError:
        return text


def change_to(experiment: Experiment, path: str, name: str, texts: Mapping[str, str]) -> dict[str, Any]:
    """The change that makes a place be what the form says; empty if it is so already."""
    before = texts_at(experiment, path, name)
    fields = {field.name: field for field in fields_at(path, name)}
    edited = {key: to_value(fields[key], text) for key, text in texts.items() if text.strip() != before[key]}
    if path not in _FAMILIES:
        return {f"{path}.{key}": value for key, value in edited.items()}
    if path == "regularizers":
        return _regularizer_change(experiment, name, edited)
    if present_at(experiment, path).name == name and not is_layerwise(experiment, path):
        change: dict[str, Any] = {}
        for key, value in edited.items():
            if fields[key].type == "list of component":
                change |= _placewise(f"{path}.{key}", before[key].split(), value)
            else:
                change[f"{path}.{key}"] = value
        return change
    return {path: {"name": name, **edited}}


def _placewise(path: str, before: list[str], names: list[str]) -> dict[str, Any]:
    """Only the places whose component is another one: of the others a name doesn't tell the settings."""
    if len(names) != len(before):
        return {path: names}
    return {
        f"{path}.{place}": name
        for place, (was, name) in enumerate(zip(before, names, strict=True))
        if was != name
    }


def _regularizer_change(experiment: Experiment, name: str, edited: dict[str, Any]) -> dict[str, Any]:
    if any(one.name == name for one in experiment.regularizers):
        return {f"regularizers.{name}.{key}": value for key, value in edited.items()}
    return {f"regularizers.{name}": edited or True}


def removal_of(name: str) -> dict[str, Any]:
    """The change that takes a regularizer away."""
    return {f"regularizers.{name}": False}


def verdict_on(experiment: Experiment, path: str, name: str, change: Mapping[str, Any]) -> Verdict:
    """Check a change and tell which field a mistake is of."""
    try:
        apply_change(experiment, change)
    except SpecError as error:
        tail = error.key.removeprefix(path).removeprefix(".")
        if path == "regularizers":
            tail = tail.removeprefix(name).removeprefix(".")
        field = tail.partition(".")[0].partition("[")[0]
        known = {one.name for one in fields_at(path, name)}
        return Verdict({field if field in known else "": error.problem})
    return Verdict({})
