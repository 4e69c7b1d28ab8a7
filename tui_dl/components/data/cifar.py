"""CIFAR-10's binary format: a label and 3072 bytes of red, green and blue, in an archive or a folder."""

import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from tui_dl.components.data.files import reading, unusable

ARCHIVE: Final = "cifar-10-binary.tar.gz"
INSIDE: Final = "cifar-10-batches-bin"
TRAIN: Final = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST: Final = ("test_batch.bin",)
_SHAPE: Final = (3, 32, 32)
_RECORD: Final = 1 + 3 * 32 * 32
Arrays = tuple[NDArray[np.uint8], NDArray[np.int64]]


def read_cifar(folder: Path) -> tuple[Arrays, Arrays]:
    """Pictures uint8 (N, 3, 32, 32) and classes (N,), of train and of test.

    Raises:
        NotAvailable: if a file is missing, cut off, or of another format.
    """
    path, contents = _contents(folder)
    for name in (*TRAIN, *TEST):
        if name not in contents:
            raise unusable(path, f"there is no file {name} in it.")
    train, test = ([_records(path / name, contents[name]) for name in names] for names in (TRAIN, TEST))
    return _joined(train), _joined(test)


def _contents(folder: Path) -> tuple[Path, dict[str, bytes]]:
    """All files by name, with where they lie."""
    for place in (folder, folder / INSIDE):
        if any((place / name).is_file() for name in (*TRAIN, *TEST)):
            with reading(place, "a folder"):
                return place, {file.name: file.read_bytes() for file in place.glob("*.bin")}
    if (folder / ARCHIVE).is_file():
        return folder / ARCHIVE, _unpacked(folder / ARCHIVE)
    for_python = [*folder.glob("cifar-10-python.tar.gz"), *folder.glob("cifar-10-batches-py")]
    if for_python:
        problem = "is the version for Python, whose pickles could run anything; the binary version is needed"
        raise unusable(for_python[0], f"{problem} ({ARCHIVE}).")
    with reading(folder, "a folder"):
        next(folder.iterdir(), None)
    raise unusable(folder, f"there is neither {ARCHIVE} nor {TRAIN[0]} in it.")


def _unpacked(path: Path) -> dict[str, bytes]:
    """The archive's files by their last names; nothing is written anywhere."""
    found: dict[str, bytes] = {}
    with _archive(path) as archive:
        for member in archive:
            name = Path(member.name).name
            stream: IO[bytes] | None = archive.extractfile(member) if name in (*TRAIN, *TEST) else None
            if stream is not None:
                found[name] = stream.read()
    return found


@contextmanager
def _archive(path: Path) -> Iterator[tarfile.TarFile]:
    with reading(path, "an archive"):
        try:
            with tarfile.open(path, "r:gz") as archive:
                yield archive
        except (tarfile.TarError, EOFError, zlib.error):
            raise unusable(path, "is cut off or broken: it can't be unpacked.") from None


def _records(path: Path, content: bytes) -> Arrays:
    if not content or len(content) % _RECORD:
        raise unusable(
            path,
            f"has {len(content)} bytes, which are not whole pictures of {_RECORD} bytes with their labels.",
        )
    records = np.frombuffer(content, dtype=np.uint8).reshape(-1, _RECORD)
    classes = records[:, 0].astype(np.int64)
    if classes.max() > 9:
        raise unusable(path, f"has the label {classes.max()}; there are ten classes, 0 to 9.")
    return records[:, 1:].reshape(-1, *_SHAPE), classes


def _joined(batches: list[Arrays]) -> Arrays:
    return np.concatenate([pixels for pixels, _ in batches]), np.concatenate([each for _, each in batches])
