"""The table of keys as one user wants it: other keys for actions, and what is wrong with those."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, final

from textual.binding import Binding

from tui_dl.spec.wording import nearest, printable
from tui_dl.ui.hangul import with_jamo
from tui_dl.ui.keys.entry import KeyAction
from tui_dl.ui.keys.names import key_named, keys_of, nearest_key, shown_key
from tui_dl.ui.keys.table import KEYS

if TYPE_CHECKING:
    from tui_dl.ui.run_model import RunModel

_ALWAYS: Final = {"leave": ("ctrl+q", "ctrl+c")}
"""Keys that no wish takes away: the way out, whatever somebody's settings say."""


@final
@dataclass(frozen=True, slots=True)
class Keymap:
    """The entries in the table's order, with this user's keys; `problems` are in words, for a notice."""

    entries: tuple[KeyAction, ...] = KEYS
    problems: tuple[str, ...] = ()

    def available(self, model: "RunModel", view: str = "") -> Iterator[KeyAction]:
        """What can be done now."""
        return (entry for entry in self.entries if entry.can(model, view))

    def entry(self, entry_id: str) -> KeyAction:
        """The entry of an id. Raises KeyError if there is none."""
        for entry in self.entries:
            if entry.id == entry_id:
                return entry
        raise KeyError(entry_id)

    def shown(self, entry_id: str) -> str:
        """How the first key of an action is written."""
        return self.entry(entry_id).shown

    def shown_for(self, action: str) -> str:
        """The same, by the action with its arguments; empty if no key leads to it."""
        return next((entry.shown for entry in self.entries if entry.action == action), "")

    def is_key_of(self, entry_id: str, key: str) -> bool:
        """Whether a key leads to an action."""
        return key in with_jamo(self.entry(entry_id).keys).split(",")

    def bindings(self) -> list[Binding]:
        """One binding for each key, the jamo of the same physical key included."""
        made: dict[tuple[str, str], Binding] = {}
        for entry in self.entries:
            for key in with_jamo(entry.keys).split(","):
                made.setdefault(
                    (key, entry.action),
                    Binding(key, entry.action, entry.label, show=False, id=f"{entry.id}.{key}"),
                )
        return list(made.values())


DEFAULT_KEYMAP = Keymap()


def keymap_for(wanted: Mapping[str, str]) -> Keymap:
    """The table with other keys for some actions.

    Args:
        wanted: an action's id to its keys, separated by commas. What can't be is said in `problems`; the
            table's keys stay there. Entries that share action and keys (run and pause) move together.
    """
    return _keymap(tuple(sorted(wanted.items())))


@lru_cache(maxsize=8)
def _keymap(wanted: tuple[tuple[str, str], ...]) -> Keymap:
    if not wanted:
        return DEFAULT_KEYMAP
    problems: list[str] = []
    defaults = {entry.id: entry for entry in KEYS}
    moved: dict[str, list[str]] = {}
    for entry_id, text in wanted:
        if entry_id not in defaults:
            near = nearest(entry_id, defaults)
            hint = f"; did you mean {near}?" if near else ""
            problems.append(f"keys: there is no action {printable(entry_id)}{hint}")
            continue
        keys = _read_keys(entry_id, text, problems)
        for twin in twins(entry_id) if keys else ():
            if twin == entry_id or twin not in dict(wanted):
                moved[twin] = keys
    moved = _without_conflicts(moved, problems)
    entries = [
        replace(one, keys=",".join(moved[one.id]), shown=shown_key(moved[one.id][0]))
        if one.id in moved
        else one
        for one in KEYS
    ]
    return Keymap(tuple(entries), tuple(dict.fromkeys(problems)))


def _read_keys(entry_id: str, text: str, problems: list[str]) -> list[str]:
    keys: list[str] = []
    for written in keys_of(text):
        key = key_named(written)
        if key is None:
            near = nearest_key(written)
            hint = f"; did you mean {near}?" if near else ""
            problems.append(f"keys.{entry_id}: there is no key {printable(written)}{hint}")
        else:
            keys.append(key)
    keys += _ALWAYS.get(entry_id, ()) if keys else ()
    if not keys:
        problems.append(f"keys.{entry_id}: no key is left; {_default_words(entry_id)}")
    return list(dict.fromkeys(keys))


def twins(entry_id: str) -> list[str]:
    """The ids of the entries that share action and keys with one, itself included."""
    entry = next(one for one in KEYS if one.id == entry_id)
    return [one.id for one in KEYS if one.action == entry.action and one.keys == entry.keys]


def _without_conflicts(moved: dict[str, list[str]], problems: list[str]) -> dict[str, list[str]]:
    """Those wishes that can all hold at once; the later of two that want one key goes back to the table."""
    moved = dict(moved)
    while (conflict := _conflict(moved)) is not None:
        key, loser, owner = conflict
        problems.append(
            f"keys.{loser}: {shown_key(key)} is the key of {owner} already; {_default_words(loser)}"
        )
        keys = moved[loser]
        for twin in twins(loser):
            if moved.get(twin) == keys:
                del moved[twin]
    return moved


def _conflict(moved: Mapping[str, Sequence[str]]) -> tuple[str, str, str] | None:
    owners: dict[str, list[KeyAction]] = {}
    # Those that stay where they are come first: whoever moves onto them is the one to go back.
    for entry in sorted(KEYS, key=lambda one: one.id in moved):
        for key in moved.get(entry.id, entry.keys.split(",")):
            for other in owners.setdefault(key, []):
                if other.action != entry.action and _meet(entry, other) and entry.id in moved:
                    return key, entry.id, other.id
            owners[key].append(entry)
    return None


def _meet(one: KeyAction, other: KeyAction) -> bool:
    """Whether two entries can be meant at once: not if they belong to different views."""
    return not one.views or not other.views or bool(set(one.views) & set(other.views))


def _default_words(entry_id: str) -> str:
    return f"it stays {next(entry.shown for entry in KEYS if entry.id == entry_id)}"
