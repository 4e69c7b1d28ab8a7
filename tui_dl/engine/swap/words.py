"""A change in words: for plans, receipts, labels and marks on plots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from tui_dl.spec.component import Component
from tui_dl.spec.schema import default_of, fields_of
from tui_dl.spec.wording import number_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_dl.spec.change import Edit


def words(edit: Edit) -> tuple[str, str, str]:
    """(path, old, new)."""
    return edit.path, _value(edit.old), _value(edit.new)


def label_of(edits: tuple[tuple[str, str, str], ...]) -> str:
    """All edits in one line."""
    return ", ".join(f"{path} {old} → {new}" for path, old, new in edits)


def plain_change(change: Mapping[str, Any]) -> dict[str, Any]:
    """The change as plain values of its own."""
    plain = msgspec.to_builtins(dict(change))
    assert isinstance(plain, dict)
    return plain


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, Component):
        return _component(value)
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, Struct):
        return type(value).__name__.lower()
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _component(component: Component) -> str:
    """Its name, with the fields that are not at their defaults; the rate of an optimizer always."""
    parts = []
    for name, field in fields_of(type(component)).items():
        value = getattr(component, field.name)
        if name == "lr" or value != default_of(field):
            parts.append(f"{name}={_value(value)}")
    return f"{component.name}({', '.join(parts)})" if parts else component.name
