"""The experiments that lie in the present folder as TOML files, for the picker."""

import re
from pathlib import Path
from typing import Final

from tui_dl.errors import SpecError, UsageError
from tui_dl.spec.files import read_text
from tui_dl.spec.preset import PresetSummary, load_preset, parse_toml

_MOST: Final = 100
_MOST_BYTES: Final = 256 * 1024
# Other programs' TOML has neither; a file that can't be read as TOML may still show what it was meant to be.
_LOOKS_LIKE_ONE: Final = re.compile(r"^\s*\[\s*(data|model)\s*\]|^\s*(data|model)(\.\w+)?\s*=", re.MULTILINE)


def own_files(folder: Path | None = None) -> tuple[PresetSummary, ...]:
    """What looks like an experiment there, by name; one with mistakes says so in its summary."""
    try:
        paths = sorted((folder or Path.cwd()).glob("*.toml"))
    except OSError:
        return ()
    found: list[PresetSummary] = []
    for path in paths:
        summary = _summary(path)
        if summary is not None:
            found.append(summary)
        if len(found) == _MOST:
            break
    return tuple(found)


def _summary(path: Path) -> PresetSummary | None:
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return None
        text = read_text(path)
    except (OSError, SpecError):
        return None
    if not _LOOKS_LIKE_ONE.search(text):
        return None
    try:
        tree = parse_toml(text, source=path.name)
    except SpecError as error:
        return PresetSummary(path.name, path.name, f"broken: {error}", str(path))
    if not {"data", "model"} <= tree.keys():
        return None
    try:
        load_preset(path)
    except (SpecError, UsageError) as error:
        return PresetSummary(path.name, path.name, f"broken: {error}", str(path))
    title, summary = (tree[key] if isinstance(tree.get(key), str) else "" for key in ("title", "summary"))
    return PresetSummary(path.name, title or path.name, summary, str(path))
