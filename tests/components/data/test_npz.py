"""The user's own arrays."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tui_dl.components.data import load_data
from tui_dl.errors import NotAvailable, SpecError, TuiDlError
from tui_dl.spec.data import Npz

X = np.arange(24, dtype=np.float64).reshape(8, 3)
Y = np.array([0, 1] * 4)


def _npz(folder: Path, arrays: dict[str, Any], **settings: Any) -> Npz:
    path = folder / "arrays.npz"
    np.savez(path, **arrays)
    return Npz(path=str(path), **{"normalise": "none", **settings})


def test_rows_are_samples(tmp_path: Path) -> None:
    splits = load_data(_npz(tmp_path, {"x": X, "y": Y}, validation_share=0.25), 0)
    assert (splits.input_shape, splits.class_names, splits.test) == ((3,), ("0", "1"), None)
    both = torch.cat([splits.train.inputs, splits.validation.inputs])
    assert sorted(both.tolist()) == X.tolist()
    assert torch.equal(splits.train.inputs[:, 0] / 3 % 2, splits.train.targets.float())


def test_its_own_test_split_is_used(tmp_path: Path) -> None:
    arrays = {"x_train": X, "y_train": Y.astype(float), "x_test": X[:2] + 100, "y_test": Y[:2]}
    data = _npz(tmp_path, arrays, inputs="x_train", targets="y_train", test_share=0.5)
    splits = load_data(data, 0)
    assert splits.test is not None
    assert splits.test.inputs.tolist() == (X[:2] + 100).tolist()
    assert splits.test.targets.tolist() == [0, 1]
    assert len(splits.train) + len(splits.validation) == 8


def test_texts_are_classes_and_numbers_are_values(tmp_path: Path) -> None:
    texts = np.array(["no", "yes"] * 4)
    assert load_data(_npz(tmp_path, {"x": X, "y": texts}), 0).class_names == ("no", "yes")
    values = load_data(_npz(tmp_path, {"x": X, "y": X[:, 0]}, task="regression"), 0)
    assert (values.outputs, values.train.targets.dtype) == (1, torch.float32)
    assert torch.equal(values.train.targets[:, 0], values.train.inputs[:, 0])


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((8, 5, 4), (5, 4)), ((8, 5, 4, 3), (3, 5, 4)), ((8, 3, 5, 4), (3, 5, 4)), ((8, 5, 4, 1), (1, 5, 4))],
)
def test_pictures_have_their_channels_first_and_are_scaled_whole(
    tmp_path: Path, shape: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    splits = load_data(_npz(tmp_path, {"x": pixels, "y": Y}, normalise="standard"), 0)
    assert splits.input_shape == expected
    axes = (0, 2, 3) if len(expected) == 3 else (0, 1, 2)
    mean, deviation = splits.train.inputs.mean(axes), splits.train.inputs.std(axes, correction=0)
    torch.testing.assert_close(mean, torch.zeros_like(mean), rtol=0, atol=1e-5)
    torch.testing.assert_close(deviation, torch.ones_like(deviation), rtol=1e-4, atol=0)


def _with(row: int, value: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    spoilt = X.copy()
    spoilt[row, 1] = value
    return spoilt


@pytest.mark.parametrize(
    ("arrays", "settings", "kind", "message"),
    [
        ({"y": Y}, {}, SpecError, 'data.inputs: .* has no array "x"; there are y.'),
        ({"x": X}, {}, SpecError, 'data.targets: .* has no array "y"; there are x.'),
        ({"x": X, "y": Y[:5]}, {}, NotAvailable, "x has 8 samples, y has 5."),
        ({"x": X[:3], "y": Y[:3]}, {}, NotAvailable, "has 3 samples; at least 4 are needed."),
        ({"x": X[:, 0], "y": Y}, {}, NotAvailable, "x has one dimension; a row for each sample"),
        ({"x": X[:0], "y": Y[:0]}, {}, NotAvailable, "x is empty"),
        (
            {"x": _with(2, np.nan), "y": Y},
            {},
            NotAvailable,
            "x has 1 values that are NaN, infinite or too large, the first in row 2.",
        ),
        ({"x": X * np.nan, "y": Y}, {}, NotAvailable, "x has 24 values that are NaN"),
        (
            {"x": _with(7, 1e300), "y": Y},
            {},
            NotAvailable,
            "x has 1 values that are NaN, infinite or too large",
        ),
        ({"x": X.astype(complex), "y": Y}, {}, NotAvailable, "x holds complex128, not numbers."),
        ({"x": X.astype(object), "y": Y}, {}, NotAvailable, "holds Python objects, which could run anything"),
        ({"x": X, "y": X}, {}, NotAvailable, r"y has the shape \(8, 3\); of classes one a sample is needed"),
        (
            {"x": X, "y": Y.astype(str)},
            {"task": "regression"},
            NotAvailable,
            "y holds <U.*; the targets of a regression are numbers.",
        ),
        (
            {"x": X, "y": np.full(8, np.inf)},
            {"task": "regression"},
            NotAvailable,
            "y has 8 values that are NaN, infinite or too large, the first in row 0.",
        ),
        (
            {"x": X, "y": Y, "x_test": X[:, :2], "y_test": Y},
            {},
            NotAvailable,
            r"the samples of x_test have the shape \(2,\), not \(3,\) as those of x",
        ),
        (
            {"x": X, "y": Y, "x_test": X, "y_test": Y[:1]},
            {},
            NotAvailable,
            "x_test has 8 samples, y_test has 1",
        ),
    ],
)
def test_whatever_is_wrong_is_one_message(
    tmp_path: Path, arrays: dict[str, Any], settings: dict[str, Any], kind: type[TuiDlError], message: str
) -> None:
    with pytest.raises(kind, match=message) as caught:
        load_data(_npz(tmp_path, arrays, **settings), 0)
    assert "\n" not in str(caught.value)


def test_files_that_are_broken_or_something_else(tmp_path: Path) -> None:
    data = _npz(tmp_path, {"x": X, "y": Y})
    path = Path(data.path)
    whole = path.read_bytes()
    for broken in (
        whole[: len(whole) // 2],
        b"not arrays at all",
        b"",
        whole[:60] + b"\xff" * 40 + whole[100:],
    ):
        path.write_bytes(broken)
        with pytest.raises(NotAvailable, match=r"arrays\.npz: is no whole file of arrays"):
            load_data(data, 0)
    with path.open("wb") as file:
        np.save(file, X)
    with pytest.raises(NotAvailable, match="holds one array"):
        load_data(data, 0)
    path.unlink()
    with pytest.raises(NotAvailable, match="there is no such file"):
        load_data(data, 0)
