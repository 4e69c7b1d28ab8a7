"""A change as data: what is applied to an experiment, and what is different afterwards."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct, structs

from tui_dl.errors import SpecError
from tui_dl.spec.component import Component
from tui_dl.spec.contradictions import refuse_contradictions
from tui_dl.spec.decode import decode
from tui_dl.spec.experiment import Experiment
from tui_dl.spec.merge import Change, merge, to_tree
from tui_dl.spec.models import Model
from tui_dl.spec.schema import fields_of, list_choices_of
from tui_dl.spec.wording import listing, shown, suggestion

__all__ = ["Change", "Edit", "apply_change", "edits", "for_variant", "ingredient_of"]


class Edit(Struct, frozen=True):
    """One place at which two experiments differ.

    Attributes:
        path: dotted path; of a component if another one stands there, else of its field.
        old: the former value or component; None if there was none.
        new: the present one; None if it was taken away.
    """

    path: str
    old: Any
    new: Any


def apply_change(experiment: Experiment, change: Change, *, source: str = "change") -> Experiment:
    """The experiment with a change laid over it, every part checked.

    The lecture (scenes, scripts still to come, expectations) is not checked against the changed experiment: a
    running experiment may well leave what was planned for it.

    Raises:
        SpecError: if the change says something impossible; its key is the path within the change.
    """
    try:
        changed = decode(merge(to_tree(experiment), change))
        refuse_contradictions(changed)
    except SpecError as error:
        raise error.located(source) from None
    return changed


def edits(old: Experiment, new: Experiment) -> tuple[Edit, ...]:
    """Every difference between two experiments, in the order of their fields.

    A component whose name differs is one edit at its path; else each differing field is one. Regularizers
    go by their names: `regularizers.l2` came or went, `regularizers.l2.strength` differs.
    """
    return tuple(_struct_edits(old, new, ""))


def _struct_edits(old: Struct, new: Struct, path: str) -> Iterator[Edit]:
    for name, field in fields_of(type(old)).items():
        before, after = getattr(old, field.name), getattr(new, field.name)
        place = f"{path}.{name}" if path else name
        if isinstance(old, Model) and name in ("activation", "activations"):
            assert isinstance(new, Model)
            yield from _activation_edits(old, new, path) if name == "activation" else ()
        elif list_choices_of(field.type) is not None:
            yield from _named_edits(before, after, place)
        else:
            yield from _value_edits(before, after, place)


def _value_edits(before: Any, after: Any, place: str) -> Iterator[Edit]:
    same_struct = isinstance(before, Struct) and type(before) is type(after)
    if same_struct and "translations" not in before.__struct_fields__:
        yield from _struct_edits(before, after, place)
    elif before != after:
        yield Edit(place, before, after)


def _activation_edits(old: Model, new: Model, path: str) -> Iterator[Edit]:
    """One for all at `activation`, else place by place: how it is written makes no difference."""
    before, after = old.each_activation, new.each_activation
    single, every = f"{path}.activation", f"{path}.activations"
    if not getattr(new, "activations", ()):
        present = getattr(old, "activation", None) if not getattr(old, "activations", ()) else before
        if isinstance(present, tuple) and before != after:
            yield Edit(single, before, getattr(new, "activation", None))
        elif not isinstance(present, tuple):
            yield from _value_edits(present, getattr(new, "activation", None), single)
    elif len(before) == len(after):
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _value_edits(one, other, f"{every}.{place}")
    else:
        yield Edit(every, before, after)


def _named_edits(before: tuple[Component, ...], after: tuple[Component, ...], place: str) -> Iterator[Edit]:
    old = {component.name: component for component in before}
    new = {component.name: component for component in after}
    for name in (*old, *(name for name in new if name not in old)):
        yield from _value_edits(old.get(name), new.get(name), f"{place}.{name}")


def for_variant(experiment: Experiment, name: str) -> Experiment:
    """What a variant trains: the base with the variant's changes, without scenes, variants and expectations.

    Raises:
        SpecError: if no variant is called so, or it says something impossible.
    """
    by_name = {variant.name: variant for variant in experiment.variants}
    if name not in by_name:
        there = f"there are {', '.join(map(shown, by_name))}" if by_name else "there is none"
        raise SpecError(
            f"no variant is called {shown(name)}; {there}.{suggestion(name, by_name)}", key="variant"
        )
    variant = by_name[name]
    changed = apply_change(experiment, variant.set, source=f"variant {shown(name)}")
    words = {
        language: structs.replace(translation, scenes={})
        for language, translation in changed.lecture.translations.items()
    }
    return structs.replace(
        changed,
        lecture=structs.replace(changed.lecture, translations=words),
        scenes=(),
        scripts=changed.scripts if variant.script else (),
        variants=(),
        expectations=(),
    )


def ingredient_of(path: str) -> str:
    """The top-level part that a path lies in: data, model, loss, optimizer, regularizers and so on.

    Raises:
        SpecError: if the path lies in none.
    """
    head = path.split(".", 1)[0].split("[", 1)[0]
    fields = fields_of(Experiment)
    if head not in fields:
        raise SpecError(f"no such key; there are {listing(fields)}.{suggestion(head, fields)}", key=path)
    return head


def revalidated(experiment: Experiment, *, source: str = "experiment") -> Experiment:
    """The same experiment, checked: the constructors of Structs don't check what they are given.

    Raises:
        SpecError: if a part is not well formed or parts contradict each other.
    """
    try:
        return apply_change(experiment, {}, source=source)
    except (TypeError, AttributeError, msgspec.ValidationError) as error:
        raise SpecError(f"is not a well-formed experiment: {error}", source=source) from None
