"""Reads the project's documents: code by language, commands, tables, links, and paths named in the text."""

import re
from dataclasses import dataclass
from pathlib import Path

from tui_dl.ui.keys.table import KEYS

ROOT = Path(__file__).parents[1]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Document:
    """One Markdown file at the top of the project."""

    name: str

    @property
    def text(self) -> str:
        return (ROOT / self.name).read_text(encoding="utf-8")

    def code(self, language: str) -> list[str]:
        """The fenced blocks of a language."""
        return [body for kind, body in _FENCE.findall(self.text) if kind == language]

    def inline(self) -> list[str]:
        """What stands in backticks outside of blocks."""
        return _INLINE.findall(_FENCE.sub("", self.text))

    def shell_lines(self) -> list[str]:
        """The lines of shell blocks, and what stands in backticks and is a command."""
        lines = [line for block in self.code("sh") for line in block.splitlines() if line.strip()]
        return lines + [code for code in self.inline() if code.split()[0] in ("make", "tui-dl")]

    def links(self) -> list[str]:
        return _LINK.findall(_FENCE.sub("", self.text))

    def table(self, first_head: str) -> list[list[str]]:
        """The rows of the table whose first column has that head, cell by cell."""
        rows: list[list[str]] = []
        for line in self.text.splitlines():
            if not line.startswith("|"):
                if rows:
                    break
                continue
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            if rows or cells[0] == first_head:
                rows.append(cells)
        return rows[2:]


README = Document("README.md")
CONTRIBUTING = Document("CONTRIBUTING.md")
CHANGELOG = Document("CHANGELOG.md")


def key_table() -> list[list[str]]:
    """The table of keys as the README must have it: a row a group, in the order of the program's own."""
    groups: dict[str, dict[str, list[str]]] = {}
    for entry in KEYS:
        groups.setdefault(entry.group, {}).setdefault(entry.shown, []).append(entry.label)
    return [
        [group, " · ".join(f"`{shown}` {' / '.join(labels)}" for shown, labels in keys.items())]
        for group, keys in groups.items()
    ]
