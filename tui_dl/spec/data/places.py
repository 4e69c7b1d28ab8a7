"""Where files of the user's lie: a relative path is seen from the file that it is written in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

PLACES: Final = ("path", "folder")
"""Fields of a data set that name a file or folder; empty where there is none."""


def anchored(tree: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The same experiment, as plain values, with its data's relative places seen from a folder.

    A run goes on wherever it is resumed from, so its own experiment has absolute ones. What is no text
    is left for validation to complain about.
    """
    data = tree.get("data")
    if not isinstance(data, Mapping):
        return dict(tree)
    moved = {
        name: _absolute(value, folder) if name in PLACES and isinstance(value, str) and value else value
        for name, value in data.items()
    }
    return {**tree, "data": moved}


def _absolute(place: str, folder: Path) -> str:
    path = Path(place)
    if place.startswith("~/"):
        path = Path.home() / place[2:]
    return str((folder / path).absolute())
