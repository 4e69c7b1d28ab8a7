"""The user's own arrays."""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_dl.components.data.files import reading, unusable
from tui_dl.components.data.samples import Inputs, Samples, draw_samples
from tui_dl.components.data.targets import classes_of
from tui_dl.errors import SpecError
from tui_dl.spec import data as spec
from tui_dl.spec.wording import listing, shown, suggestion

_Targets = NDArray[np.int64] | NDArray[np.float32]


@draw_samples.register
def _(data: spec.Npz, rng: np.random.Generator) -> Samples:
    """Pictures of whole numbers from 0 to 255 with the channels at the end get them to the front."""
    path = Path(data.path)
    arrays = _read(path)
    inputs = _inputs(path, data.inputs, _array(data, arrays, "inputs"))
    raw = _array(data, arrays, "targets")
    has_test = data.test_inputs in arrays and data.test_targets in arrays
    raw_test = arrays[data.test_targets] if has_test else raw[:0]
    names: tuple[str, ...] = ()
    targets: _Targets
    of_test: _Targets
    if data.task == "regression":
        targets, of_test = _values(path, data.targets, raw), _values(path, data.test_targets, raw_test)
    else:
        labels = [*_labels(path, data.targets, raw), *_labels(path, data.test_targets, raw_test)]
        classes, names = classes_of(path, labels)
        targets, of_test = classes[: len(raw)], classes[len(raw) :]
    _refuse_unequal(path, data.inputs, inputs, data.targets, targets)
    test = None
    if has_test:
        test_inputs = _inputs(path, data.test_inputs, arrays[data.test_inputs])
        _refuse_unequal(path, data.test_inputs, test_inputs, data.test_targets, of_test)
        if test_inputs.shape[1:] != inputs.shape[1:]:
            shapes = f"{test_inputs.shape[1:]}, not {inputs.shape[1:]} as those of {data.inputs}"
            raise unusable(path, f"the samples of {data.test_inputs} have the shape {shapes}.")
        test = Samples(test_inputs, of_test)
    return Samples(inputs, targets, names, test, is_scaled_whole=inputs.dtype == np.uint8)


def _read(path: Path) -> Mapping[str, NDArray[Any]]:
    with reading(path, "a file of arrays (.npz)"), path.open("rb") as file:
        if file.read(6) == b"\x93NUMPY":
            raise unusable(path, "holds one array; numpy.savez writes several, such as x and y.")
        if not zipfile.is_zipfile(file):
            raise unusable(path, "is no whole file of arrays (.npz).")
        file.seek(0)
        try:
            with np.load(file, allow_pickle=False) as found:
                return {name: found[name] for name in found}
        except (ValueError, zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError) as error:
            problem = f"is no whole file of arrays (.npz): {str(error).splitlines()[0] or 'cut off'}."
            if "Object arrays" in str(error):
                problem = "holds Python objects, which could run anything; save plain numbers or texts."
            raise unusable(path, problem) from None


def _array(data: spec.Npz, arrays: Mapping[str, NDArray[Any]], field: str) -> NDArray[Any]:
    name: str = getattr(data, field)
    if name not in arrays:
        there = f"there are {listing(arrays)}" if arrays else "there is none"
        problem = f"{data.path} has no array {shown(name)}; {there}."
        raise SpecError(problem + suggestion(name, arrays), key=f"data.{field}")
    return arrays[name]


def _inputs(path: Path, name: str, array: NDArray[Any]) -> Inputs:
    if array.dtype.kind not in "biuf":
        raise unusable(path, f"{name} holds {array.dtype}, not numbers.")
    if array.ndim < 2:
        has = f"{array.ndim} dimensions" if array.ndim != 1 else "one dimension"
        raise unusable(path, f"{name} has {has}; a row for each sample and its numbers are needed.")
    if len(array) == 0 or array[0].size == 0:
        raise unusable(path, f"{name} is empty.")
    is_picture = array.ndim in (3, 4) and array.dtype == np.uint8
    if array.ndim == 4 and array.shape[-1] in (1, 3) and array.shape[1] not in (1, 3):
        array = np.ascontiguousarray(np.moveaxis(array, -1, 1))
    if is_picture:
        return array
    _refuse_nonfinite(path, name, array)
    return array.astype(np.float32)


def _refuse_nonfinite(path: Path, name: str, array: NDArray[Any]) -> None:
    bad = ~(np.abs(array.astype(np.float64)) <= np.finfo(np.float32).max)
    if bad.any():
        row = int(np.nonzero(bad)[0][0])
        count = int(bad.sum())
        raise unusable(
            path, f"{name} has {count} values that are NaN, infinite or too large, the first in row {row}."
        )


def _labels(path: Path, name: str, array: NDArray[Any]) -> list[str]:
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise unusable(path, f"{name} has the shape {array.shape}; of classes one a sample is needed: (N,).")
    if array.dtype.kind == "f":
        _refuse_nonfinite(path, name, array[:, None])
        if (array == np.round(array)).all():
            array = array.astype(np.int64)
    elif array.dtype.kind not in "biuUS":
        raise unusable(path, f"{name} holds {array.dtype}; classes are whole numbers or texts.")
    return [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in array.tolist()]


def _values(path: Path, name: str, array: NDArray[Any]) -> NDArray[np.float32]:
    if array.dtype.kind not in "biuf":
        raise unusable(path, f"{name} holds {array.dtype}; the targets of a regression are numbers.")
    column = array[:, None] if array.ndim == 1 else array
    if column.ndim != 2 or column.shape[1] != 1:
        raise unusable(path, f"{name} has the shape {array.shape}; one value a sample is needed: (N,).")
    _refuse_nonfinite(path, name, column)
    return column.astype(np.float32)


def _refuse_unequal(
    path: Path, inputs_name: str, inputs: Inputs, targets_name: str, targets: _Targets
) -> None:
    if len(inputs) != len(targets):
        raise unusable(path, f"{inputs_name} has {len(inputs)} samples, {targets_name} has {len(targets)}.")
    if len(inputs) < 4 and not targets_name.endswith("test"):
        raise unusable(path, f"has {len(inputs)} samples; at least 4 are needed.")
