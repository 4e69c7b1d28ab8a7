"""What every component has in common: a frozen Struct with a name, whose fields describe themselves."""

from typing import Any, ClassVar, Literal

from msgspec import Meta, Struct


class Component(Struct, frozen=True, forbid_unknown_fields=True, tag_field="name"):
    """A part of an experiment that can be chosen by name and whose fields are its settings.

    The first line of a subclass's docstring is its summary in every list and form.
    """

    source: ClassVar[str] = ""
    """Where it comes from: a class of torch, or the paper."""

    @property
    def name(self) -> str:
        """What it is called in TOML, in lists and in messages."""
        return component_name(type(self))


def component_name(cls: type[Component]) -> str:
    """What a component's class is called in TOML, in lists and in messages."""
    return str(cls.__struct_config__.tag)


def number(
    help_text: str,
    *,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    unit: str = "",
    nudge: Literal["", "decay"] = "",
) -> Meta:
    """Describe a numeric field; it needs a finite upper bound, as ``gt=0`` alone lets infinity through.

    `nudge` tells by what a key moves it where its bounds don't: ``decay`` for a share that is kept, of which
    the distance to 1 is what matters.
    """
    assert le is not None or lt is not None, "a number needs a finite upper bound"
    assert ge is not None or gt is not None, "a number needs a finite lower bound"
    bounds: dict[str, Any] = {"ge": ge, "gt": gt, "le": le, "lt": lt}
    return Meta(**bounds, description=help_text, extra={"unit": unit, "nudge": nudge})


def described(
    help_text: str,
    *,
    pattern: str | None = None,
    max_length: int | None = None,
    examples: list[str] | None = None,
    ordered: bool = False,
) -> Meta:
    """Describe a field that is not a number; its examples are shown when its pattern fails.

    The components of a list that is `ordered` go by their place, and may be there more than once; those of
    any other go by their names.
    """
    extra = {"unit": "", "ordered": ordered}
    return Meta(description=help_text, pattern=pattern, max_length=max_length, examples=examples, extra=extra)
