"""What to say of a key that does not exist: what there is, what was meant, where it belongs."""

from collections.abc import Mapping
from functools import cache

import msgspec
from msgspec import inspect

from tui_dl.spec.catalogue import siblings
from tui_dl.spec.component import Component, component_name
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.schema import choices_of, fields_of, list_choices_of, plain
from tui_dl.spec.training import Training
from tui_dl.spec.wording import listing, nearest, shown, suggestion


def unknown_key(cls: type[msgspec.Struct], name: str) -> str:
    """What to say of a key that a table does not have."""
    fields = fields_of(cls)
    if not issubclass(cls, Component):
        homes = homes_of_settings() if cls in (Experiment, Training) else {}
        found = name if name in homes else None if nearest(name, fields) else nearest(name, homes)
        meant = suggestion(name, fields) if found is None else f" Did you mean {shown(homes[found])}?"
        return f"no such key; there are {', '.join(fields)}.{meant}"
    kind = "is" if len(fields) == 1 else "are"
    there = f"there {kind} {', '.join(fields)}" if fields else "it has no settings"
    near = suggestion(name, fields)
    owners = [] if near else [each for each, other in siblings(cls).items() if name in fields_of(other)]
    elsewhere = f" {listing(owners)} {'has' if len(owners) == 1 else 'have'} it." if owners else ""
    return f"{component_name(cls)} has no such setting; {there}.{near}{elsewhere}"


@cache
def homes_of_settings() -> Mapping[str, str]:
    """The dotted path of each setting by its last part, for those that were written without their section."""
    homes: dict[str, str] = {}
    for section, field in fields_of(Experiment).items():
        bare = plain(field.type)
        classes: list[type[msgspec.Struct]] = list((choices_of(bare) or {}).values())
        if isinstance(bare, inspect.StructType) and not classes:
            classes = [bare.cls]
        paths = {name: f"{section}.{name}" for cls in classes for name in fields_of(cls)}
        for component, cls in (list_choices_of(bare) or {}).items():
            paths |= {component: f"{section}.{component}"}
            paths |= {name: f"{section}.{component}.{name}" for name in fields_of(cls) if name not in paths}
        homes = {**paths, **homes}
    return homes
