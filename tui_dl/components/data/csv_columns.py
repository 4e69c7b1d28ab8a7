"""Columns of text to numbers: what looks like numbers is one input, words become one input each."""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tui_dl.components.data.csv_table import Table, is_missing
from tui_dl.components.data.files import unusable
from tui_dl.spec.wording import shown

MOST_WORDS: Final = 100
"""A column of more different words is most likely a name or a text, not a category."""
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE)


def is_number(value: str) -> bool:
    """Whether a value is a number as CSV files write it."""
    return _NUMBER.fullmatch(value) is not None


def input_columns(table: Table, names: Sequence[str]) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Inputs (N, columns), NaN where a number is missing, and what each is.

    Raises:
        NotAvailable: for a column that can't be an input.
    """
    blocks: list[NDArray[np.float32]] = []
    labels: list[str] = []
    for name in names:
        values = table.columns[name]
        known = [value for value in values if not is_missing(value)]
        if not known:
            raise unusable(
                table.path, f"column {shown(name)} has no value at all; leave it out with data.ignore."
            )
        if all(map(is_number, known)):
            blocks.append(numbers(table, name)[:, None])
            labels.append(name)
        else:
            words, block = _words(table, name)
            blocks.append(block)
            labels += [f"{name}={word}" for word in words]
    return np.concatenate(blocks, axis=1), tuple(labels)


def numbers(table: Table, name: str) -> NDArray[np.float32]:
    """A column of numbers (N,), NaN where one is missing.

    Raises:
        NotAvailable: for a number that is not finite.
    """
    values = [float("nan") if is_missing(value) else float(value) for value in table.columns[name]]
    found = np.array(values, dtype=np.float64)
    too_large = np.flatnonzero(np.abs(found) > np.finfo(np.float32).max)
    if len(too_large):
        row = int(too_large[0])
        problem = f"line {table.lines[row]}, column {shown(name)}: {table.columns[name][row]} is not finite"
        raise unusable(table.path, f"{problem} or too large; leave the line out, or the value empty.")
    return found.astype(np.float32)


def _words(table: Table, name: str) -> tuple[list[str], NDArray[np.float32]]:
    """One-hot (N, words); what is missing is a word of its own, called missing."""
    values = ["missing" if is_missing(value) else value for value in table.columns[name]]
    words = sorted(set(values))
    if len(words) > MOST_WORDS:
        problem = f"column {shown(name)} has {len(words)} different words, each of which would be an input"
        raise unusable(table.path, f"{problem}; at most {MOST_WORDS} are. Leave it out with data.ignore.")
    places = {word: place for place, word in enumerate(words)}
    block = np.zeros((len(values), len(words)), dtype=np.float32)
    block[np.arange(len(values)), [places[value] for value in values]] = 1
    return words, block
