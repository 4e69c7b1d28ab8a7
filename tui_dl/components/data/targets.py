"""Targets that a user brought: labels of any kind to classes, or numbers to values."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tui_dl.components.data.csv_columns import is_number
from tui_dl.components.data.files import unusable
from tui_dl.errors import SpecError

MOST_CLASSES: Final = 1000


def classes_of(path: Path, labels: Sequence[str]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Classes (N,) and their names: in the order of the numbers if all are, else of the alphabet.

    Raises:
        NotAvailable: if all are alike.
        SpecError: if they are numbers to be predicted rather than classes.
    """
    found = set(labels)
    by_number = all(map(is_number, found))
    names = sorted(found, key=float) if by_number else sorted(found)
    if len(names) < 2:
        raise unusable(path, f"all {len(labels)} samples are of one class, {names[0]}; there must be two.")
    if len(names) > MOST_CLASSES or (by_number and len(labels) > 20 and len(names) > len(labels) // 2):
        raise SpecError(
            f"the target has {len(names)} different values in {len(labels)} samples; to predict a number, "
            'set this to "regression".',
            key="data.task",
        )
    places = {name: place for place, name in enumerate(names)}
    return np.array([places[label] for label in labels], dtype=np.int64), tuple(names)
