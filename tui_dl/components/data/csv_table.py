"""A CSV file as columns of text, each value with the line that it stands in."""

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from tui_dl.components.data.files import reading, unusable
from tui_dl.spec.wording import printable, shown

SEPARATORS: Final = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
MISSING: Final = frozenset({"", "?", "na", "n/a", "nan", "null", "none"})
"""What stands for no value, in small letters."""


@final
@dataclass(frozen=True)
class Table:
    """All of a file.

    Attributes:
        path: the file.
        columns: each column's values, spaces around them taken off, by its name.
        lines: line of the file for each row, counted from 1.
    """

    path: Path
    columns: dict[str, list[str]]
    lines: list[int]

    def rows(self, chosen: list[int]) -> "Table":
        """Some of the rows."""
        columns = {name: [values[row] for row in chosen] for name, values in self.columns.items()}
        return Table(self.path, columns, [self.lines[row] for row in chosen])


def is_missing(value: str) -> bool:
    """Whether a value says that there is none."""
    return value.lower() in MISSING


def read_table(path: Path, separator: str, *, header: bool) -> Table:
    """Read a whole file.

    Args:
        path: of the file.
        separator: a key of `SEPARATORS`, or auto.
        header: whether the first line names the columns.

    Raises:
        NotAvailable: if it can't be read or is not a table.
    """
    with reading(path, "a CSV file"):
        content = path.read_bytes()
    if b"\0" in content:
        raise unusable(path, "is not a text file: it contains a NUL byte.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + content.count(b"\n", 0, error.start)
        raise unusable(path, f"is not UTF-8 text: line {line} is not valid; save it as UTF-8.") from None
    rows, lines = _rows(path, text, separator)
    if not rows:
        raise unusable(path, "is empty; a table needs a line for each sample.")
    names = _names(path, rows[0]) if header else [f"column {place}" for place in range(1, len(rows[0]) + 1)]
    first = 1 if header else 0
    for row, line in zip(rows[first:], lines[first:], strict=True):
        if len(row) != len(names):
            raise unusable(path, f"line {line} has {len(row)} values, not {len(names)} as the first one.")
    columns = {name: [row[place].strip() for row in rows[first:]] for place, name in enumerate(names)}
    return Table(path, columns, lines[first:])


def _rows(path: Path, text: str, separator: str) -> tuple[list[list[str]], list[int]]:
    """Every line that is not empty, with its number."""
    source = text.splitlines(keepends=True)
    reader = csv.reader(source, delimiter=_separator(source, separator), strict=True, skipinitialspace=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            if any(value.strip() for value in row):
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise unusable(path, f"line {reader.line_num} is broken: {error}.") from None
    return rows, lines


def _separator(source: list[str], wanted: str) -> str:
    if wanted != "auto":
        return SEPARATORS[wanted]
    first = next((line for line in source if line.strip()), "")
    outside = "".join(first.split('"')[::2])
    return max(SEPARATORS.values(), key=outside.count)


def _names(path: Path, row: list[str]) -> list[str]:
    names = [value.strip() or f"column {place}" for place, value in enumerate(row, start=1)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise unusable(path, f"two columns are called {shown(printable(twice[0]))}.")
    return names
