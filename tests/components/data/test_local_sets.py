"""MNIST's and CIFAR-10's formats from a folder of the user's, and what is said of files that will not do."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from tests.components.data.served import cifar_archive, idx, mnist_files, written
from tui_dl.components.data import load_data
from tui_dl.errors import NotAvailable
from tui_dl.spec.data import Cifar10, Mnist

IMAGES, LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
FILES = mnist_files()


@pytest.mark.parametrize("spelling", ["{}.gz", "{}", "dotted"])
def test_files_may_be_plain_or_gzipped(tmp_path: Path, spelling: str) -> None:
    files = {}
    for name, content in FILES.items():
        plain = name.removesuffix(".gz")
        kept = spelling.format(plain) if "{" in spelling else plain.replace("-idx", ".idx")
        files[kept] = content if kept.endswith(".gz") else gzip.decompress(content)
    splits = load_data(Mnist(folder=str(written(tmp_path, files))), 0)
    assert (len(splits.train), len(splits.validation)) == (54, 6)


def test_pictures_may_be_of_another_size(tmp_path: Path) -> None:
    folder = written(tmp_path, mnist_files(side=12))
    assert load_data(Mnist(folder=str(folder), normalise="standard"), 0).input_shape == (12, 12)


def _head(*numbers: int) -> bytes:
    return bytes([0, 0, 8, len(numbers)]) + b"".join(number.to_bytes(4, "big") for number in numbers)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (IMAGES, None, f"there is no file {IMAGES} in it, nor train-images-idx3-ubyte."),
        (IMAGES, b"", "is not in MNIST's format (idx): it begins with nothing."),
        (IMAGES, b"<html>", "is not in MNIST's format (idx): it begins with 3c 68 74 6d."),
        (IMAGES, FILES[IMAGES][:2000], "is cut off or broken: it can't be decompressed."),
        (IMAGES, FILES[IMAGES][:500] + b"\xff" * 300 + FILES[IMAGES][800:], "is cut off or broken"),
        (IMAGES, _head(3, 2, 2) + b"1234", "is cut off or too long: 3x2x2 bytes were to come, 4 did."),
        (IMAGES, _head(2**32 - 1, 2**32 - 1, 2), "is cut off or too long"),
        (IMAGES, _head(1, 2, 2) + b"12345", "is cut off or too long: 1x2x2 bytes were to come, 5 did."),
        (IMAGES, _head(0, 28, 28), "is empty."),
        (IMAGES, _head(4) + b"1234", "has 1 dimensions, not 3."),
        (
            IMAGES,
            b"\0\0\x0d\x03" + _head(1, 1, 1)[4:] + b"1234",
            "of type 0x0d, not of unsigned bytes (0x08).",
        ),
        (LABELS, idx(np.zeros(59)), "has 59 labels for the 60 pictures of"),
        (LABELS, idx(np.full(60, 11)), "has the label 11; there are 10 classes, from 0."),
        (
            IMAGES,
            idx(np.zeros((60, 5, 5))),
            "the pictures of train and test are of different sizes, 5x5 and 28x28.",
        ),
    ],
)
def test_a_file_that_will_not_do(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    files = {each: kept for each, kept in FILES.items() if each != name}
    folder = written(tmp_path, files if content is None else {**files, name: content})
    with pytest.raises(NotAvailable) as caught:
        load_data(Mnist(folder=str(folder)), 0)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotAvailable, match=r"there is no such folder\. Without data\.folder, mnist is downl"):
        load_data(Mnist(folder=str(tmp_path / "none")), 0)
    (tmp_path / "file").write_text("")
    with pytest.raises(NotAvailable, match="is a file, not a folder"):
        load_data(Mnist(folder=str(tmp_path / "file")), 0)


def _cifar(folder: Path) -> Cifar10:
    return Cifar10(folder=str(folder))


def test_cifar_may_be_packed_or_not(tmp_path: Path) -> None:
    import io
    import tarfile

    packed = written(tmp_path / "packed", {"cifar-10-binary.tar.gz": cifar_archive()})
    with tarfile.open(fileobj=io.BytesIO(cifar_archive())) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    for folder in (packed, tmp_path / "unpacked", tmp_path / "unpacked/cifar-10-batches-bin"):
        splits = load_data(_cifar(folder), 0)
        assert splits.input_shape == (3, 32, 32)
        # Each channel is scaled by itself, all of its pixels alike.
        assert splits.scaling.shift.flatten(1).unique(dim=1).shape == (3, 1)


def test_cifar_files_that_will_not_do(tmp_path: Path) -> None:
    name = "cifar-10-binary.tar.gz"
    for content in (cifar_archive()[:300], b"\x1f\x8bhello", b"hello"):
        folder = written(tmp_path / "broken", {name: content})
        with pytest.raises(NotAvailable, match="is cut off or broken: it can't be unpacked"):
            load_data(_cifar(folder), 0)
    batches = {f"data_batch_{number}.bin": bytes([1]) + bytes(3072) for number in range(1, 6)}
    with pytest.raises(NotAvailable, match=r"there is no file test_batch\.bin in it"):
        load_data(_cifar(written(tmp_path / "a", batches)), 0)
    for wrong, words in (
        (b"", "has 0 bytes, which are not whole pictures"),
        (bytes(100), "has 100 bytes, which are not whole"),
        (bytes([10]) + bytes(3072), "has the label 10; there are ten classes, 0 to 9"),
    ):
        with pytest.raises(NotAvailable, match=rf"test_batch\.bin: {words}"):
            load_data(_cifar(written(tmp_path / "a", {**batches, "test_batch.bin": wrong})), 0)
    with pytest.raises(NotAvailable, match="is the version for Python, whose pickles could run anything"):
        load_data(_cifar(written(tmp_path / "b", {"cifar-10-python.tar.gz": b""})), 0)
    with pytest.raises(
        NotAvailable, match=r"there is neither cifar-10-binary\.tar\.gz nor data_batch_1\.bin"
    ):
        load_data(_cifar(written(tmp_path / "c", {})), 0)
