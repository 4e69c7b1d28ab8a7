"""The user's own table: types, words, missing values, and one message for whatever is wrong with it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tui_dl.components.data import load_data
from tui_dl.components.data.csv_columns import input_columns
from tui_dl.components.data.csv_table import read_table
from tui_dl.errors import NotAvailable, SpecError, TuiDlError
from tui_dl.spec.data import Csv

FLOWERS = """id,length,colour,wet,species
1,1.5,red,yes,rose
2,2.5,blue,no,rose
3,3e0,red,no,tulip
4,-4,white,yes,tulip
5,5,red,yes,rose
"""


def _file(folder: Path, text: str | bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def _csv(folder: Path, text: str | bytes, **settings: Any) -> Csv:
    return Csv(path=str(_file(folder, text)), **{"normalise": "none", **settings})


def test_numbers_are_inputs_and_words_become_one_each(tmp_path: Path) -> None:
    table = read_table(_file(tmp_path, FLOWERS), "auto", header=True)
    inputs, names = input_columns(table, ["length", "colour", "wet"])
    assert names == ("length", "colour=blue", "colour=red", "colour=white", "wet=no", "wet=yes")
    assert inputs.dtype == np.float32
    assert inputs.tolist() == [
        [1.5, 0, 1, 0, 0, 1],
        [2.5, 1, 0, 0, 1, 0],
        [3.0, 0, 1, 0, 1, 0],
        [-4.0, 0, 0, 1, 0, 1],
        [5.0, 0, 1, 0, 0, 1],
    ]


def test_a_table_is_split_into_classes(tmp_path: Path) -> None:
    splits = load_data(_csv(tmp_path, FLOWERS, ignore=("id",)), 0)
    assert (splits.task, splits.class_names, splits.input_shape) == (
        "classification",
        ("rose", "tulip"),
        (6,),
    )
    assert (len(splits.train), len(splits.validation)) == (4, 1)


def test_a_number_is_predicted_where_it_is_told(tmp_path: Path) -> None:
    data = _csv(tmp_path, FLOWERS, target="length", task="regression", validation_share=0.4)
    splits = load_data(data, 0)
    assert (splits.outputs, splits.class_names) == (1, ())
    values = [*splits.train.targets[:, 0].tolist(), *splits.validation.targets[:, 0].tolist()]
    assert sorted(values) == [-4.0, 1.5, 2.5, 3.0, 5.0]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_any_usual_dialect(tmp_path: Path, separator: str, end: str) -> None:
    text = '\ufeff"a, b";c\n1;x\n"2";y\n\n3;"x"\n4;y\n'.replace(";", separator).replace("\n", end)
    table = read_table(_file(tmp_path, text), "auto", header=True)
    assert table.columns == {"a, b": ["1", "2", "3", "4"], "c": ["x", "y", "x", "y"]}
    assert table.lines == [2, 3, 5, 6]


def test_without_a_header_columns_go_by_their_number(tmp_path: Path) -> None:
    splits = load_data(_csv(tmp_path, "1,2,a\n3,4,b\n5,6,a\n7,8,b\n", header=False), 0)
    assert (splits.input_shape, splits.class_names) == ((2,), ("a", "b"))


def test_classes_that_are_numbers_are_in_their_order(tmp_path: Path) -> None:
    rows = "".join(f"{x},{x % 3 * 5}\n" for x in range(12))
    assert load_data(_csv(tmp_path, "x,y\n" + rows), 0).class_names == ("0", "5", "10")


HOLES = "x,w,y\n1,a,0\n,a,1\n3,,0\n5,b,1\n7,b,0\nNA,a,1\n9,b,0\n11,a,1\n"


def test_missing_values_are_filled_from_train_alone(tmp_path: Path) -> None:
    for seed in range(6):
        for how, middle in (("mean", np.mean), ("median", np.median)):
            path = _file(tmp_path, HOLES)
            splits = load_data(Csv(path=str(path), missing=how, normalise="none"), seed)  # type: ignore[arg-type]
            assert splits.input_shape == (4,)
            train = splits.train.inputs[:, 0].numpy()
            both = np.concatenate([train, splits.validation.inputs[:, 0].numpy()])
            known = [value for value in train if value in (1, 3, 5, 7, 9, 11)]
            filled = [value for value in both if value not in (1, 3, 5, 7, 9, 11)]
            assert filled == pytest.approx([middle(known)] * len(filled))
            assert np.isfinite(both).all()
            assert (splits.train.inputs[:, 1:].sum(1) == 1).all()


def test_lines_with_holes_are_left_out_on_request(tmp_path: Path) -> None:
    splits = load_data(_csv(tmp_path, HOLES, missing="drop"), 0)
    both = [*splits.train.inputs[:, 0].tolist(), *splits.validation.inputs[:, 0].tolist()]
    assert sorted(both) == [1, 5, 7, 9, 11]


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("content", "settings", "kind", "message"),
    [
        ("", {}, NotAvailable, "is empty; a table needs a line for each sample."),
        (b"\x1f\x8b\x00\x01", {}, NotAvailable, "is not a text file: it contains a NUL byte."),
        ("a,b\n1,ä\n".encode("latin-1"), {}, NotAvailable, "is not UTF-8 text: line 2 is not valid"),
        ("a,b\n1,2\n3,4,5\n", {}, NotAvailable, "line 3 has 3 values, not 2 as the first one."),
        ('a,b\n1,"2\n3,4\n', {}, NotAvailable, "line 3 is broken: unexpected end of data."),
        ("a,a\n1,2\n", {}, NotAvailable, 'two columns are called "a".'),
        (
            "y\n1\n2\n",
            {},
            NotAvailable,
            'there is no column beside the target "y"; is the separator another?',
        ),
        ("x,y\n1,a\n2,b\n", {}, NotAvailable, "has 2 samples; at least 4 are needed."),
        (HOLES, {}, NotAvailable, 'line 3 has no value in the column "x"; set data.missing to "drop"'),
        (
            "x,y\n1,a\n2,\n3,b\n4,a\n",
            {"missing": "mean"},
            NotAvailable,
            'line 3 has no value in the target "y"; set data.missing to "drop" to leave such lines out.',
        ),
        (
            _lines("x,z,y", *(f",{n},{n % 2}" for n in range(5))),
            {"missing": "mean"},
            NotAvailable,
            'column "x" has no value at all; leave it out with data.ignore.',
        ),
        (
            _lines("x,y", *(f"name {n},{n % 2}" for n in range(101))),
            {},
            NotAvailable,
            'column "x" has 101 different words, each of which would be an input; at most 100 are.',
        ),
        (
            "x,y\n1,a\n1e300,b\n3,a\n4,b\n",
            {},
            NotAvailable,
            'line 3, column "x": 1e300 is not finite or too large',
        ),
        ("x,y\n1,a\ninf,b\n3,a\n4,b\n", {}, NotAvailable, 'line 3, column "x": inf is not finite'),
        (
            "x,y\n1,a\n2,a\n3,a\n4,a\n",
            {},
            NotAvailable,
            "all 4 samples are of one class, a; there must be two.",
        ),
        (FLOWERS, {"target": "specis"}, SpecError, 'data.target: .* has no column "specis".*mean "species"'),
        (FLOWERS, {"ignore": ("idd",)}, SpecError, 'data.ignore: .* has no column "idd"'),
        (
            FLOWERS,
            {"target": "id", "ignore": ("id",)},
            SpecError,
            'data.ignore: "id" can\'t be left out: it is the target.',
        ),
        (
            FLOWERS,
            {"task": "regression"},
            SpecError,
            'data.task: line 2 of .* has "rose" in the target, which is no number; .*"classification"',
        ),
        (
            _lines("x,y", *(f"{n},{n / 7}" for n in range(40))),
            {},
            SpecError,
            'data.task: the target has 40 different values in 40 samples; .*"regression"',
        ),
        (
            FLOWERS,
            {"class_weights": (1.0,)},
            SpecError,
            "data.class_weights: must be one weight for each of the 2",
        ),
        (FLOWERS, {"subset": 5}, SpecError, "data.subset: 5 is more than the 4 training samples"),
    ],
)
def test_whatever_is_wrong_is_one_message(
    tmp_path: Path, content: str | bytes, settings: dict[str, Any], kind: type[TuiDlError], message: str
) -> None:
    with pytest.raises(kind, match=message) as caught:
        load_data(_csv(tmp_path, content, **settings), 0)
    assert "\n" not in str(caught.value)
    if kind is NotAvailable:
        assert str(caught.value).startswith(f"{tmp_path}/table.csv: ")


def test_a_file_that_is_not_there_or_is_something_else(tmp_path: Path) -> None:
    with pytest.raises(NotAvailable, match=r"none\.csv: there is no such file\.") as caught:
        load_data(Csv(path=str(tmp_path / "none.csv")), 0)
    assert caught.value.exit_code == 3
    with pytest.raises(NotAvailable, match="is a folder, not a CSV file"):
        load_data(Csv(path=str(tmp_path)), 0)
