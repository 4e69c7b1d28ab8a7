"""The user's own table."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tui_dl.components.data.csv_columns import input_columns, is_number, numbers
from tui_dl.components.data.csv_table import Table, is_missing, read_table
from tui_dl.components.data.files import unusable
from tui_dl.components.data.samples import Samples, draw_samples
from tui_dl.components.data.targets import classes_of
from tui_dl.errors import SpecError
from tui_dl.spec import data as spec
from tui_dl.spec.wording import listing, shown, suggestion

LEAST_ROWS = 4


@draw_samples.register
def _(data: spec.Csv, rng: np.random.Generator) -> Samples:
    """Each row of the file is a sample."""
    table = read_table(Path(data.path), data.separator, header=data.header)
    target = _target(data, table)
    names = [name for name in table.columns if name != target and name not in data.ignore]
    if not names:
        raise unusable(
            table.path, f"there is no column beside the target {shown(target)}; is the separator another?"
        )
    table = _settle_missing(data, table, [*names, target], target)
    if len(table.lines) < LEAST_ROWS:
        raise unusable(table.path, f"has {len(table.lines)} samples; at least {LEAST_ROWS} are needed.")
    inputs, _ = input_columns(table, names)
    fill = data.missing if data.missing in ("mean", "median") and np.isnan(inputs).any() else ""
    if data.task == "regression":
        return Samples(inputs, _values(table, target), fill=fill)
    classes, class_names = classes_of(table.path, table.columns[target])
    return Samples(inputs, classes, class_names, fill=fill)


def _target(data: spec.Csv, table: Table) -> str:
    for key, wanted in (("data.target", data.target), *((("data.ignore"), name) for name in data.ignore)):
        if wanted and wanted not in table.columns:
            problem = f"{table.path} has no column {shown(wanted)}; there are {listing(table.columns)}."
            raise SpecError(problem + suggestion(wanted, table.columns), key=key)
    if data.target in data.ignore and data.target:
        raise SpecError(f"{shown(data.target)} can't be left out: it is the target.", key="data.ignore")
    return data.target or [name for name in table.columns if name not in data.ignore][-1]


def _settle_missing(data: spec.Csv, table: Table, names: list[str], target: str) -> Table:
    """Leave lines out, or refuse what is missing; numbers that are to be filled stay missing."""
    missing = {
        row: name for name in names for row, value in enumerate(table.columns[name]) if is_missing(value)
    }
    if data.missing == "drop":
        return table.rows([row for row in range(len(table.lines)) if row not in missing])
    for row in sorted(missing):
        line, name = table.lines[row], missing[row]
        if is_missing(table.columns[target][row]):
            problem = f"line {line} has no value in the target {shown(target)}"
            raise unusable(table.path, f'{problem}; set data.missing to "drop" to leave such lines out.')
        if data.missing == "refuse":
            problem = f"line {line} has no value in the column {shown(name)}"
            raise unusable(table.path, f'{problem}; set data.missing to "drop", "mean" or "median".')
    return table


def _values(table: Table, target: str) -> NDArray[np.float32]:
    for line, value in zip(table.lines, table.columns[target], strict=True):
        if not is_number(value):
            raise SpecError(
                f"line {line} of {table.path} has {shown(value)} in the target, which is no number; to "
                'predict a class, set this to "classification".',
                key="data.task",
            )
    return numbers(table, target)[:, None]
