"""Names of keys: which there are, how they are written for people, and what somebody may have meant."""

from functools import cache
from typing import Final

from textual.keys import KEY_NAME_REPLACEMENTS, Keys, _character_to_key

from tui_dl.spec.wording import nearest

_MODIFIERS: Final = ("ctrl", "alt", "shift", "super", "meta", "hyper")
_SHOWN: Final = {
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "escape": "Esc",
    "enter": "Enter",
    "delete": "Del",
    "backspace": "Bksp",
    "home": "Home",
    "end": "End",
    "insert": "Ins",
}
_OTHER_NAMES: Final = {
    "esc": "escape",
    "return": "enter",
    "pgdn": "pagedown",
    "pgup": "pageup",
    "page_down": "pagedown",
    "page_up": "pageup",
    "del": "delete",
    "bksp": "backspace",
    "spacebar": "space",
    "control": "ctrl",
    "period": "full_stop",
    "dot": "full_stop",
    "question": "question_mark",
}


@cache
def known_names() -> frozenset[str]:
    """All keys without modifiers: what a terminal may send, and each printable ASCII character."""
    special = {key.value for key in Keys if "+" not in key.value and not key.value.startswith("<")}
    return frozenset(special | {_character_to_key(chr(code)) for code in range(0x20, 0x7F)})


def key_named(text: str) -> str | None:
    """A key as Textual names it, from that name, a person's name for it, or its character; else None."""
    if len(text) == 1:
        name = _character_to_key(text)
        return name if name in known_names() or text.isalnum() else None
    *modifiers, base = text.lower().split("+")
    modifiers = [_OTHER_NAMES.get(modifier, modifier) for modifier in modifiers]
    base = _OTHER_NAMES.get(base, KEY_NAME_REPLACEMENTS.get(base, base))
    if base not in known_names() or any(modifier not in _MODIFIERS for modifier in modifiers):
        return None
    return "+".join([*sorted(set(modifiers)), base])


def nearest_key(text: str) -> str | None:
    """The key that somebody who wrote this most likely meant."""
    prefix, plus, base = text.lower().rpartition("+")
    found = nearest(base, known_names() | set(_OTHER_NAMES))
    if found is None:
        return None
    return key_named(f"{prefix}{plus}{found}") or _OTHER_NAMES.get(found, found)


def shown_key(key: str) -> str:
    """How a key is written for people."""
    *modifiers, base = key.split("+")
    return "+".join([*modifiers, _SHOWN.get(base) or _characters().get(base, base)])


@cache
def _characters() -> dict[str, str]:
    return {_character_to_key(chr(code)): chr(code) for code in range(0x21, 0x7F)}


def keys_of(text: str) -> list[str]:
    """The keys in a comma-separated list, as they were written; a comma among them may stand for itself."""
    if text.strip() == ",":
        return [","]
    return [one.strip() for one in text.split(",") if one.strip()]
