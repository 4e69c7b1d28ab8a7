"""What to say of a key that does not exist: what there is, what was meant, where it belongs."""

import msgspec
from msgspec import inspect

from tui_dl.spec.catalogue import siblings
from tui_dl.spec.component import Component, component_name
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.schema import choices_of, fields_of, list_choices_of, plain
from tui_dl.spec.training import Training
from tui_dl.spec.wording import listing, shown, suggestion


def unknown_key(cls: type[msgspec.Struct], name: str) -> str:
    """What to say of a key that a table does not have."""
    fields = fields_of(cls)
    if not issubclass(cls, Component):
        home = home_of(name) if cls in (Experiment, Training) else None
        meant = suggestion(name, fields) if home is None else f" Did you mean {shown(home)}?"
        return f"no such key; there are {', '.join(fields)}.{meant}"
    there = f"there are {', '.join(fields)}" if fields else "it has no settings"
    near = suggestion(name, fields)
    owners = [] if near else [each for each, other in siblings(cls).items() if name in fields_of(other)]
    elsewhere = f" {listing(owners)} {'has' if len(owners) == 1 else 'have'} it." if owners else ""
    return f"{component_name(cls)} has no such setting; {there}.{near}{elsewhere}"


def home_of(name: str) -> str | None:
    """The dotted path of a setting that was written without its section."""
    for section, field in fields_of(Experiment).items():
        bare = plain(field.type)
        choices = choices_of(bare)
        if choices is not None and any(name in fields_of(cls) for cls in choices.values()):
            return f"{section}.{name}"
        if isinstance(bare, inspect.StructType) and name in fields_of(bare.cls):
            return f"{section}.{name}"
        for component, cls in (list_choices_of(bare) or {}).items():
            if name in (component, *fields_of(cls)):
                return f"{section}.{component}" if name == component else f"{section}.{component}.{name}"
    return None
